"""A pulse line behind its small port: edges as the kernel hands them over, by a pipe (EDG-05)."""

import asyncio
import errno
import os
from dataclasses import dataclass

import pytest

from protocols.errors import DeviceTimeoutError
from protocols.gpio.client import GpioLine, PulseCounter, open_edges

LINE = GpioLine("/dev/gpiochip7", 17)


@dataclass
class Pipe:
    """Stands for a chip: each byte is an edge."""

    def __post_init__(self) -> None:
        self.fd, self._contact = os.pipe()
        self.is_released = False

    def pulse(self, times: int) -> None:
        os.write(self._contact, b"." * times)

    def read_edge_events(self) -> list[object]:
        return list(os.read(self.fd, 64))

    def release(self) -> None:
        self.is_released = True
        os.close(self.fd)
        os.close(self._contact)


def test_pulses_are_counted_between_two_looks() -> None:
    async def count() -> list[int]:
        pipe = Pipe()
        counter = PulseCounter(LINE, lambda _line: pipe)
        taken = [counter.take()]
        pipe.pulse(100)  # more than the kernel hands over at once
        await asyncio.sleep(0.05)
        taken.append(counter.take())
        pipe.pulse(3)
        await asyncio.sleep(0.02)
        taken += [counter.take(), counter.take()]
        counter.close()
        assert pipe.is_released
        return taken

    assert asyncio.run(count()) == [0, 100, 3, 0]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOENT, "no such chip"),
        (errno.EBUSY, "overlay uses the line"),
        (errno.EACCES, "the group gpio"),
        (errno.EINVAL, "no such line"),
    ],
)
def test_a_line_that_cannot_be_opened_says_what_to_do(number: int, words: str) -> None:
    def refuse(_line: GpioLine) -> Pipe:
        raise OSError(number, os.strerror(number))

    with pytest.raises(DeviceTimeoutError, match=f"GPIO 17 of /dev/gpiochip7 .*{words}"):
        PulseCounter(LINE, refuse).take()


def test_a_machine_without_such_a_chip_is_told_by_the_library_itself() -> None:
    with pytest.raises(DeviceTimeoutError, match="no such chip"):
        PulseCounter(GpioLine("/dev/gpiochip-none"), open_edges).take()
