"""A serial line in software: a pty whose far end answers RTU requests as a test tells it."""

import asyncio
import os
import tty
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Self

Answer = Callable[[int, bytes], Awaitable[bytes]]


def crc(frame: bytes) -> bytes:
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def words_reply(unit_id: int, function: int, words: Iterable[int]) -> bytes:
    data = b"".join(word.to_bytes(2, "big") for word in words)
    body = bytes([unit_id, function, len(data)]) + data
    return body + crc(body)


class RtuLine:
    """`answer(unit id, request)` gives the whole reply frame, or b"" to stay silent.

    Requests are answered in order, like a device does, each as late as `answer` takes.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.requests: list[tuple[int, int, int]] = []  # unit, address, count
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        self._task = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        os.close(self._master)
        os.close(self._slave)

    def _read(self) -> None:
        data = os.read(self._master, 1024)
        for start in range(0, len(data), 8):
            self._queue.put_nowait(data[start : start + 8])

    async def _serve(self) -> None:
        while True:
            request = await self._queue.get()
            unit_id = request[0]
            address, count = (int.from_bytes(request[n : n + 2], "big") for n in (2, 4))
            self.requests.append((unit_id, address, count))
            if reply := await self._answer(unit_id, request):
                os.write(self._master, reply)
