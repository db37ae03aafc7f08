"""Checkpoints of detector state: the newest and the one before it are kept (R22)."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from sqlalchemy import delete, insert, select

from hub.ingest.shard_tables import DetectorCheckpointRow
from hub.ingest.shards import LeasedDatabase

log = logging.getLogger(__name__)

KEPT = 2


class CheckpointStore(Protocol):
    """Where they are kept; positions are of the journal."""

    def save(self, position: int, data: bytes) -> None:
        """Durable on return; older ones beyond the last two go."""

    def positions(self) -> list[int]:
        """The newest first."""

    def newest_first(self, limit: int) -> Iterator[tuple[int, bytes]]:
        """Those at or before `limit`; a state from after it would know what was never committed."""

    def drop(self, position: int) -> None:
        """Forget one that cannot be used."""


class SqlCheckpoints:
    """Of a shard, where the next worker finds them."""

    def __init__(self, db: LeasedDatabase) -> None:
        self._db, self._table = db, DetectorCheckpointRow
        self._mine = DetectorCheckpointRow.shard == db.lease.shard

    def save(self, position: int, data: bytes) -> None:
        table = self._table
        with self._db.system("checkpoint") as connection:
            kept = select(table.position).where(self._mine).order_by(table.position.desc())
            older = connection.scalars(kept).all()[KEPT - 1 :]
            connection.execute(delete(table).where(self._mine, table.position.in_(older)))
            row = {"shard": self._db.lease.shard, "position": position, "data": data}
            connection.execute(insert(table).values(row))

    def positions(self) -> list[int]:
        table = self._table
        with self._db.system_read("checkpoint") as connection:
            kept = select(table.position).where(self._mine).order_by(table.position.desc())
            return list(connection.scalars(kept))

    def newest_first(self, limit: int) -> Iterator[tuple[int, bytes]]:
        table = self._table
        for position in self.positions():
            if position <= limit:
                with self._db.system_read("checkpoint") as connection:
                    found = select(table.data).where(self._mine, table.position == position)
                    data = connection.scalar(found)
                if data is not None:
                    yield position, bytes(data)

    def drop(self, position: int) -> None:
        table = self._table
        with self._db.system("checkpoint") as connection:
            connection.execute(delete(table).where(self._mine, table.position == position))


class Checkpoints:
    """Files `events-<position>.state` of one folder; a torn one is never taken for a whole one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, position: int, data: bytes) -> None:
        """Durable on return; older ones beyond the last two go."""
        path = self._path(position)
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(self._folder)
        for old in self.positions()[KEPT:]:
            self._path(old).unlink(missing_ok=True)

    def positions(self) -> list[int]:
        """Journal positions of the checkpoints, the newest first."""
        found = (path.stem.partition("-")[2] for path in self._folder.glob("events-*.state"))
        return sorted((int(number) for number in found if number.isdecimal()), reverse=True)

    def newest_first(self, limit: int) -> Iterator[tuple[int, bytes]]:
        """Those at or before `limit`; a state from after it would know what was never committed."""
        for position in self.positions():
            if position <= limit:
                yield position, self._path(position).read_bytes()

    def drop(self, position: int) -> None:
        """Forget one that cannot be used."""
        self._path(position).unlink(missing_ok=True)

    def _path(self, position: int) -> Path:
        return self._folder / f"events-{position}.state"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
