"""A scale on a real pty: stable weights, noise, silence."""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from agent.drivers.serial_scale import SerialScaleDriver
from protocols.errors import DeviceTimeoutError, FrameError
from protocols.reading import Reading
from protocols.scales.codec import SCALES, bare7, even7
from protocols.serial.client import SerialOptions

NOON = datetime(2026, 1, 3, 4, tzinfo=UTC)


class FakeOutlet:
    def __init__(self) -> None:
        self.values: list[float] = []
        self.is_up = False

    def up(self) -> None:
        self.is_up = True

    def down(self, why: str) -> None:
        self.is_up = False

    def emit(self, readings: Sequence[Reading]) -> None:
        self.values += [float(reading.value or 0) for reading in readings]


async def weigh(
    outlet: FakeOutlet, name: str, answers: list[bytes], code: Callable[[bytes], bytes] = bytes
) -> None:
    """The driver against a scale that gives `answers` in turn and is silent afterwards."""
    scale, line = os.openpty()
    os.set_blocking(scale, False)
    protocol, left = SCALES[name], iter(answers)

    def asked() -> None:
        if bare7(os.read(scale, 64)).startswith(protocol.request[:1]):
            with suppress(StopIteration):
                os.write(scale, code(next(left)))

    loop = asyncio.get_running_loop()
    loop.add_reader(scale, asked)
    options = SerialOptions(os.ttyname(line))
    driver = SerialScaleDriver("scale-1", options, protocol, 0.01, now=lambda: NOON)
    try:
        await driver.listen(outlet)
    finally:
        loop.remove_reader(scale)
        os.close(scale)
        os.close(line)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.drivers.serial_scale.ANSWER_S", 0.2)


@pytest.mark.parametrize(
    ("name", "answers", "code"),
    [
        ("toledo-8217", [b"\x0201.250\r", b"\x02?A\r", b"\x0202.500\r"], even7),
        ("mt-sics", [b"S S 1.25 kg\r\n", b"S D 9.99 kg\r\n", b"S S 2.5 kg\r\n"], bytes),
        ("cas-pd2", [b"ST,GS,+ 1.250kg", b"US,GS,+ 9.990kg", b"ST,GS,+ 2.500kg"], bytes),
        ("adam-azextra", [b"1.250kg\r\n", b"", b"2.500kg\r\n"], bytes),
    ],
)
def test_what_lies_still_is_weighed_and_a_silent_scale_is_told(
    name: str, answers: list[bytes], code: Callable[[bytes], bytes]
) -> None:
    outlet = FakeOutlet()
    with pytest.raises(DeviceTimeoutError, match="did not answer within"):
        asyncio.run(weigh(outlet, name, answers, code))
    assert (outlet.values, outlet.is_up) == ([1.25, 2.5], True)


def test_noise_is_no_weight_and_the_next_answer_is_one() -> None:
    outlet = FakeOutlet()
    noise = [b"\xff\x00\n", b"S S 1.25 kg\r\n", b"ES\r\n", b"ES\r\n", b"ES\r\n"]
    with pytest.raises(FrameError, match="no answer of this scale"):
        asyncio.run(weigh(outlet, "mt-sics", noise))
    assert outlet.values == [1.25]
