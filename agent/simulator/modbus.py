"""A Modbus server for simulated units: answers from a memory image, over TCP and RTU."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from protocols.modbus.codec import Memory
from protocols.modbus.profile import Table

Look = Callable[[], Memory | None]
"""What a unit holds now; None when it does not answer (no power, unplugged)."""

_TABLES = {
    1: Table.COIL,
    2: Table.DISCRETE_INPUT,
    3: Table.HOLDING_REGISTER,
    4: Table.INPUT_REGISTER,
}
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE = 1, 2, 3
_MOST_WORDS, _MOST_BITS = 125, 2000
_REQUEST_BYTES = 8  # a read request in RTU: unit, function, address, count, CRC
_FORGET_AFTER_S = 0.05  # half a request this old is noise
_TURNAROUND_S = 0.004
_BITS_A_CHAR = 11


def answer(request: bytes, memory: Memory, max_gap: int = 0) -> bytes:
    """The PDU that replies to the PDU `request`.

    Addresses that the map leaves out are refused, but for holes of up to `max_gap`.
    """
    function = request[0]
    table = _TABLES.get(function)
    if table is None or len(request) != 5:
        return bytes((function | 0x80, _ILLEGAL_FUNCTION))
    start, count = struct.unpack(">HH", request[1:])
    if not 1 <= count <= (_MOST_BITS if table.is_bits else _MOST_WORDS):
        return bytes((function | 0x80, _ILLEGAL_VALUE))
    words = _read(memory.get(table, {}), range(start, start + count), max_gap)
    if words is None:
        return bytes((function | 0x80, _ILLEGAL_ADDRESS))
    data = _pack_bits(words) if table.is_bits else struct.pack(f">{count}H", *words)
    return bytes((function, len(data))) + data


def _read(words: Mapping[int, int], addresses: range, max_gap: int) -> list[int] | None:
    hole = 0
    for address in addresses:
        hole = 0 if address in words else hole + 1
        if hole > max_gap:
            return None
    return [words.get(address, 0) for address in addresses]


def _pack_bits(bits: list[int]) -> bytes:
    number = sum(1 << place for place, bit in enumerate(bits) if bit)
    return number.to_bytes((len(bits) + 7) // 8, "little")


def crc16(data: bytes) -> bytes:
    """Modbus CRC, low byte first as on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


class Units:
    """The units behind one port or line; an unknown or silent one gives no answer."""

    def __init__(self, looks: Mapping[int, Look], max_gaps: Mapping[int, int]) -> None:
        self._looks = looks
        self._max_gaps = max_gaps

    def reply(self, unit_id: int, pdu: bytes) -> bytes | None:
        look = self._looks.get(unit_id)
        memory = look() if look else None
        return None if memory is None else answer(pdu, memory, self._max_gaps.get(unit_id, 0))


@asynccontextmanager
async def serve_tcp(units: Units, host: str, port: int) -> AsyncIterator[int]:
    """Listen on `port` (0: a free one) and give the number; the end cuts all connections."""
    connections: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        connections[task] = writer
        try:
            await _converse(units, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            del connections[task]
            writer.close()

    server = await asyncio.start_server(serve, host, port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer in connections.values():
            writer.transport.abort()
        if connections:
            await asyncio.wait([task for task in connections if task])


async def _converse(
    units: Units, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer framed by MBAP header until the client leaves or breaks the protocol."""
    while True:
        transaction, protocol, length, unit_id = struct.unpack(">HHHB", await reader.readexactly(7))
        if protocol != 0 or not 2 <= length <= 254:
            return
        reply = units.reply(unit_id, await reader.readexactly(length - 1))
        if reply is not None:
            writer.write(struct.pack(">HHHB", transaction, 0, len(reply) + 1, unit_id) + reply)
            await writer.drain()


class RtuResponder:
    """Answers read requests on the controlling end of a serial line.

    Keeps the pace of a real bus: the answer's last byte arrives when it would at `baudrate`.
    """

    def __init__(self, fd: int, units: Units, baudrate: int = 9600) -> None:
        self._fd = fd
        self._units = units
        self._char_s = _BITS_A_CHAR / baudrate
        self._buffer = bytearray()
        self._heard_at = 0.0

    def attach(self) -> None:
        asyncio.get_running_loop().add_reader(self._fd, self._hear)

    def detach(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)

    def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now - self._heard_at > _FORGET_AFTER_S:
            self._buffer.clear()
        self._heard_at = now
        self._buffer += os.read(self._fd, 4096)
        while (frame := self._next_frame()) is not None:
            reply = self._units.reply(frame[0], frame[1:-2])
            if reply is not None:
                body = bytes((frame[0],)) + reply
                wire = body + crc16(body)
                wait_s = _TURNAROUND_S + self._char_s * (len(frame) + len(wire))
                loop.call_later(wait_s, os.write, self._fd, wire)

    def _next_frame(self) -> bytes | None:
        """The next whole request; bytes that begin none are dropped."""
        while len(self._buffer) >= _REQUEST_BYTES:
            frame = bytes(self._buffer[:_REQUEST_BYTES])
            if crc16(frame[:-2]) == frame[-2:]:
                del self._buffer[:_REQUEST_BYTES]
                return frame
            del self._buffer[0]
        return None
