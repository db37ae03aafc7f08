"""A wire between two programs that can fall silent, one way or both, without closing anything.

What TCP sees of a partition: the connection stays open, bytes are taken until the buffers are
full, nothing comes out at the other end. New connections are accepted and hear nothing.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Flag, auto

from tests.servers import HOST, free_port

PIECE = 64 * 1024


class Way(Flag):
    """From the one who connects, and back to it."""

    THERE = auto()
    BACK = auto()
    BOTH = THERE | BACK


class Relay:
    """Listens on `port`, speaks to `target`; used by `relay`."""

    def __init__(self, target: int) -> None:
        self.port, self._target = free_port(), target
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
            pipe = asyncio.create_task(self._carry(way, source, sink))
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


@contextmanager
def relay(target: int) -> Iterator[Relay]:
    """To a port of this machine, in a thread of its own."""
    wire, opened, ended = Relay(target), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=wire.run, args=(opened, ended), daemon=True)
    thread.start()
    assert opened.wait(10), "the relay did not open"
    try:
        yield wire
    finally:
        wire.stop(ended)
        thread.join(10)
