"""The outbox: readings go in from the poller, batches come out for the uplink; none is forgotten.

One writer thread owns the file. It encodes, commits at once what is urgent and the rest every 2 s
or 200 values, and syncs once a second. `append` never waits for the disk, and wakes the writer only
where there is something to do: a thread that wakes costs more than what it then does.
"""

import asyncio
import logging
import queue
import secrets
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from agent.clock import Clock, SystemClock
from agent.outbox_batch import Batching, Channel, check
from agent.outbox_dating import Dating, Taken
from agent.outbox_disk import Wear
from agent.outbox_file import OutboxFile
from agent.outbox_rows import Epoch, OutboxError, OutboxReader, StoredBatch
from agent.outbox_writer import OutboxWriter
from protocols.reading import Reading
from protocols.sparkplug.codec import Sample, samples_of
from protocols.sparkplug.journal import BatchId

log = logging.getLogger(__name__)

MAX_QUEUED = 50_000  # readings that wait while the disk stalls
MEGABYTE = 1_000_000
LOOKED_BACK = 500  # batches; a device that is polled is in one of the newest few
GATHER_S = 0.02  # a full batch waits so long for the rest of its round of polls


class Outbox:
    """Used as a context manager. `append` has one caller's thread, the rest may come from any.

    `on_stored` is called from the writer thread whenever there may be something new to send.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_mb: int = 150,
        batching: Batching | None = None,
        clock: Clock | None = None,
        is_dated: Callable[[], bool] = lambda: True,
    ) -> None:
        """Opens the file and begins a new epoch. Raises OutboxError.

        `is_dated` tells whether the clock's time of day is to be believed by now.
        """
        self.on_stored: Callable[[], None] = lambda: None
        self.epochs: tuple[Epoch, ...] = ()
        self.channels: tuple[Channel, ...] = ()
        self._clock = clock or SystemClock()
        self._file = OutboxFile(path, max_mb * MEGABYTE, lambda: secrets.randbits(64))
        self._facts = dict(self._file.facts)
        self._dating = Dating(is_dated, self._clock, self._file.newest_ms)
        self._batching = batching or Batching()
        self._writer = self._begin(self._batching)
        self._reader = OutboxReader(path)
        self._tasks: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._inbox: deque[Taken] = deque()
        self._acks: deque[BatchId] = deque()
        self._turned_s = self._clock.monotonic_s()
        self._has_room = True
        self.lost_readings = 0
        self._appended = self._taken = 0  # each is counted by one side only
        self._end: Future[None] = Future()
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)

    def _begin(self, batching: Batching) -> OutboxWriter:
        try:
            return OutboxWriter(self._file, batching, self._clock, self._publish)
        except sqlite3.OperationalError as error:
            self._file.close()
            raise OutboxError(
                f"Outbox {self._file.path} cannot be written: {error}. Free disk space."
            ) from error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.close()  # first: the writer, closing last, leaves one file without a log
        self._tasks.put(None)
        self._thread.join()

    async def run(self) -> None:
        """Ends only with the error that ended the writer: the process must not go on without it."""
        await asyncio.shield(asyncio.wrap_future(self._end))
        raise OutboxError("The outbox was closed while the agent ran.")

    # the poller's side

    def alias(self, device: str, metric: str) -> int:
        """The permanent number of a metric, 0 while nothing of it was ever stored."""
        for channel in self.channels:
            if (channel.device, channel.metric) == (device, metric):
                return channel.alias
        return 0

    def declare(self, metrics: Iterable[tuple[str, str]]) -> None:
        """Give each (device, metric) that may come its alias, so that the first birth has it."""
        self._tasks.put(partial(self._writer.declare, list(metrics)))

    def append(self, readings: Sequence[Reading], *, urgent: bool = False) -> None:
        """Keep the readings until the hub has them. Raises ValueError.

        When the disk has taken nothing for so long that memory is full, new readings are lost; the
        hub is told of the gap.
        """
        for reading in readings:
            check(reading)
        if self._appended - self._taken + self._writer.held > MAX_QUEUED:
            self._lose(len(readings))
            return
        self._has_room = True
        before = self._appended - self._taken
        self._appended += len(readings)
        self._inbox.append(Taken.of(readings, self._clock, is_urgent=urgent))
        if urgent:
            self._tasks.put(_look)
        elif before < self._batching.max_values <= before + len(readings):
            self._tasks.put(_gather)

    def _lose(self, count: int) -> None:
        self.lost_readings += count
        if self._has_room:
            self._has_room = False
            log.error("%s takes nothing and memory is full: readings are lost.", self._file.path)
            self.tell_gap()

    def tell_gap(self) -> None:
        """Readings were lost before they had an id: an empty batch tells the hub."""
        self._tasks.put(self._writer.lost)

    def bulk(self, readings: Iterable[Reading]) -> int:
        """Write history as an epoch before everything live; blocks, returns how many readings."""
        done: Future[int] = Future()

        def task() -> None:
            try:
                done.set_result(self._writer.write_history(readings))
            except BaseException as error:  # noqa: BLE001 boundary: raised again in the caller
                done.set_exception(error)

        self._tasks.put(task)
        return done.result()

    # the uplink's side

    def read(self, epoch: Epoch, after_id: int, limit: int) -> list[StoredBatch]:
        return self._reader.read(epoch, after_id, limit)

    def current(self) -> dict[int, Sample]:
        """The last value of each alias since the start."""
        return self._writer.batcher.current.copy()

    def acknowledge(self, acks: Iterable[BatchId]) -> None:
        """Taken over at the writer's next turn, 2 s later at most: losing one repeats work only."""
        self._acks.extend(acks)

    def newest_first(self) -> Iterator[tuple[str, str, Sample]]:
        """Device, metric and sample of what is on disk, back from the newest of 500 batches."""
        names = {channel.alias: channel for channel in self.channels}
        left = LOOKED_BACK
        for epoch in reversed(self.epochs):
            first = max(epoch.first, epoch.next_id - left)
            left -= epoch.next_id - first
            for row_id in range(epoch.last, first - 1, -1):
                for batch in self._reader.read(epoch, row_id - 1, 1):
                    for sample in reversed(samples_of(batch.metrics)):
                        channel = names[sample.alias]
                        yield channel.device, channel.metric, sample

    def begin_epoch(self) -> None:
        self._tasks.put(self._writer.resume)

    def fact(self, name: str) -> int:
        """A number that survives a restart, 0 where nobody has set it."""
        return self._facts.get(name, 0)

    def set_fact(self, name: str, value: int) -> None:
        self._facts[name] = value
        self._tasks.put(partial(self._writer.remember, name, value))

    # what people and the watchdog ask

    @property
    def rows_waiting(self) -> int:
        return sum(epoch.waiting for epoch in self.epochs)

    def idle_s(self) -> float:
        """How long the writer has not turned; more than SAVE_S: it stands still."""
        return self._clock.monotonic_s() - self._turned_s

    @property
    def bytes(self) -> int:
        return self._file.bytes

    def wear(self) -> Wear:
        """What the agent does to the card, since its start."""
        return self._file.wear.wear()

    @property
    def dropped_batches(self) -> int:
        """Batches that had to go before the hub had them, since the start."""
        return self._file.dropped_batches

    # the writer thread

    def _work(self) -> None:
        try:
            while (task := self._next_task()) is not None:
                self._turned_s = self._clock.monotonic_s()
                task()
                self._take_in()
                self._writer.tick()
            self._take_in(is_last=True)
            self._writer.close()
        except BaseException as error:
            self._end.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            self._end.set_result(None)

    def _next_task(self) -> Callable[[], object] | None:
        due_s = self._writer.next_s()
        if self._inbox:
            due_s = min(due_s, self._inbox[0].at_s + self._batching.max_age_s)
        wait_s = due_s - self._clock.monotonic_s()
        try:
            return self._tasks.get(timeout=max(0.001, min(wait_s, self._batching.max_age_s)))
        except queue.Empty:
            return _look

    def _take_in(self, *, is_last: bool = False) -> None:
        has_room = self._appended - self._taken < MAX_QUEUED // 2
        may_take = not self._dating.waits(has_room=has_room and not is_last)
        while self._inbox and may_take:
            taken = self._dating.dated(self._inbox.popleft())
            self._writer.take(taken)
            self._taken += len(taken.readings)
        if self._acks:
            self._writer.acknowledge([self._acks.popleft() for _ in range(len(self._acks))])

    def _publish(self) -> None:
        self.epochs = self._file.epochs
        if len(self.channels) != self._file.saved_aliases:
            self.channels = tuple(self._file.channels)
        self.on_stored()


def _look() -> None:
    """Nothing but a reason to turn."""


def _gather() -> None:
    time.sleep(GATHER_S)
