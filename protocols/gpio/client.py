"""A GPIO line that counts pulses. The one file that knows libgpiod."""

import asyncio
import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from protocols.errors import DeviceTimeoutError

Pull = Literal["up", "down", "none"]


@dataclass(frozen=True, slots=True)
class GpioLine:
    """`debounce_ms`: the kernel takes what is shorter for noise of the contact."""

    chip: str = "/dev/gpiochip0"
    line: int = 17
    pull: Pull = "up"
    debounce_ms: int = 5

    def __str__(self) -> str:
        return f"GPIO {self.line} of {self.chip}"


class Edges(Protocol):
    """What is needed of a line of libgpiod that was asked for its edges."""

    @property
    def fd(self) -> int: ...

    def read_edge_events(self) -> Sequence[object]: ...

    def release(self) -> None: ...


def open_edges(line: GpioLine) -> Edges:
    """A pulse pulls the line away from where `pull` holds it. Raises OSError."""
    import gpiod  # noqa: PLC0415 two megabytes that only a Pi with such a counter carries
    from gpiod.line import Bias, Edge  # noqa: PLC0415

    bias = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "none": Bias.DISABLED}[line.pull]
    settings = gpiod.LineSettings(
        edge_detection=Edge.RISING if line.pull == "down" else Edge.FALLING,
        bias=bias,
        debounce_period=timedelta(milliseconds=line.debounce_ms),
    )
    request: Edges = gpiod.request_lines(
        line.chip, consumer="storevitals-agent", config={line.line: settings}
    )
    return request


class PulseCounter:
    """Counts from the first `take` on, on the event loop of who called it."""

    def __init__(self, line: GpioLine, open_line: Callable[[GpioLine], Edges] = open_edges) -> None:
        self.line = line
        self._open_line = open_line
        self._edges: Edges | None = None
        self._pulses = 0

    def take(self) -> int:
        """Pulses since the last time; the line is opened where it is not. Raises ProtocolError."""
        if self._edges is None:
            self._open()
        pulses, self._pulses = self._pulses, 0
        return pulses

    def close(self) -> None:
        if self._edges is not None:
            asyncio.get_running_loop().remove_reader(self._edges.fd)
            self._edges.release()
            self._edges = None

    def _open(self) -> None:
        try:
            self._edges = self._open_line(self.line)
        except OSError as error:
            number = error.errno or 0
            why = _ADVICE.get(number, os.strerror(number))
            raise DeviceTimeoutError(f"{self.line} cannot be opened: {why}.") from error
        asyncio.get_running_loop().add_reader(self._edges.fd, self._hear)

    def _hear(self) -> None:
        assert self._edges is not None  # noqa: S101 the reader goes with it
        self._pulses += len(self._edges.read_edge_events())


_ADVICE = {
    errno.ENOENT: "this machine has no such chip; see gpiodetect",
    errno.EACCES: "no right; add the agent's user to the group gpio",
    errno.EBUSY: "another program or a device-tree overlay uses the line",
    errno.EINVAL: "the chip has no such line; see gpioinfo",
}
