"""The hub's journal: every message that was taken in, durable before it is acknowledged.

A SQLite file of its own with `synchronous=FULL`. One thread writes (`append`, `commit`); any
threads read. Rows have rising numbers `seq`; births, deaths, gaps and quarantines are rows too.
"""

import sqlite3
import threading
from abc import ABC, abstractmethod
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from hub.ingest.watermarks import Watermarks

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 10.0
CHECKPOINT_PAGES = 4000  # 16 MB of write-ahead log
READ_BYTES = 2 << 20  # of payload in one read, about 90,000 readings
DROP_ROWS = 2000  # in one transaction, a few milliseconds

_SCHEMA = """
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY, agent_id BLOB NOT NULL, kind INTEGER NOT NULL, epoch INTEGER NOT NULL,
  batch_id INTEGER NOT NULL, received_ms INTEGER NOT NULL, device TEXT NOT NULL,
  payload BLOB NOT NULL
);
CREATE TABLE watermark (
  agent_id BLOB NOT NULL, epoch INTEGER NOT NULL, batch_id INTEGER NOT NULL,
  stamp_ms INTEGER NOT NULL, PRIMARY KEY (agent_id, epoch)
) WITHOUT ROWID;
CREATE TABLE life (
  agent_id BLOB NOT NULL, epoch INTEGER NOT NULL, told_ms INTEGER NOT NULL,
  UNIQUE (agent_id, epoch)
);
CREATE TABLE born (agent_id BLOB PRIMARY KEY, bdseq INTEGER NOT NULL) WITHOUT ROWID;
"""
_COLUMNS = "seq, agent_id, kind, epoch, batch_id, received_ms, device, payload"
_INSERT = f"INSERT INTO entry ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)"  # noqa: S608 constants
_SELECT = f"SELECT {_COLUMNS} FROM entry WHERE seq > ? ORDER BY seq"  # noqa: S608 constants


class RowKind(IntEnum):
    """Codes that stand in the file: never change one."""

    NODE_BIRTH = 1
    NODE_DEATH = 2
    NODE_DATA = 3
    DEVICE_BIRTH = 4
    DEVICE_DEATH = 5
    DEVICE_DATA = 6
    GAP = 7
    QUARANTINE = 8
    CANARY = 9  # of no agent, without values


class Row(NamedTuple):
    """One entry; `agent_id` as bytes, `epoch` as SQLite keeps it (signed)."""

    seq: int
    agent_id: bytes
    kind: int
    epoch: int
    batch_id: int
    received_ms: int
    device: str
    payload: bytes


class JournalError(Exception):
    """The journal cannot be used; the message says what to do."""


class JournalBase(ABC):
    """What waits for the next commit, whatever keeps it; `place` is its name in messages."""

    drop_every_s = 0.2

    def __init__(self, place: str, last_seq: int) -> None:
        self.place = place
        self.last_seq = last_seq
        self.next_seq = last_seq + 1
        self._forget_pending()

    def start_after(self, seq: int) -> None:
        """Give no number that a consumer has passed: these rows may be older than its results."""
        self.last_seq = max(self.last_seq, seq)
        self.next_seq = self.last_seq + 1

    def append(
        self,
        agent_id: UUID,
        kind: RowKind,
        payload: bytes,
        *,
        received_ms: int,
        epoch: int = 0,
        batch_id: int = 0,
        device: str = "",
    ) -> int:
        """Add a row to the next commit; its number."""
        seq = self.next_seq
        self.next_seq = seq + 1
        self._rows.append(
            Row(seq, agent_id.bytes, kind, signed(epoch), batch_id, received_ms, device, payload)
        )
        return seq

    def mark(self, agent_id: UUID, epoch: int, batch_id: int, stamp_ms: int) -> None:
        """The watermark, to go with its row in the next commit."""
        self._marks[agent_id.bytes, signed(epoch)] = (batch_id, stamp_ms)

    def live(self, agent_id: UUID, epoch: int, told_ms: int) -> None:
        self._lives[agent_id.bytes, signed(epoch)] = told_ms

    def born(self, agent_id: UUID, bdseq: int) -> None:
        self._born[agent_id.bytes] = bdseq

    @property
    def is_dirty(self) -> bool:
        return bool(self._rows or self._marks or self._lives or self._born)

    def commit(self) -> None:
        """Make durable what was added since the last commit; on an error all of it is forgotten."""
        try:
            self._write_pending()
        except Exception:
            self.next_seq = self.last_seq + 1
            raise
        else:
            self.last_seq = self._rows[-1].seq if self._rows else self.last_seq
        finally:
            self._forget_pending()

    def _forget_pending(self) -> None:
        self._rows: list[Row] = []
        self._marks: dict[tuple[bytes, int], tuple[int, int]] = {}
        self._lives: dict[tuple[bytes, int], int] = {}
        self._born: dict[bytes, int] = {}

    @abstractmethod
    def _write_pending(self) -> None:
        """All of it in one durable transaction."""

    @abstractmethod
    def watermarks(self) -> dict[UUID, Watermarks]:
        """What is durable, by agent."""

    @abstractmethod
    def births(self) -> dict[UUID, int]:
        """The `bdSeq` of the last birth of each agent."""

    @abstractmethod
    def forget_lives(self, agent_id: UUID) -> None:
        """An operator has sorted out a clone: what speaks next is believed."""

    @abstractmethod
    def read(self, after: int, most: int = READ_BYTES) -> list[Row]:
        """Rows after a number, in order, up to about so many bytes but at least one; any thread."""

    @abstractmethod
    def drop(self, floor: int, before_ms: int) -> int:
        """Forget rows that are not after `floor` and were received before an instant: of the
        oldest 2,000, so that it takes a few milliseconds.

        The newest row always stays: the next number is counted from it. Called by the writer.
        """

    @abstractmethod
    def size_bytes(self) -> int:
        """Of the rows that are kept."""

    @abstractmethod
    def close(self) -> None: ...


class Journal(JournalBase):
    """Opens or makes the file; raises JournalError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write = _open(path)
        self._read = _open(path)
        self._reading = threading.Lock()
        newest = self._write.execute("SELECT ifnull(max(seq), 0) FROM entry").fetchone()
        super().__init__(str(path), newest[0])

    def watermarks(self) -> dict[UUID, Watermarks]:
        found: dict[UUID, Watermarks] = {}
        for agent, epoch, batch_id, stamp_ms in self._write.execute(
            "SELECT agent_id, epoch, batch_id, stamp_ms FROM watermark"
        ):
            marks = found.setdefault(UUID(bytes=agent), Watermarks())
            marks.marks[unsigned(epoch)], marks.stamps[unsigned(epoch)] = batch_id, stamp_ms
        for agent, epoch, told_ms in self._write.execute(
            "SELECT agent_id, epoch, told_ms FROM life ORDER BY rowid"
        ):
            found.setdefault(UUID(bytes=agent), Watermarks()).lives[unsigned(epoch)] = told_ms
        return found

    def births(self) -> dict[UUID, int]:
        rows = self._write.execute("SELECT agent_id, bdseq FROM born")
        return {UUID(bytes=agent): bdseq for agent, bdseq in rows}

    def forget_lives(self, agent_id: UUID) -> None:
        with self._write:
            self._write.execute("DELETE FROM life WHERE agent_id = ?", (agent_id.bytes,))

    def _write_pending(self) -> None:
        with self._write as file:
            file.executemany(_INSERT, self._rows)
            file.executemany(
                "INSERT OR REPLACE INTO watermark VALUES (?,?,?,?)",
                [(*key, *mark) for key, mark in self._marks.items()],
            )
            file.executemany(
                "INSERT INTO life VALUES (?,?,?) ON CONFLICT DO UPDATE"
                " SET told_ms = excluded.told_ms",
                [(*key, told_ms) for key, told_ms in self._lives.items()],
            )
            file.executemany("INSERT OR REPLACE INTO born VALUES (?,?)", self._born.items())

    def read(self, after: int, most: int = READ_BYTES) -> list[Row]:
        found, size = [], 0
        with self._reading:
            cursor = self._read.execute(_SELECT, (after,))
            for row in cursor:
                found.append(Row._make(row))
                size += len(row[7]) + 100
                if size >= most:
                    break
            cursor.close()
        return found

    def drop(self, floor: int, before_ms: int) -> int:
        oldest = self._write.execute("SELECT min(seq) FROM entry").fetchone()[0]
        if oldest is None:
            return 0
        until = min(floor, self.last_seq - 1, oldest + DROP_ROWS - 1)
        with self._write as file:
            gone: int = file.execute(
                "DELETE FROM entry WHERE seq <= ? AND received_ms < ?", (until, before_ms)
            ).rowcount
        return gone

    def size_bytes(self) -> int:
        """Of the rows' pages; free pages are used again and count as nothing."""
        with self._reading:
            pages, free, size = (
                self._read.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)

    def close(self) -> None:
        self._write.close()
        self._read.close()


def signed(epoch: int) -> int:
    """SQLite's integers are signed."""
    return epoch - (1 << 64) if epoch >> 63 else epoch


def unsigned(epoch: int) -> int:
    return epoch & ((1 << 64) - 1)


def _open(path: Path) -> sqlite3.Connection:
    try:
        file = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=FULL")
        file.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        version = file.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            _make(file)
        elif version != SCHEMA_VERSION:
            raise JournalError(
                f"{path} was written by another version of the hub (form {version}, this one knows "
                f"{SCHEMA_VERSION}): install that version, or restore a backup."
            )
    except sqlite3.Error as error:
        raise JournalError(
            f"The journal {path} cannot be opened ({error}): check the disk's space and rights; if "
            "the file is damaged, move it away and restart: the agents send again what they hold."
        ) from error
    return file


def _make(file: sqlite3.Connection) -> None:
    with file:
        file.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
