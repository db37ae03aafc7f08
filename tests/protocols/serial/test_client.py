"""EDG-02: a serial port on the event loop, on a real pty."""

import asyncio
import os
from pathlib import Path

import pytest

from protocols.errors import DeviceTimeoutError
from protocols.serial.client import SerialOptions, SerialPort


def test_bytes_come_and_go_and_the_port_is_ours_alone() -> None:
    async def test() -> None:
        master, slave = os.openpty()
        name = os.ttyname(slave)
        async with SerialPort(SerialOptions(name)) as port:
            asyncio.get_running_loop().call_later(0.02, os.write, master, "小票\n".encode())
            assert await port.read() == "小票\n".encode()
            await port.write(b"\x10\x04\x01")
            assert os.read(master, 10) == b"\x10\x04\x01"
            with pytest.raises(DeviceTimeoutError, match="another program uses it"):
                await SerialPort(SerialOptions(name)).__aenter__()
            os.close(slave)
            os.close(master)
            with pytest.raises(DeviceTimeoutError, match="was it unplugged"):
                await port.read()

    asyncio.run(asyncio.wait_for(test(), 5))


def test_reading_ends_at_once_when_it_is_cancelled() -> None:
    async def test() -> None:
        master, slave = os.openpty()
        async with SerialPort(SerialOptions(os.ttyname(slave))) as port:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(port.read(), 0.02)
        os.close(slave)
        os.close(master)

    asyncio.run(asyncio.wait_for(test(), 5))


@pytest.mark.parametrize(
    ("name", "said"), [("none", "is the adapter plugged in"), ("file", "cannot be opened")]
)
def test_a_port_that_cannot_be_opened_says_what_to_do(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "file").write_text("")

    async def test() -> None:
        async with SerialPort(SerialOptions(str(tmp_path / name))):
            pass

    with pytest.raises(DeviceTimeoutError, match=said):
        asyncio.run(test())
