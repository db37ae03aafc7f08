"""A wire between two programs that can fall silent, one way or both, without closing anything,
or that is narrow, far and loses segments.

What TCP sees of a partition: the connection stays open, bytes are taken until the buffers are
full, nothing comes out at the other end. New connections are accepted and hear nothing.
"""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Flag, auto

from tests.servers import HOST, free_port

PIECE = 64 * 1024
SEGMENT = 1460


class Way(Flag):
    """From the one who connects, and back to it."""

    THERE = auto()
    BACK = auto()
    BOTH = THERE | BACK


@dataclass(frozen=True)
class Link:
    """What TCP makes of a bad line, each way: so many bytes a second, each `delay_s` under way; a
    lost segment, and all behind it, comes a round trip later."""

    bytes_per_s: float
    delay_s: float
    loss: float = 0.0


class Relay:
    """Listens on `port`, speaks to `target`; used by `relay`.

    `link` may be changed at any time; it holds for connections that are made from then on.
    """

    def __init__(self, target: int, link: Link | None = None) -> None:
        self.port, self._target = free_port(), target
        self.link = link
        self._chance = random.Random(1)
        self._open = {Way.THERE: asyncio.Event(), Way.BACK: asyncio.Event()}
        self._loop = asyncio.new_event_loop()
        self._pipes: set[asyncio.Task[None]] = set()

    def cut(self, ways: Way) -> None:
        """Nothing passes any more in these directions; from any thread."""
        self._loop.call_soon_threadsafe(self._silence, ways)

    def heal(self) -> None:
        """What was held back passes, in its order."""
        self._loop.call_soon_threadsafe(self._let_through)

    def _silence(self, ways: Way) -> None:
        for way in ways:
            self._open[way].clear()

    def _let_through(self) -> None:
        for event in self._open.values():
            event.set()

    def run(self, opened: threading.Event, ended: asyncio.Event) -> None:
        self._loop.run_until_complete(self._serve(opened, ended))
        self._loop.close()

    def stop(self, ended: asyncio.Event) -> None:
        self._loop.call_soon_threadsafe(ended.set)

    async def _serve(self, opened: threading.Event, ended: asyncio.Event) -> None:
        self._let_through()
        server = await asyncio.start_server(self._join, HOST, self.port)
        opened.set()
        await ended.wait()
        server.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _join(self, caller: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        try:
            called, there = await asyncio.open_connection(HOST, self._target)
        except OSError:
            answer.close()
            return
        for way, source, sink in ((Way.THERE, caller, there), (Way.BACK, called, answer)):
            carry = self._carry_slowly if self.link else self._carry
            pipe = asyncio.create_task(carry(way, source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _carry(
        self, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        try:
            while piece := await source.read(PIECE):
                await self._open[way].wait()
                sink.write(piece)
                await sink.drain()
        except OSError:
            pass  # one end was closed: so is the other
        finally:
            sink.close()

    async def _carry_slowly(
        self, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        assert self.link
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.create_task(self._arrive(under_way, sink))
        link, free_s = self.link, self._loop.time()
        try:
            while piece := await source.read(SEGMENT):
                await self._open[way].wait()
                free_s = max(free_s, self._loop.time()) + len(piece) / link.bytes_per_s
                if self._chance.random() < link.loss:
                    free_s += 2 * link.delay_s
                under_way.put_nowait((free_s + link.delay_s, piece))
                await asyncio.sleep(free_s - self._loop.time())
            await under_way.join()
        except OSError:
            pass  # one end was closed: so is the other
        finally:
            arriving.cancel()
            sink.close()

    async def _arrive(
        self, under_way: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter
    ) -> None:
        while True:
            at_s, piece = await under_way.get()
            await asyncio.sleep(at_s - self._loop.time())
            sink.write(piece)
            under_way.task_done()


@contextmanager
def relay(target: int, link: Link | None = None) -> Iterator[Relay]:
    """To a port of this machine, in a thread of its own."""
    wire, opened, ended = Relay(target, link), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=wire.run, args=(opened, ended), daemon=True)
    thread.start()
    assert opened.wait(10), "the relay did not open"
    try:
        yield wire
    finally:
        wire.stop(ended)
        thread.join(10)
