"""A serial port on the event loop. The one file that knows pyserial."""

import asyncio
import errno
import os
import termios
from dataclasses import dataclass
from typing import Literal, Self

import serial

from protocols.errors import DeviceRefusedError, DeviceTimeoutError


@dataclass(frozen=True, slots=True)
class SerialOptions:
    port: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1

    def __str__(self) -> str:
        return f"{self.baud} 8{self.parity}{self.stop_bits}"


class SerialPort:
    """`async with SerialPort(options) as port: data = await port.read()`.

    The port is ours alone while it is open. An adapter that was unplugged raises
    DeviceTimeoutError: open it again later. A line setting that the adapter lacks raises
    DeviceRefusedError.
    """

    def __init__(self, options: SerialOptions) -> None:
        self.options = options
        self._serial: serial.Serial | None = None

    async def __aenter__(self) -> Self:
        name = self.options.port
        try:
            self._serial = serial.Serial(
                name,
                baudrate=self.options.baud,
                parity=self.options.parity,
                stopbits=self.options.stop_bits,
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise DeviceTimeoutError(f"{name} cannot be opened: {_advice(error)}.") from error
        except termios.error as error:
            raise DeviceRefusedError(
                f"{name} does not know {self.options}: choose another line setting."
            ) from error
        os.set_blocking(self._serial.fileno(), False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._serial:
            self._serial.close()
            self._serial = None

    async def read(self, most_bytes: int = 4096) -> bytes:
        """At least one byte, as soon as there is one."""
        fd = self._fd()
        await self._ready(fd)
        try:
            data = os.read(fd, most_bytes)
        except OSError as error:
            raise self._gone(error) from error
        if not data:  # ready to read, but nothing there: the other end is closed
            raise self._gone(None)
        return data

    async def write(self, data: bytes) -> None:
        fd = self._fd()
        while data:
            try:
                data = data[os.write(fd, data) :]
            except BlockingIOError:
                await self._ready(fd, for_writing=True)
            except OSError as error:
                raise self._gone(error) from error

    def _fd(self) -> int:
        if self._serial is None:
            raise RuntimeError(f"{self.options.port} is not open: use `async with`")
        return int(self._serial.fileno())

    def _gone(self, error: OSError | None) -> DeviceTimeoutError:
        why = os.strerror(error.errno) if error and error.errno else "end of file"
        return DeviceTimeoutError(f"{self.options.port} is gone ({why}): was it unplugged?")

    async def _ready(self, fd: int, *, for_writing: bool = False) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        add, remove = (
            (loop.add_writer, loop.remove_writer)
            if for_writing
            else (loop.add_reader, loop.remove_reader)
        )

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        add(fd, wake)
        try:
            await ready
        finally:
            remove(fd)


_ADVICE = {
    errno.ENOENT: "it is not there; is the adapter plugged in?",
    errno.EACCES: "no right; add the agent's user to the group dialout",
    errno.EBUSY: "another program uses it",
    errno.EAGAIN: "another program uses it",
    errno.ENOTTY: "it is no serial port",
}


def _advice(error: OSError | ValueError) -> str:
    number = getattr(error, "errno", None)
    return _ADVICE.get(number or 0, str(error).rstrip("."))
