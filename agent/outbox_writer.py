"""What the outbox's one thread does: encode, commit, sync, make room; no thread of its own."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from agent.clock import Clock
from agent.outbox_batch import Batch, Batcher, Batching, history
from agent.outbox_dating import Taken, offset_ms
from agent.outbox_file import OutboxFile
from protocols.reading import Reading
from protocols.sparkplug.journal import BatchId

log = logging.getLogger(__name__)

SYNC_S = 1.0
SAVE_S = 10.0
TIDY_S = 60.0
RETRY_S = 5.0
STEP_BACK_MS = 1000
HISTORY_COMMIT = 50  # batches


class OutboxWriter:
    """Driven by `tick`; `next_s` tells when the next tick has something to do."""

    def __init__(
        self,
        file: OutboxFile,
        batching: Batching,
        clock: Clock,
        on_stored: Callable[[], None] = lambda: None,
    ) -> None:
        self.file = file
        self.batcher = Batcher(file.channel, batching)
        self._clock = clock
        self._on_stored = on_stored
        self._facts: dict[str, int] = {}
        self._pending: list[Batch] = []
        self._is_unsynced = False
        now_s = clock.monotonic_s()
        self._sync_s, self._save_s, self._tidy_s = now_s, now_s, now_s
        self._retry_s = now_s
        self._is_stalled = False
        self._offset_ms = offset_ms(clock)
        self.begin_epoch()

    @property
    def held(self) -> int:
        """Values that wait in memory for a disk that takes nothing."""
        return sum(batch.values for batch in self._pending)

    def take(self, taken: Taken) -> None:
        with self._stalling():
            self._watch_clock(taken.offset_ms)
        self.batcher.add(taken.readings, taken.at_s, is_urgent=taken.is_urgent)

    def declare(self, metrics: Iterable[tuple[str, str]]) -> None:
        for device, metric in metrics:
            self.file.channel(device, metric)
        with self._stalling():
            self.file.add([], self._clock.utc_ms())
            self._on_stored()

    def resume(self) -> None:
        """Begin an epoch because the uplink wants one; without it live values only wait longer."""
        with self._stalling():
            self.begin_epoch()

    def begin_epoch(self) -> None:
        """Raises sqlite3.OperationalError where the disk takes nothing."""
        self._flush(is_final=True)
        self.file.begin_epoch(self._clock.utc_ms())
        self._on_stored()

    def acknowledge(self, acks: Iterable[BatchId]) -> None:
        for ack in acks:
            self.file.acknowledge(ack.epoch, ack.id)
        self._on_stored()

    def remember(self, name: str, value: int) -> None:
        self._facts[name] = value

    def write_history(self, readings: Iterable[Reading]) -> int:
        """An epoch of its own before all that is live from now on; returns the readings written."""
        self.begin_epoch()
        batches, total = history(readings, self.file.channel), 0
        while chunk := list(islice(batches, HISTORY_COMMIT)):
            self.file.add(chunk, self._clock.utc_ms())
            total += sum(batch.values for batch in chunk)
            self._on_stored()
        self.begin_epoch()
        self.sync()
        return total

    def lost(self) -> None:
        """Readings could not even be held: an empty batch will tell the hub of a gap."""
        self._pending.append(Batch(None, 0, b""))

    def tick(self) -> None:
        """Everything that is due now; a disk that takes nothing is asked again every 5 s."""
        now_s = self._clock.monotonic_s()
        self._pending.extend(self.batcher.due(now_s))
        if self._is_stalled and now_s < self._retry_s:
            return
        with self._stalling():
            self._watch_clock(offset_ms(self._clock))
            self._flush()
            self._keep_house(now_s)
            if self._is_stalled:
                self._is_stalled = False
                log.warning("Outbox %s takes readings again.", self.file.path)

    @contextmanager
    def _stalling(self) -> Iterator[None]:
        """A disk that is full or fails is no reason to end: what was read waits in memory."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if not self._is_stalled:
                log.error(
                    "Outbox %s cannot be written (%s): readings wait in memory. Free disk space "
                    "or check the card.",
                    self.file.path,
                    error,
                )
            self._is_stalled = True
            wait_s = 0.0 if self.file.disk.is_full(self.file.bytes) else RETRY_S
            self._retry_s = self._clock.monotonic_s() + wait_s

    def _flush(self, *, is_final: bool = False) -> None:
        """Commit what is due. Raises sqlite3.OperationalError; nothing is lost then."""
        self._pending.extend(self.batcher.due(self._clock.monotonic_s(), is_final=is_final))
        if self._pending:
            self.file.add(self._pending, self._clock.utc_ms())
            self._pending, self._is_unsynced = [], True
            self._on_stored()

    def _keep_house(self, now_s: float) -> None:
        if self._is_unsynced and now_s >= self._sync_s:
            self.sync()
        if now_s >= self._save_s or self._facts:
            self.file.save(self._facts)
            self._facts, self._save_s = {}, now_s + SAVE_S
        if now_s >= self._tidy_s:
            self.file.forget_old(self._clock.utc_ms())
            self._tidy_s = now_s + TIDY_S

    def next_s(self) -> float:
        """The monotonic time of the next tick that has something to do."""
        if self._is_stalled:
            return self._retry_s
        due = [self._save_s, self._tidy_s]
        if self._is_unsynced:
            due.append(self._sync_s)
        if (flush_s := self.batcher.deadline_s()) is not None:
            due.append(flush_s)
        return min(due)

    def sync(self) -> None:
        self.file.sync()
        self._is_unsynced = False
        self._sync_s = self._clock.monotonic_s() + SYNC_S

    def close(self) -> None:
        """All that was taken is on disk after this."""
        with self._stalling():
            self._flush(is_final=True)
            self.file.save(self._facts)
            self.sync()
        self.file.close()

    def _watch_clock(self, now_ms: int) -> None:
        """A step back of the time of day: what follows gets an epoch of its own."""
        back_ms = self._offset_ms - now_ms
        if back_ms > STEP_BACK_MS:
            self.begin_epoch()
            self.batcher.clock_stepped_back()
            log.warning("The clock went back by %.1f s: a new epoch has begun.", back_ms / 1000)
        self._offset_ms = now_ms
