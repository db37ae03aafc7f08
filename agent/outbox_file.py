"""The outbox on disk: batches in epochs, permanent aliases; SQLite, one writer.

Rows are compressed and carry a checksum over what they mean, so a flipped bit is found, never sent.
A commit is not yet an fsync (`synchronous=NORMAL`): `sync` makes what was committed survive a power
cut. Every start begins a new epoch, so an id that a power cut took back is never used again.
"""

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from agent.outbox_batch import Batch, Channel
from agent.outbox_disk import DiskWatch, WearCount
from agent.outbox_rows import (
    UNREADABLE,
    Epoch,
    checksum,
    damaged,
    lock_file,
    open_file,
    read_channels,
    read_epochs,
)

KEEP_ACKNOWLEDGED_MS = 72 * 3600 * 1000
KEEP_DRAINED_EPOCH_MS = 30 * 24 * 3600 * 1000
ROW_OVERHEAD = 40  # bytes of a row beside its payload, for the size bound


class OutboxFile:
    """All writing to the outbox; owned by one thread, readable by others through snapshots.

    `epochs` is a tuple, oldest first, the live one last; it is replaced, never changed.
    """

    def __init__(self, path: Path, max_bytes: int, random_epoch: Callable[[], int]) -> None:
        """Raises OutboxError. Call `begin_epoch` before the first `add`."""
        self.path = path
        self.dropped_batches = 0  # unacknowledged rows that the size bound took
        self.wear = WearCount()
        self._random_epoch = random_epoch
        self._wal_fd = -1
        self._unsaved: set[int] = set()  # ordinals whose acknowledgement is not yet on disk
        with ExitStack() as opened:
            opened.callback(os.close, lock_file(path))
            self._db = open_file(path)
            opened.callback(self._db.close)
            try:
                self._load()
            except UNREADABLE as error:
                raise damaged(path, error) from error
            self.disk = DiskWatch(path, max_bytes)
            self._opened = opened.pop_all()

    def _load(self) -> None:
        self._channels = read_channels(self._db, self.path)
        self.saved_aliases = len(self._channels)
        self.epochs = tuple(read_epochs(self._db, self.path))
        self.facts: dict[str, int] = dict(self._db.execute("SELECT name, value FROM fact"))
        newest = self._db.execute(
            "SELECT stored_ms FROM batch ORDER BY key DESC LIMIT 1"
        ).fetchone()
        self.newest_ms = int(newest[0]) if newest else 0  # of the last start
        size, rows = self._db.execute(
            "SELECT COALESCE(SUM(LENGTH(payload)), 0), COUNT(*) FROM batch"
        ).fetchone()
        self.bytes = int(size) + int(rows) * ROW_OVERHEAD

    @property
    def live(self) -> Epoch:
        return self.epochs[-1]

    @property
    def channels(self) -> list[Channel]:
        """All metrics whose alias is safe on disk, by alias."""
        return list(self._channels.values())[: self.saved_aliases]

    def channel(self, device: str, metric: str) -> Channel:
        """The permanent alias of a metric; a new one is saved with the next `add`."""
        found = self._channels.get((device, metric))
        if found is None:
            found = Channel.of(len(self._channels) + 1, device, metric)
            self._channels[device, metric] = found
        return found

    def begin_epoch(self, now_ms: int) -> None:
        """A new live epoch; empty ones before it, which nobody has heard of, go."""
        with self._transaction():
            for epoch in [e for e in self.epochs if e.next_id == 1]:
                self._remove(epoch)
            if self.epochs:
                self._replace(self.live._replace(ended_ms=now_ms))
            ordinal = self.live.ordinal + 1 if self.epochs else 1
            self.epochs += (Epoch(ordinal, self._random_epoch()),)
            self._save(self.live)

    def add(self, batches: Sequence[Batch], now_ms: int) -> None:
        """Give each batch the next id of the live epoch; one commit for all."""
        with self._transaction():
            has_new_alias = self._save_aliases()
            for batch in batches:
                self._insert(batch, now_ms)
            self._unsaved.add(self.live.ordinal)
            self._make_room()
            self._save_acknowledgements()
        if has_new_alias:  # nobody may hear of an alias that a power cut could take back
            self.sync()
        self.saved_aliases = len(self._channels)

    def acknowledge(self, number: int, row_id: int) -> bool:
        """Take over what the hub has stored, also when that is less than before; saved later."""
        for epoch in self.epochs:
            if epoch.number == number and epoch.acked != row_id:
                self._replace(epoch._replace(acked=row_id))
                self._unsaved.add(epoch.ordinal)
                return True
        return False

    def save(self, facts: dict[str, int] | None = None) -> None:
        """Put acknowledgements and facts on disk; losing them only repeats work."""
        new = {k: v for k, v in (facts or {}).items() if self.facts.get(k) != v}
        if not new and not self._unsaved:
            return
        with self._transaction():
            self._save_acknowledgements()
            self._db.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?)", list(new.items()))
        self.facts |= new

    def forget_old(self, now_ms: int) -> None:
        """Drop acknowledged rows after 72 h, and epochs that ended and were drained 30 days ago."""
        self.disk.look(self.bytes)
        with self._transaction():
            for epoch in self.epochs:
                self._forget_rows(epoch, now_ms - KEEP_ACKNOWLEDGED_MS)
            for epoch in self.epochs[:-1]:
                is_old = epoch.ended_ms < now_ms - KEEP_DRAINED_EPOCH_MS
                if is_old and epoch.first > epoch.last:
                    self._remove(epoch)

    def sync(self) -> None:
        """Everything committed so far survives a power cut."""
        if self._wal_fd < 0:
            with suppress(FileNotFoundError):
                self._wal_fd = os.open(f"{self.path}-wal", os.O_RDONLY)
        if self._wal_fd >= 0:
            os.fsync(self._wal_fd)
            self.wear.syncs += 1

    def close(self) -> None:
        if self._wal_fd >= 0:
            os.close(self._wal_fd)
            self._wal_fd = -1
        self._opened.close()

    # inside a transaction

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, on disk and in memory."""
        before = (self.epochs, self.bytes, self.dropped_batches, set(self._unsaved))
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(Exception):
                self._db.execute("ROLLBACK")
            self.epochs, self.bytes, self.dropped_batches, self._unsaved = before
            raise

    def _insert(self, batch: Batch, now_ms: int) -> None:
        epoch = self.live
        key, payload = epoch.key(epoch.next_id), zlib.compress(batch.metrics, 1)
        crc = checksum(key, batch.device, now_ms, batch.values, payload=payload)
        self._db.execute(
            "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)",
            (key, batch.device, now_ms, batch.values, crc, payload),
        )
        self._replace(epoch._replace(next_id=epoch.next_id + 1))
        self.bytes += len(payload) + ROW_OVERHEAD

    def _make_room(self) -> None:
        """Above the bound: acknowledged rows first, then the oldest."""
        while self.bytes > self.disk.bound:
            spare = next((e for e in self.epochs if e.first <= min(e.acked, e.last)), None)
            oldest = spare or next((e for e in self.epochs if e.first <= e.last), None)
            if oldest is None:
                return
            self._delete(oldest, oldest.first, oldest.first + 1)
            self.dropped_batches += spare is None

    def _forget_rows(self, epoch: Epoch, before_ms: int) -> None:
        (upto,) = self._db.execute(
            "SELECT MAX(key) FROM batch WHERE key BETWEEN ? AND ? AND stored_ms < ?",
            (epoch.key(epoch.first), epoch.key(min(epoch.acked, epoch.last)), before_ms),
        ).fetchone()
        if upto is not None:
            self._delete(epoch, epoch.first, upto - epoch.key(0) + 1)

    def _delete(self, epoch: Epoch, first: int, end: int) -> None:
        gone = self._db.execute(
            "DELETE FROM batch WHERE key >= ? AND key < ? RETURNING LENGTH(payload)",
            (epoch.key(first), epoch.key(end)),
        ).fetchall()
        self.bytes -= sum(size for (size,) in gone) + len(gone) * ROW_OVERHEAD
        self._replace(epoch._replace(first=end))

    def _save_aliases(self) -> bool:
        new = list(self._channels.values())[self.saved_aliases :]
        rows = [(c.alias, c.device, c.metric, checksum(c.alias, c.device, c.metric)) for c in new]
        self._db.executemany("INSERT INTO alias VALUES (?, ?, ?, ?)", rows)
        return bool(new)

    def _save_acknowledgements(self) -> None:
        for epoch in self.epochs:
            if epoch.ordinal in self._unsaved:
                self._save(epoch)
        self._unsaved = set()

    def _save(self, epoch: Epoch) -> None:
        values = (epoch.ordinal, f"{epoch.number:016x}", epoch.next_id, epoch.acked, epoch.ended_ms)
        self._db.execute(
            "INSERT OR REPLACE INTO epoch VALUES (?, ?, ?, ?, ?, ?)", (*values, checksum(*values))
        )

    def _replace(self, changed: Epoch) -> None:
        self.epochs = tuple(changed if e.ordinal == changed.ordinal else e for e in self.epochs)
        self._unsaved.add(changed.ordinal)

    def _remove(self, epoch: Epoch) -> None:
        self._db.execute("DELETE FROM epoch WHERE ordinal = ?", (epoch.ordinal,))
        self.epochs = tuple(e for e in self.epochs if e.ordinal != epoch.ordinal)
