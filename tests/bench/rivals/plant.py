"""Modbus TCP devices that answer at once: `python -m tests.bench.rivals.plant COUNT`.

Every unit behind every port has 50 holding registers. Register 0 counts how often this stretch was
read, so that what never arrives is seen as a hole; register 1 is the time of the answer in units
of 10 µs, so that a stamp can be held against it; the others change at each read.
"""

import asyncio
import json
import struct
import sys
import time
from functools import partial

_HEAD = struct.Struct(">HHHBBHH")
_WORDS = 50
_READ_HOLDING = 3
_REFUSED = struct.Struct(">HHHBBB")


class Units(asyncio.Protocol):
    """One connection; units are told apart by port and id."""

    def __init__(self, counts: dict[tuple[int, int, int], int], number: int) -> None:
        self._counts, self._number = counts, number
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        data, at, answers = self._rest + data, 0, []
        while len(data) - at >= _HEAD.size:
            number, _, _, unit, function, first, count = _HEAD.unpack_from(data, at)
            answers.append(self._answer(number, unit, function, range(first, first + count)))
            at += _HEAD.size
        self._rest = data[at:]
        self._transport.write(b"".join(answers))

    def _answer(self, number: int, unit: int, function: int, asked: range) -> bytes:
        if function != _READ_HOLDING or not asked or asked.stop > _WORDS:
            return _REFUSED.pack(number, 0, 3, unit, function | 0x80, 2)
        key = (self._number, unit, asked.start)
        read = self._counts[key] = self._counts.get(key, 0) + 1
        words = [(read + address) & 0x7FFF for address in asked]
        if 1 in asked:
            words[1 - asked.start] = time.time_ns() // 10_000 & 0x7FFF
        size = 2 * len(words)
        head = struct.pack(">HHHBBB", number, 0, size + 3, unit, function, size)
        return head + struct.pack(f">{len(words)}H", *words)


async def serve(count: int) -> None:
    """Says its ports in one line."""
    loop, counts = asyncio.get_running_loop(), dict[tuple[int, int, int], int]()
    ports = []
    for number in range(count):
        server = await loop.create_server(partial(Units, counts, number), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
    sys.stdout.write(f"{json.dumps(ports)}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
