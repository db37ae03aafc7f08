"""Driver of a till on a serial line: printed receipts or JSON lines become ticket documents."""

import asyncio
from typing import Literal, Protocol

from agent.drivers.base import Now, Outlet
from protocols.pos.feed import TicketError, TillContext, parse_json, parse_receipt, quarantined
from protocols.pos.layout import Layout
from protocols.reading import Reading
from protocols.serial.client import SerialOptions, SerialPort
from protocols.serial.codec import Frame, LineFraming, ReceiptFraming

SILENCE_S = 5.0  # a receipt that stops midway for so long will not go on


class Bytes(Protocol):
    """What the driver needs of `protocols.serial.client.SerialPort`."""

    async def read(self) -> bytes: ...


class SerialTillDriver:
    """Listens to one till; implements `PushDriver`.

    `layout` is that of the printed receipts; None where the till writes JSON lines.
    """

    metrics = ("ticket", "quarantined_ticket")

    def __init__(
        self, context: TillContext, options: SerialOptions, layout: Layout | None, *, now: Now
    ) -> None:
        self.device = context.till
        self._context = context
        self.options = options
        self._layout = layout
        self._now = now

    async def listen(self, outlet: Outlet) -> None:
        async with SerialPort(self.options) as port:
            outlet.up()
            await self.follow(port, outlet)

    async def follow(self, port: Bytes, outlet: Outlet, silence_s: float = SILENCE_S) -> None:
        """Cut what `port` says into tickets until it raises."""
        framing = ReceiptFraming() if self._layout else LineFraming()
        try:
            while True:
                try:
                    async with asyncio.timeout(silence_s if framing.is_midway else None):
                        data = await port.read()
                except TimeoutError:
                    frames = framing.flush()
                else:
                    frames = framing.feed(data)
                for frame in frames:
                    outlet.emit([self.reading(frame)])
        finally:
            for frame in framing.flush():
                outlet.emit([self.reading(frame)])

    def reading(self, frame: Frame) -> Reading:
        """The ticket in a frame, or its quarantine."""
        now = self._now()
        try:
            if not frame.is_whole:
                raise TicketError("It stopped midway or was too long.")
            if self._layout:
                ticket = parse_receipt(frame.data, self._layout, self._context)
            else:
                ticket = parse_json(frame.data, self._context)
        except TicketError as error:
            form: Literal["escpos", "jsonl"] = "escpos" if self._layout else "jsonl"
            document = quarantined(self._context, now, form, str(error), frame.data)
            return Reading(self.device, "quarantined_ticket", document.model_dump_json(), now)
        return Reading(self.device, "ticket", ticket.to_json(), now)
