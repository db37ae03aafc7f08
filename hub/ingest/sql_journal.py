"""The journal of one shard in PostgreSQL: what any worker can go on from.

The rows of the last moments stay in memory as well, so that consumers that keep up read nothing
back from the database.
"""

import threading
from collections import deque
from uuid import UUID

import psycopg
from sqlalchemy import Connection, text

from hub.ingest.journal import (
    DROP_ROWS,
    READ_BYTES,
    JournalBase,
    JournalError,
    Row,
    unsigned,
)
from hub.ingest.shards import LeasedDatabase
from hub.ingest.watermarks import Watermarks

READ_ROWS = 2000
RECENT_BYTES = 8 << 20  # of payload that stays in memory
_COPY = (
    "COPY journal_entries"
    " (shard, seq, agent_id, kind, epoch, batch_id, received_ms, device, payload)"
    " FROM STDIN (FORMAT BINARY)"
)
_TYPES = ("int4", "int8", "bytea", "int4", "int8", "int8", "int8", "varchar", "bytea")
_MARK = text(
    "INSERT INTO journal_marks (agent_id, epoch, shard, batch_id, stamp_ms)"
    " VALUES (:agent_id, :epoch, :shard, :batch_id, :stamp_ms) ON CONFLICT (agent_id, epoch)"
    " DO UPDATE SET batch_id = excluded.batch_id, stamp_ms = excluded.stamp_ms"
)
_LIFE = text(
    "INSERT INTO journal_lives (agent_id, epoch, shard, number, told_ms)"
    " VALUES (:agent_id, :epoch, :shard,"
    " (SELECT coalesce(max(number), 0) + 1 FROM journal_lives WHERE agent_id = :agent_id),"
    " :told_ms) ON CONFLICT (agent_id, epoch) DO UPDATE SET told_ms = excluded.told_ms"
)
_BIRTH = text(
    "INSERT INTO journal_births (agent_id, shard, bdseq) VALUES (:agent_id, :shard, :bdseq)"
    " ON CONFLICT (agent_id) DO UPDATE SET bdseq = excluded.bdseq"
)
_READ = text(
    "SELECT seq, agent_id, kind, epoch, batch_id, received_ms, device, payload"
    " FROM journal_entries WHERE shard = :shard AND seq > :after ORDER BY seq LIMIT :most"
)
_DROP = text(
    "DELETE FROM journal_entries"
    " WHERE shard = :shard AND seq >= :oldest AND seq <= :until AND received_ms < :before"
)
_OLDEST = text("SELECT min(seq) FROM journal_entries WHERE shard = :shard")


class SqlJournal(JournalBase):
    """Of the shard whose lease the database has; every commit looks at the lease."""

    drop_every_s = 5.0

    def __init__(self, db: LeasedDatabase) -> None:
        self._db, self._shard = db, db.lease.shard
        self._recent: deque[Row] = deque()
        self._recent_bytes = 0
        self._recently = threading.Lock()
        with db.system("journal") as connection:
            newest = connection.scalar(
                text("SELECT coalesce(max(seq), 0) FROM journal_entries WHERE shard = :shard"),
                {"shard": self._shard},
            )
        super().__init__(f"journal of shard {self._shard}", newest or 0)

    def watermarks(self) -> dict[UUID, Watermarks]:
        found: dict[UUID, Watermarks] = {}
        marks = text("SELECT * FROM journal_marks WHERE shard = :shard")
        lives = text("SELECT * FROM journal_lives WHERE shard = :shard ORDER BY number")
        with self._db.system_read("journal") as connection:
            for row in connection.execute(marks, {"shard": self._shard}):
                mine = found.setdefault(UUID(bytes=bytes(row.agent_id)), Watermarks())
                epoch = unsigned(row.epoch)
                mine.marks[epoch], mine.stamps[epoch] = row.batch_id, row.stamp_ms
            for row in connection.execute(lives, {"shard": self._shard}):
                mine = found.setdefault(UUID(bytes=bytes(row.agent_id)), Watermarks())
                mine.lives[unsigned(row.epoch)] = row.told_ms
        return found

    def births(self) -> dict[UUID, int]:
        births = text("SELECT agent_id, bdseq FROM journal_births WHERE shard = :shard")
        with self._db.system_read("journal") as connection:
            rows = connection.execute(births, {"shard": self._shard})
            return {UUID(bytes=bytes(row.agent_id)): row.bdseq for row in rows}

    def forget_lives(self, agent_id: UUID) -> None:
        with self._db.system("journal") as connection:
            connection.execute(
                text("DELETE FROM journal_lives WHERE agent_id = :agent_id"),
                {"agent_id": agent_id.bytes},
            )

    def read(self, after: int, most: int = READ_BYTES) -> list[Row]:
        rows = self._recent_after(after)
        if not rows:
            with self._db.system_read("journal") as connection:
                asked = {"shard": self._shard, "after": after, "most": READ_ROWS}
                rows = [Row._make(row) for row in connection.execute(_READ, asked)]
        return _bounded(rows, most)

    def drop(self, floor: int, before_ms: int) -> int:
        with self._db.system("journal") as connection:
            oldest = connection.scalar(_OLDEST, {"shard": self._shard})
            if oldest is None:
                return 0
            until = min(floor, self.last_seq - 1, oldest + DROP_ROWS - 1)
            asked = {"shard": self._shard, "oldest": oldest, "until": until, "before": before_ms}
            return connection.execute(_DROP, asked).rowcount

    def size_bytes(self) -> int:
        """None here: the disk of the database is watched there."""
        return 0

    def close(self) -> None:
        """Nothing is open between two commits."""

    def _write_pending(self) -> None:
        try:
            with self._db.system("journal") as connection:
                self._copy(connection)
                self._write_marks(connection)
        except psycopg.Error as error:
            raise JournalError(f"The {self.place} cannot be written: {error}") from error
        self._remember()

    def _copy(self, connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if not self._rows or driver is None:
            return
        with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for row in self._rows:
                copy.write_row((self._shard, *row))

    def _write_marks(self, connection: Connection) -> None:
        shard = self._shard
        marks = [
            {"agent_id": agent, "epoch": epoch, "shard": shard, "batch_id": batch, "stamp_ms": at}
            for (agent, epoch), (batch, at) in self._marks.items()
        ]
        if marks:
            connection.execute(_MARK, marks)
        for (agent, epoch), told_ms in self._lives.items():
            life = {"agent_id": agent, "epoch": epoch, "shard": shard, "told_ms": told_ms}
            connection.execute(_LIFE, life)
        births = [{"agent_id": a, "shard": shard, "bdseq": b} for a, b in self._born.items()]
        if births:
            connection.execute(_BIRTH, births)

    def _remember(self) -> None:
        with self._recently:
            for row in self._rows:
                self._recent.append(row)
                self._recent_bytes += len(row.payload)
            while self._recent_bytes > RECENT_BYTES:
                self._recent_bytes -= len(self._recent.popleft().payload)

    def _recent_after(self, after: int) -> list[Row]:
        """Empty where the rows right after it are no longer in memory."""
        with self._recently:
            if not self._recent or after < self._recent[0].seq - 1:
                return []
            first = after + 1 - self._recent[0].seq
            newest = list(self._recent)
        return newest[first : first + READ_ROWS]


def _bounded(rows: list[Row], most: int) -> list[Row]:
    size = 0
    for number, row in enumerate(rows, 1):
        size += len(row.payload) + 100
        if size >= most:
            return rows[:number]
    return rows
