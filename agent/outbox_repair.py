"""Save what can be read of a damaged outbox; what cannot leaves an empty batch, never a wrong one.

The damaged file is kept beside the new one. An empty batch keeps its id, so the hub goes on past it
and shows a gap.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.outbox_rows import (
    SELECT_ONE,
    UNREADABLE,
    Epoch,
    OutboxDamagedError,
    OutboxError,
    Row,
    checksum,
    is_intact,
    lock_file,
    open_file,
    read_channels,
    read_epochs,
    sync_folder,
)


@dataclass(frozen=True, slots=True)
class Repaired:
    """`kept_as` is the damaged file; None: there was nothing to repair."""

    saved: int
    lost: int
    kept_as: Path | None


def repair(path: Path) -> Repaired:
    """Raises OutboxError where even the names of the metrics cannot be read."""
    if not path.is_file():
        raise OutboxError(f"There is no outbox {path}.")
    lock = lock_file(path)
    try:
        return Repaired(0, 0, None) if _is_sound(path) else _rebuild(path)
    finally:
        os.close(lock)


def _is_sound(path: Path) -> bool:
    try:
        db = open_file(path)
    except OutboxDamagedError:
        return False
    try:
        read_channels(db, path)
        return all(row is not None for e in read_epochs(db, path) for _, row in _rows(db, e))
    except (OutboxDamagedError, *UNREADABLE):
        return False
    finally:
        db.close()


def _rebuild(path: Path) -> Repaired:
    fresh = path.with_name(f"{path.name}.new")
    for old in (fresh, Path(f"{fresh}-wal"), Path(f"{fresh}-shm")):
        old.unlink(missing_ok=True)
    source = sqlite3.connect(path, timeout=5)
    target = open_file(fresh)
    try:
        saved, lost = _copy(source, target, path)
    except (*UNREADABLE, OutboxDamagedError) as error:
        raise OutboxError(
            f"Outbox {path} cannot be repaired ({error}): the names of its metrics or its epochs "
            "are damaged."
        ) from error
    finally:
        source.close()
        target.close()  # the last connection: all of it is in the one file now
    kept = _move_away(path)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.rename(path)
    sync_folder(path)
    return Repaired(saved, lost, kept)


def set_aside(path: Path) -> Path:
    """Make room for a new outbox where not even repair helps; where the damaged file is kept."""
    lock = lock_file(path)
    try:
        kept = _move_away(path)
        os.truncate(lock, 0)  # it no longer remembers an outbox here
        sync_folder(path)
    finally:
        os.close(lock)
    return kept


def _move_away(path: Path) -> Path:
    kept = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for suffix in ("-wal", "-shm", ""):
        if (old := Path(f"{path}{suffix}")).exists():
            old.rename(f"{kept}{suffix}")
    return kept


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, path: Path) -> tuple[int, int]:
    """How many batches were saved and lost."""
    saved = lost = 0
    channels = read_channels(source, path)
    target.executemany(
        "INSERT INTO alias VALUES (?, ?, ?, ?)",
        [
            (c.alias, c.device, c.metric, checksum(c.alias, c.device, c.metric))
            for c in channels.values()
        ],
    )
    target.executemany("INSERT INTO fact VALUES (?, ?)", source.execute("SELECT * FROM fact"))
    for epoch in _epochs(source, path):
        values = (epoch.ordinal, f"{epoch.number:016x}", epoch.next_id, epoch.acked, epoch.ended_ms)
        target.execute("INSERT INTO epoch VALUES (?, ?, ?, ?, ?, ?)", (*values, checksum(*values)))
        target.execute("BEGIN")
        for row_id, row in _rows(source, epoch):
            saved, lost = saved + (row is not None), lost + (row is None)
            target.execute(
                "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)", row or _empty(epoch.key(row_id))
            )
        target.execute("COMMIT")
    return saved, lost


def _epochs(db: sqlite3.Connection, path: Path) -> list[Epoch]:
    try:
        return read_epochs(db, path)
    except UNREADABLE:  # the rows' tree is torn: where they begin must be guessed
        return read_epochs(db, path, begins_after_acked=True)


def _rows(db: sqlite3.Connection, epoch: Epoch) -> Iterator[tuple[int, Row | None]]:
    """Each id that should be there, with its row or None; one look-up each, so that a torn page
    costs only its own rows."""
    for row_id in range(epoch.first, epoch.next_id):
        try:
            row = db.execute(SELECT_ONE, (epoch.key(row_id),)).fetchone()
        except UNREADABLE:
            row = None
        yield row_id, row if row is not None and is_intact(row) else None


def _empty(key: int) -> Row:
    payload = zlib.compress(b"", 1)
    return key, None, 0, 0, checksum(key, None, 0, 0, payload=payload), payload
