"""A broker that writes down every packet of its clients: what a mere subscriber cannot see.

It stands before a real mosquitto and passes all bytes on, both ways. MQTT 3.1.1, chapters 2 and 3.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import IntEnum

from protocols.sparkplug.codec import parse
from protocols.sparkplug.sparkplug_b_pb2 import Payload


class Kind(IntEnum):
    """Packet types that are looked at."""

    CONNECT = 1
    PUBLISH = 3
    SUBSCRIBE = 8
    DISCONNECT = 14


@dataclass(frozen=True)
class Said:
    """One PUBLISH; `is_heard` came from the broker."""

    topic: str
    raw: bytes
    qos: int
    is_retained: bool
    is_heard: bool = False

    @property
    def levels(self) -> list[str]:
        return self.topic.split("/")

    @property
    def kind(self) -> str:
        """`NBIRTH`, …; `STATE` for a host; raises nothing."""
        levels = self.levels
        return levels[1] if levels[1:2] == ["STATE"] else levels[2]

    @property
    def payload(self) -> Payload:
        return parse(self.raw)


@dataclass
class Session:
    """One connection of one client, from CONNECT to the end of the socket."""

    broker: str
    level: int = 0  # 4 is MQTT 3.1.1, 5 is 5.0
    is_clean: bool = False
    client_id: str = ""
    will: Said | None = None
    subscriptions: list[tuple[str, int]] = field(default_factory=list)
    talk: list[Said | str] = field(default_factory=list)  # in order; a text is a mark of the test
    subscribed_after: int = -1  # so many messages were said before the subscription
    is_disconnected: bool = False  # by a DISCONNECT
    opened: int = 0  # places in the order of all openings and ends
    closed: int = 0

    @property
    def said(self) -> list[Said]:
        return [m for m in self.talk if isinstance(m, Said) and not m.is_heard]

    def of(self, *kinds: str) -> list[Said]:
        return [message for message in self.said if message.kind in kinds]


class Packets:
    """Cuts a byte stream into packets (chapter 2.2)."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        self._buffer += chunk
        while (cut := self._cut()) is not None:
            yield cut

    def _cut(self) -> tuple[int, bytes] | None:
        length = shift = 0
        place, is_whole = 1, False
        for byte in self._buffer[1:5]:
            length |= (byte & 0x7F) << shift
            shift, place, is_whole = shift + 7, place + 1, byte < 0x80
            if is_whole:
                break
        end = place + length
        if not is_whole:
            return None
        if len(self._buffer) < end:
            return None
        head, body, self._buffer = self._buffer[0], self._buffer[place:end], self._buffer[end:]
        return head, body


def _text(body: bytes, at: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(">H", body, at)
    return body[at + 2 : at + 2 + size], at + 2 + size


def read_connect(session: Session, body: bytes) -> None:
    name, at = _text(body, 0)
    assert name == b"MQTT"
    session.level, flags = body[at], body[at + 1]
    session.is_clean = bool(flags & 0x02)
    client_id, at = _text(body, at + 4)
    session.client_id = client_id.decode()
    if flags & 0x04:
        topic, at = _text(body, at)
        payload, at = _text(body, at)
        session.will = Said(topic.decode(), payload, flags >> 3 & 3, bool(flags & 0x20))


def read_publish(head: int, body: bytes, *, is_heard: bool) -> Said:
    topic, at = _text(body, 0)
    qos = head >> 1 & 3
    payload = body[at + (2 if qos else 0) :]
    return Said(topic.decode(), payload, qos, bool(head & 1), is_heard)


def read_subscribe(body: bytes) -> list[tuple[str, int]]:
    at, found = 2, []
    while at < len(body):
        topic, at = _text(body, at)
        found.append((topic.decode(), body[at]))
        at += 1
    return found


class Recorder:
    """Passes on to the broker at `behind` and keeps a `Session` for each connection."""

    def __init__(self, name: str, behind: int, order: Iterator[int]) -> None:
        self.name, self._behind, self._order = name, behind, order
        self.sessions: list[Session] = []
        self.port = 0
        self._cuts: list[Callable[[], None]] = []

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Recorder"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.sleep(0.05)  # the ends of cut connections are written down

    def mark(self, text: str) -> None:
        """What the test does now, in the talk of the connection that is open."""
        if self.sessions:
            self.sessions[-1].talk.append(text)

    def cut(self) -> None:
        """All connections end without a DISCONNECT, so the broker speaks the wills."""
        for cut in self._cuts:
            cut()
        self._cuts.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._behind)
        session = Session(self.name, opened=next(self._order))
        self.sessions.append(session)
        self._cuts += [writer.transport.abort, to_broker.transport.abort]
        with suppress(ConnectionError):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, to_broker, session, is_heard=False))
                group.create_task(self._pass(from_broker, writer, session, is_heard=True))

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        session: Session,
        *,
        is_heard: bool,
    ) -> None:
        packets = Packets()
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                for head, body in packets.feed(chunk):
                    _note(session, head, body, is_heard=is_heard)
                writer.write(chunk)
                await writer.drain()
        if not is_heard:
            session.closed = next(self._order)
        writer.close()


def _note(session: Session, head: int, body: bytes, *, is_heard: bool) -> None:
    kind = head >> 4
    if kind == Kind.PUBLISH:
        session.talk.append(read_publish(head, body, is_heard=is_heard))
    elif is_heard:
        return
    elif kind == Kind.CONNECT:
        read_connect(session, body)
    elif kind == Kind.SUBSCRIBE:
        session.subscriptions += read_subscribe(body)
        session.subscribed_after = len(session.said)
    elif kind == Kind.DISCONNECT:
        session.is_disconnected = True
