"""A look into an outbox from outside, also while an agent writes to it."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from agent.outbox_rows import UNREADABLE, Epoch, OutboxError, read_channels, read_epochs


@dataclass(frozen=True, slots=True)
class OutboxReport:
    """`rows` counts batches, `values` the readings in those that wait."""

    path: Path
    size_bytes: int
    rows: int
    rows_waiting: int
    values_waiting: int
    metrics: int
    epochs: tuple[Epoch, ...]
    oldest_waiting_ms: int | None


def inspect(path: Path) -> OutboxReport:
    """Raises OutboxError where there is no readable outbox."""
    if not path.is_file():
        raise OutboxError(f"There is no outbox {path}: the agent has never run with it.")
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            return _report(db, path)
        finally:
            db.close()
    except UNREADABLE as error:
        raise OutboxError(
            f"Outbox {path} cannot be read ({error}). If it is damaged, stop the agent and run: "
            "storevitals-agent outbox repair"
        ) from error


def _report(db: sqlite3.Connection, path: Path) -> OutboxReport:
    epochs = tuple(read_epochs(db, path))
    waiting = [_waiting(db, epoch) for epoch in epochs]
    (rows,) = db.execute("SELECT COUNT(*) FROM batch").fetchone()
    stamps = [since for _, since in waiting if since is not None]
    return OutboxReport(
        path=path,
        size_bytes=sum(p.stat().st_size for p in (path, Path(f"{path}-wal")) if p.exists()),
        rows=rows,
        rows_waiting=sum(epoch.waiting for epoch in epochs),
        values_waiting=sum(values for values, _ in waiting),
        metrics=len(read_channels(db, path)),
        epochs=epochs,
        oldest_waiting_ms=min(stamps, default=None),
    )


def _waiting(db: sqlite3.Connection, epoch: Epoch) -> tuple[int, int | None]:
    values, since = db.execute(
        "SELECT COALESCE(SUM(value_count), 0), MIN(stored_ms) FROM batch WHERE key > ? AND key < ?",
        (epoch.key(min(epoch.acked, epoch.last)), epoch.key(epoch.next_id)),
    ).fetchone()
    return int(values), since
