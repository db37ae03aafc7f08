"""The file to copy for a new protocol: a scale that is asked and answers one line.

1. Copy this file to `agent/drivers/<protocol>.py` and its test `tests/agent/drivers/`.
2. Wire format into `protocols/<protocol>/codec.py` (pure), I/O into `client.py` (one file that
   knows the library); here stays what joins the two.
3. A table in `agent/settings.py` (a class in the union `Device`), a line in
   `agent.devices.DRIVERS`.

What a device speaks by itself is a `PushDriver` instead: see `serial_till.py`.
"""

from typing import Protocol

from agent.drivers.base import Now
from protocols.errors import FrameError
from protocols.reading import Quality, Reading


class Line(Protocol):
    """What the driver needs of its wire; a test gives a fake."""

    async def ask(self, request: bytes) -> bytes:
        """The answer to one request; raises ProtocolError."""
        ...


class BlueprintDriver:
    """Reads one temperature; implements `PolledDriver`."""

    metrics = ("air_temperature_c",)
    is_behind = False
    plan = ("T?",)
    refused = ()

    def __init__(self, device: str, line: Line, *, now: Now) -> None:
        self.device = device
        self._line = line
        self._now = now

    async def read(self) -> list[Reading]:
        answer = await self._line.ask(b"T?\r\n")
        time = self._now()  # the end of the read
        value = _decode(answer)
        quality = Quality.BAD if value is None else Quality.GOOD
        return [Reading(self.device, "air_temperature_c", value, time, quality)]


def _decode(answer: bytes) -> float | None:
    """`T=-18.0` → -18.0, `T=----` (no probe) → None."""
    text = answer.decode("ascii", "replace").strip()
    if text == "T=----":
        return None
    try:
        return float(text.removeprefix("T="))
    except ValueError as error:
        raise FrameError(f"{text!r} is no temperature: asked T?, expected T=<number>.") from error
