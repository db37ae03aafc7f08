"""Last values where ingest and pages are different processes: one row a store in PostgreSQL.

Workers write the rows of the stores that changed once a second and tell which; a process that
serves pages reads a store's row when somebody looks at it.
"""

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, insert, select, update

from hub.ingest.block import Block
from hub.ingest.registry import Registry
from hub.ingest.shard_tables import EnginePlaceRow, LastValuesRow
from hub.ingest.shards import LeasedDatabase
from hub.kit.db import Database
from hub.kit.upsert import replace_row
from hub.live import Event, EventKind
from hub.live.shared import SharedLive
from hub.timeseries.last import LastValues
from hub.timeseries.port import Points, TimeSeries

WRITE_S = 1.0
AT_ONCE = 500  # stores in one statement
_ROW = 4 + 8 + 8 + 1  # bytes of a point
_TABLE: Table = LastValuesRow.__table__  # type: ignore[assignment]  # declarative says FromClause


class SharedLast:
    """The consumer "live" of a shard."""

    name = "live"

    def __init__(
        self, db: LeasedDatabase, registry: Registry, live: SharedLive, timeseries: TimeSeries
    ) -> None:
        self._db, self._registry, self._live = db, registry, live
        self._position = timeseries.position()
        self._last = LastValues()
        self._changed: set[int] = set()
        self._written = time.monotonic()
        stores = list({node.store_id for node in registry.nodes()})
        with db.system_read("last values") as connection:
            for points in _load(connection, stores).values():
                self._last.apply(points)

    def position(self) -> int:
        return self._position

    def floor(self) -> int:
        return self._position

    def apply(self, block: Block) -> None:
        changed = self._last.apply(block.points)
        self._changed |= set(self._registry.store_of(changed).tolist()) - {0}
        self._position = block.last_seq

    def tick(self) -> None:
        if not self._changed or time.monotonic() - self._written < WRITE_S:
            return
        stores = [self._registry.store_id(number) for number in sorted(self._changed)]
        with self._db.system("last values") as connection:
            for begin in range(0, len(stores), AT_ONCE):
                rows = [self._row(store_id) for store_id in stores[begin : begin + AT_ONCE]]
                connection.execute(replace_row(connection, _TABLE, ["data"]), rows)
        self._changed, self._written = set(), time.monotonic()
        self._live.tell_readings(stores)

    def _row(self, store_id: UUID) -> dict[str, object]:
        series = [one.id for one in self._registry.of_store(store_id)]
        return {"store_id": store_id, "data": packed(self._last.of(series))}


class FollowedLast(LastValues):
    """Last values of a process that takes nothing in."""

    def __init__(self, db: Database, registry: Registry) -> None:
        super().__init__()
        self._db, self._registry = db, registry
        self._fresh: set[int] = set()  # numbers of stores whose row has been read since it changed

    def of(self, series: Sequence[int]) -> Points:
        numbers = set(self._registry.store_of(np.asarray(series, np.int32)).tolist())
        if missing := numbers - self._fresh - {0}:
            self.read([self._registry.store_id(number) for number in missing])
            self._fresh |= missing
        return super().of(series)

    def forget(self, store_ids: Sequence[UUID]) -> None:
        """Their rows have changed."""
        gone = set(store_ids)
        self._fresh = {n for n in self._fresh if self._registry.store_id(n) not in gone}

    def read(self, store_ids: Sequence[UUID]) -> dict[UUID, NDArray[np.int32]]:
        """Take over the rows of these stores; the series that changed."""
        with self._db.system_read("last values") as connection:
            found = _load(connection, store_ids)
        return {store_id: self.apply(points) for store_id, points in found.items()}


def follow_readings(live: SharedLive, last: FollowedLast, store_ids: Sequence[UUID]) -> None:
    """Workers have new values of these stores: whoever looks at one is told."""
    last.forget(store_ids)
    watched = [store_id for store_id in store_ids if live.is_watched(store_id)]
    for store_id, changed in (last.read(watched) if watched else {}).items():
        if len(changed):
            data = {"series": tuple(changed.tolist())}
            live.publish_here(Event(EventKind.READING, store_id, data))


class SqlPlace:
    """The position of a shard in a time-series server, as `hub.timeseries.remote.place.Kept`."""

    def __init__(self, db: LeasedDatabase, _folder: Path, database: str) -> None:
        table = EnginePlaceRow
        self._db = db
        self._mine = (table.shard == db.lease.shard, table.database == database)
        with db.system("engine place") as connection:
            found = connection.scalar(select(table.position).where(*self._mine))
            if found is None:
                row = {"shard": db.lease.shard, "database": database, "position": 0}
                connection.execute(insert(table).values(row))
        self.position: int = found or 0

    def save(self, position: int) -> None:
        if position != self.position:
            with self._db.system("engine place") as connection:
                connection.execute(
                    update(EnginePlaceRow).where(*self._mine).values(position=position)
                )
            self.position = position

    def copy_to(self, folder: Path) -> None:
        """The database's own backup has it."""


def packed(points: Points) -> bytes:
    """Four arrays, one after the other; points that are not known are left out."""
    known = points[points.t_ms > 0]
    columns = (known.series, known.t_ms, known.value, known.quality)
    return b"".join(np.ascontiguousarray(column).tobytes() for column in columns)


def unpacked(data: bytes) -> Points:
    count = len(data) // _ROW
    ends = np.cumsum([0, 4 * count, 8 * count, 8 * count, count]).tolist()
    parts = [data[begin:end] for begin, end in pairwise(ends)]
    return Points(
        np.frombuffer(parts[0], np.int32),
        np.frombuffer(parts[1], np.int64),
        np.frombuffer(parts[2], np.float64),
        np.frombuffer(parts[3], np.uint8),
    )


def _load(connection: Connection, store_ids: Sequence[UUID]) -> dict[UUID, Points]:
    found = select(LastValuesRow.store_id, LastValuesRow.data)
    rows = connection.execute(found.where(LastValuesRow.store_id.in_(store_ids)))
    return {row.store_id: unpacked(bytes(row.data)) for row in rows}
