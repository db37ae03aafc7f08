"""Driver of a barcode scanner or an RFID reader on a serial line, a code a line.

A reader of tags reads hundreds at once and each of them many times: a code is told once, and what
comes within `gather_s` travels as one document.
"""

import asyncio
import json
import time
from collections.abc import Callable

from agent.drivers.base import Now, Outlet
from agent.drivers.serial_till import Bytes
from protocols.codes.codec import OnceFilter, clean
from protocols.errors import FrameError
from protocols.reading import Reading
from protocols.serial.client import SerialOptions, SerialPort
from protocols.serial.codec import LineFraming

MOST_IN_ONE = 500
MOST_BYTES = 4096
MOST_STRANGE = 10  # lines in a row: then the line setting is wrong


class CodeReaderDriver:
    """Listens to one reader; implements `PushDriver`."""

    metrics = ("codes", "code_count")

    def __init__(
        self,
        device: str,
        options: SerialOptions,
        again_s: float,
        gather_s: float,
        *,
        now: Now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device, self.options = device, options
        self._once, self._gather_s = OnceFilter(again_s), gather_s
        self._now, self._clock = now, clock
        self._gathered: list[str] = []
        self._strange = 0

    async def listen(self, outlet: Outlet) -> None:
        async with SerialPort(self.options) as port:
            outlet.up()
            await self.follow(port, outlet)

    async def follow(self, port: Bytes, outlet: Outlet) -> None:
        """Until `port` raises, or says what is no code ten times in a row. Raises ProtocolError."""
        framing, until_s = LineFraming(MOST_BYTES), 0.0
        try:
            while True:
                wait_s = until_s - self._clock() if self._gathered else None
                try:
                    async with asyncio.timeout(wait_s):
                        data = await port.read()
                except TimeoutError:
                    self._tell(outlet)
                    continue
                was_empty = not self._gathered
                for frame in framing.feed(data.replace(b"\r", b"\n")):
                    self._take(frame.data)
                if was_empty:
                    until_s = self._clock() + self._gather_s
                if len(self._gathered) >= MOST_IN_ONE:
                    self._tell(outlet)
        finally:
            self._tell(outlet)

    def _take(self, line: bytes) -> None:
        try:
            code = clean(line)
        except FrameError:
            self._strange += 1
            if self._strange >= MOST_STRANGE:
                self._strange = 0
                raise
            return
        self._strange = 0
        if self._once.is_new(code, self._clock()):
            self._gathered.append(code)

    def _tell(self, outlet: Outlet) -> None:
        codes, self._gathered = self._gathered, []
        if codes:
            now, text = self._now(), json.dumps({"codes": codes}, ensure_ascii=False)
            count = Reading(self.device, "code_count", float(len(codes)), now)
            outlet.emit([Reading(self.device, "codes", text, now), count])
