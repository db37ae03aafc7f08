"""What the outbox's one thread does: encode, commit, sync, make room; no thread of its own."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from agent.clock import Clock
from agent.outbox_batch import Batch, Batcher, Batching, history
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
        self._offset_ms = self._clock_offset_ms()
        self.begin_epoch()

    def take(self, readings: Sequence[Reading], *, is_urgent: bool) -> None:
        self._watch_clock()
        self.batcher.add(readings, self._clock.monotonic_s(), is_urgent=is_urgent)

    def declare(self, metrics: Iterable[tuple[str, str]]) -> None:
        for device, metric in metrics:
            self.file.channel(device, metric)
        self.file.add([], self._clock.utc_ms())
        self._changed()

    def begin_epoch(self) -> None:
        self.flush(is_final=True)
        self.file.begin_epoch(self._clock.utc_ms())
        self._changed()

    def acknowledge(self, acks: Iterable[BatchId]) -> None:
        for ack in acks:
            self.file.acknowledge(ack.epoch, ack.id)
        self._changed()

    def remember(self, name: str, value: int) -> None:
        self._facts[name] = value

    def write_history(self, readings: Iterable[Reading]) -> int:
        """An epoch of its own before all that is live from now on; returns the readings written."""
        self.begin_epoch()
        batches, total = history(readings, self.file.channel), 0
        while chunk := list(islice(batches, HISTORY_COMMIT)):
            self.file.add(chunk, self._clock.utc_ms())
            total += sum(batch.values for batch in chunk)
            self._changed()
        self.begin_epoch()
        self.sync()
        return total

    def flush(self, *, is_final: bool = False) -> None:
        """Commit what is due. A disk that does not take it is asked again every 5 s."""
        now_s = self._clock.monotonic_s()
        self._pending.extend(self.batcher.due(now_s, is_final=is_final))
        if not self._pending or (now_s < self._retry_s and not is_final):
            return
        try:
            self.file.add(self._pending, self._clock.utc_ms())
        except sqlite3.OperationalError as error:
            self._stall(error, now_s)
            return
        if self._is_stalled:
            log.warning("Outbox %s takes readings again.", self.file.path)
        self._pending, self._is_stalled, self._is_unsynced = [], False, True
        self._changed()

    def _stall(self, error: sqlite3.OperationalError, now_s: float) -> None:
        if not self._is_stalled:
            log.error(
                "Outbox %s cannot be written (%s): readings wait in memory. Free disk space or "
                "check the card.",
                self.file.path,
                error,
            )
        self._is_stalled, self._retry_s = True, now_s + RETRY_S

    def tick(self) -> None:
        """Everything that is due now."""
        self._watch_clock()
        self.flush()
        now_s = self._clock.monotonic_s()
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
        due = [self._save_s, self._tidy_s]
        if self._is_unsynced:
            due.append(self._sync_s)
        if self._is_stalled:
            due.append(self._retry_s)
        elif (flush_s := self.batcher.deadline_s()) is not None:
            due.append(flush_s)
        return min(due)

    def sync(self) -> None:
        self.file.sync()
        self._is_unsynced = False
        self._sync_s = self._clock.monotonic_s() + SYNC_S

    def close(self) -> None:
        """All that was taken is on disk after this."""
        self.flush(is_final=True)
        self.file.save(self._facts)
        self.sync()
        self.file.close()

    def _changed(self) -> None:
        self._on_stored()

    def _clock_offset_ms(self) -> int:
        return self._clock.utc_ms() - int(self._clock.monotonic_s() * 1000)

    def _watch_clock(self) -> None:
        """A step back of the time of day: what follows gets an epoch of its own."""
        before, self._offset_ms = self._offset_ms, self._clock_offset_ms()
        if self._offset_ms < before - STEP_BACK_MS:
            log.warning(
                "The clock went back by %.1f s: a new epoch begins.",
                (before - self._offset_ms) / 1000,
            )
            self.begin_epoch()
            self.batcher.clock_stepped_back()
