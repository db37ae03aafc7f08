"""Driver of a scale on a serial line: asks for the weight and tells it when it lies still."""

import asyncio
from typing import Protocol

from agent.drivers.base import Now, Outlet
from protocols.errors import DeviceTimeoutError, FrameError
from protocols.reading import Reading
from protocols.scales.codec import ScaleProtocol, Weight, bare7, even7
from protocols.serial.client import SerialOptions, SerialPort

ANSWER_S = 1.0
MOST_SILENT = 3
MOST_BYTES = 64


class Wire(Protocol):
    """What the driver needs of `protocols.serial.client.SerialPort`."""

    async def read(self) -> bytes: ...

    async def write(self, data: bytes) -> None: ...


class SerialScaleDriver:
    """Asks one scale every `interval_s`; implements `PushDriver`."""

    metrics = ("weight_kg",)

    def __init__(
        self,
        device: str,
        options: SerialOptions,
        protocol: ScaleProtocol,
        interval_s: float,
        *,
        now: Now,
    ) -> None:
        self.device, self.options = device, options
        self._protocol, self._interval_s, self._now = protocol, interval_s, now

    async def listen(self, outlet: Outlet) -> None:
        async with SerialPort(self.options) as wire:
            await self.follow(wire, outlet)

    async def follow(self, wire: Wire, outlet: Outlet) -> None:
        """Until the scale is silent or not understood three times. Raises ProtocolError."""
        failed = 0
        while True:
            try:
                weight = await self.ask(wire)
            except (DeviceTimeoutError, FrameError):
                failed += 1
                if failed == MOST_SILENT:
                    raise
            else:
                failed = 0
                outlet.up()
                if weight.is_stable and weight.kg is not None:
                    outlet.emit([Reading(self.device, "weight_kg", weight.kg, self._now())])
            await asyncio.sleep(self._interval_s)

    async def ask(self, wire: Wire) -> Weight:
        """One weight. Raises ProtocolError."""
        protocol = self._protocol
        await wire.write(even7(protocol.request) if protocol.is_even7 else protocol.request)
        frame = b""
        try:
            async with asyncio.timeout(ANSWER_S):
                while protocol.end not in frame and len(frame) < MOST_BYTES:
                    data = await wire.read()
                    frame += bare7(data) if protocol.is_even7 else data
        except TimeoutError as error:
            raise DeviceTimeoutError(
                f"The scale on {self.options.port} did not answer within {ANSWER_S:g} s "
                f"({len(frame)} bytes came); check its cable, speed and protocol."
            ) from error
        end = frame.find(protocol.end) + len(protocol.end)
        return protocol.decode(frame[:end])
