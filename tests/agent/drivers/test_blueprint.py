"""The test to copy with the driver's blueprint: a fake wire, a fixed clock, no patching."""

import asyncio
from datetime import UTC, datetime

import pytest

from agent.drivers._blueprint import BlueprintDriver
from agent.drivers.base import PolledDriver
from protocols.errors import FrameError
from protocols.reading import Quality, Reading

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class FakeLine:
    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    async def ask(self, request: bytes) -> bytes:
        assert request == b"T?\r\n"
        return self._answer


def driver(answer: bytes) -> PolledDriver:
    return BlueprintDriver("probe-1", FakeLine(answer), now=lambda: NOON)


@pytest.mark.parametrize(
    ("answer", "value", "quality"),
    [(b"T=-18.0\r\n", -18.0, Quality.GOOD), (b"T=----\r\n", None, Quality.BAD)],
)
def test_reads_its_metric(answer: bytes, value: float | None, quality: Quality) -> None:
    (reading,) = asyncio.run(driver(answer).read())
    assert reading == Reading("probe-1", "air_temperature_c", value, NOON, quality)


def test_garbage_is_a_frame_error() -> None:
    with pytest.raises(FrameError, match="is no temperature"):
        asyncio.run(driver(b"\xff\xfe").read())
