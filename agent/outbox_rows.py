"""The tables of the outbox: how rows are opened, read and checked. Only `outbox_*.py` know them."""

import fcntl
import logging
import os
import sqlite3
import zlib
from pathlib import Path
from typing import NamedTuple

from agent.outbox_batch import Channel
from protocols.sparkplug.journal import OpenEpoch

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
APPLICATION_ID = 0x53564F42  # "SVOB"
SCHEMA = f"""
BEGIN;
CREATE TABLE fact (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE alias (
    alias INTEGER PRIMARY KEY, device TEXT NOT NULL, metric TEXT NOT NULL, crc INTEGER NOT NULL,
    UNIQUE (device, metric)
);
CREATE TABLE epoch (
    ordinal INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, next_id INTEGER NOT NULL,
    acked INTEGER NOT NULL, ended_ms INTEGER NOT NULL, crc INTEGER NOT NULL
);
CREATE TABLE batch (
    key INTEGER PRIMARY KEY, device TEXT, stored_ms INTEGER NOT NULL, value_count INTEGER NOT NULL,
    crc INTEGER NOT NULL, payload BLOB NOT NULL
);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""
SELECT_ONE = (
    "SELECT key, device, stored_ms, value_count, crc, CAST(payload AS BLOB) FROM batch"
    " WHERE key = ?"
)
SELECT_RUN = (
    "SELECT key, device, stored_ms, value_count, crc, CAST(payload AS BLOB) FROM batch"
    " WHERE key > ? AND key < ? ORDER BY key LIMIT ?"
)
UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)  # SQLite's own words may be damaged too
_ID_BITS = 40

Row = tuple[int, str | None, int, int, int, bytes | None]  # as selected


class OutboxError(Exception):
    """The outbox cannot be used; the message says what to do."""


class OutboxDamagedError(OutboxError):
    """The file is not what was written; nobody may go on as if it were empty."""


class StoredBatch(NamedTuple):
    """`metrics` is empty where the row was damaged on disk: its values are lost, its id is not."""

    epoch: int
    id: int
    device: str | None
    values: int
    stored_ms: int
    metrics: bytes


class Epoch(NamedTuple):
    """One gap-free run of ids; `first` is the oldest row still kept, `next_id` if there is none.

    `acked` is what the hub said last; it may lie beyond `last` after a power cut.
    """

    ordinal: int
    number: int
    first: int = 1
    next_id: int = 1
    acked: int = 0
    ended_ms: int = 0

    @property
    def last(self) -> int:
        return self.next_id - 1

    @property
    def waiting(self) -> int:
        """How many kept batches the hub has not yet stored."""
        return max(0, self.last - max(self.acked, self.first - 1))

    def key(self, row_id: int) -> int:
        return self.ordinal << _ID_BITS | row_id

    def announcement(self) -> OpenEpoch:
        return OpenEpoch(self.number, self.first, self.last)


def checksum(*values: object, payload: bytes = b"") -> int:
    return zlib.crc32(payload, zlib.crc32(repr(values).encode()))


def lock_file(path: Path) -> int:
    """Hold the outbox for this process; the lock goes with the descriptor. Raises OutboxError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise OutboxError(f"Outbox {path} cannot be opened: {error}. Check its folder.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise OutboxError(f"Outbox {path} is in use by another process: stop it first.") from error
    return descriptor


def open_file(path: Path) -> sqlite3.Connection:
    """The connection of the writer, the schema made if the file is new. Raises OutboxError."""
    is_new = not path.exists()
    try:
        db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        db.text_factory = _lenient
    except sqlite3.OperationalError as error:
        raise OutboxError(f"Outbox {path} cannot be opened: {error}. Check its folder.") from error
    try:
        _prepare(db, path, is_new=is_new)
    except sqlite3.OperationalError as error:
        db.close()
        raise OutboxError(
            f"Outbox {path} cannot be used: {error}. Is the disk full or read-only, "
            "or the file not ours?"
        ) from error
    except (*UNREADABLE, OutboxError) as error:
        db.close()
        raise damaged(path, str(error)) from error
    return db


def _prepare(db: sqlite3.Connection, path: Path, *, is_new: bool) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA cache_size = -1024")
    if not db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
        _make(db, path, is_new=is_new)
    if _identity(db)[0] != APPLICATION_ID:
        raise sqlite3.OperationalError("the file is another program's database")
    if _identity(db)[1] != SCHEMA_VERSION:
        raise sqlite3.OperationalError("the file was written by another version of the agent")
    if _schema(db) != _expected_schema():
        raise OutboxError("its tables are not as they were made")
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise OutboxError(verdict)


def _make(db: sqlite3.Connection, path: Path, *, is_new: bool) -> None:
    """The tables, unless there was an outbox before: the lock file remembers."""
    marker = Path(f"{path}.lock")
    if marker.exists() and marker.stat().st_size:
        if not is_new:
            raise OutboxError("it is empty")
        log.warning("Outbox %s was removed: a new one begins, what was in it is lost.", path)
    db.executescript(SCHEMA)
    marker.write_text("An outbox was made here; see storevitals-agent outbox.\n", "utf-8")
    sync_folder(path)


def _schema(db: sqlite3.Connection) -> list[tuple[str, str | None]]:
    return db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def _expected_schema() -> list[tuple[str, str | None]]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    try:
        made.executescript(SCHEMA)
        return _schema(made)
    finally:
        made.close()


def _identity(db: sqlite3.Connection) -> tuple[int, int]:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(application), int(version)


def damaged(path: Path, what: object) -> OutboxDamagedError:
    return OutboxDamagedError(
        f"Outbox {path} is damaged ({what}). Run: storevitals-agent outbox repair"
    )


def sync_folder(path: Path) -> None:
    """The name of a new file survives a power cut."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_channels(db: sqlite3.Connection, path: Path) -> dict[tuple[str, str], Channel]:
    found = {}
    for alias, device, metric, crc in db.execute("SELECT * FROM alias ORDER BY alias"):
        if checksum(alias, device, metric) != crc:
            raise damaged(path, f"alias {alias}")
        found[device, metric] = Channel.of(alias, device, metric)
    if len(found) != max((c.alias for c in found.values()), default=0):
        raise damaged(path, "aliases are missing")
    return found


def read_epochs(
    db: sqlite3.Connection, path: Path, *, begins_after_acked: bool = False
) -> list[Epoch]:
    """All epochs, oldest first, each with the oldest row that is kept, or the first that is
    `begins_after_acked` where the rows cannot be asked."""
    epochs = []
    rows = db.execute("SELECT * FROM epoch ORDER BY ordinal").fetchall()
    for ordinal, number, next_id, acked, ended_ms, crc in rows:
        if checksum(ordinal, number, next_id, acked, ended_ms) != crc:
            raise damaged(path, f"epoch {ordinal}")
        epoch = Epoch(ordinal, int(number, 16), next_id, next_id, acked, ended_ms)
        first = min(acked + 1, next_id) if begins_after_acked else _oldest(db, epoch)
        epochs.append(epoch._replace(first=first))
    return epochs


def _oldest(db: sqlite3.Connection, epoch: Epoch) -> int:
    (key,) = db.execute(
        "SELECT MIN(key) FROM batch WHERE key BETWEEN ? AND ?",
        (epoch.key(1), epoch.key(epoch.next_id)),
    ).fetchone()
    return epoch.next_id if key is None else int(key) - epoch.key(0)


class OutboxReader:
    """Reads batches in a thread of its own while the writer writes."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5, check_same_thread=False
        )
        self._db.execute("PRAGMA cache_size = -512")
        self._db.text_factory = _lenient

    def read(self, epoch: Epoch, after_id: int, limit: int) -> list[StoredBatch]:
        """The next batches of an epoch in order of their ids; a damaged one comes empty."""
        found = self._db.execute(
            SELECT_RUN,
            (epoch.key(after_id), epoch.key(epoch.next_id), limit),
        ).fetchall()
        return [_verified(epoch, row) for row in found]

    def close(self) -> None:
        self._db.close()


def is_intact(row: Row) -> bool:
    """What was written is what is read, in every column."""
    *meta, crc, payload = row
    return payload is not None and checksum(*meta, payload=payload) == crc


def _lenient(text: bytes) -> str:
    """Damaged text is told by its checksum, not by an exception."""
    return text.decode("utf-8", "replace")


def _verified(epoch: Epoch, row: Row) -> StoredBatch:
    key, device, stored_ms, count, _, payload = row
    row_id = key - epoch.key(0)
    if payload is None or not is_intact(row):
        log.error(
            "Batch %d of epoch %016x was damaged on disk: its readings are lost; the hub will show "
            "a gap. Check the memory card.",
            row_id,
            epoch.number,
        )
        return StoredBatch(epoch.number, row_id, None, 0, stored_ms, b"")
    return StoredBatch(epoch.number, row_id, device, count, stored_ms, zlib.decompress(payload))
