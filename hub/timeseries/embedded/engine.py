"""The embedded time-series engine: DuckDB for hot points, Parquet files for sealed days."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from hub.kit.clock import utc_now
from hub.timeseries.arrays import Aggregator, concat, newest_of, ordered, rows_of, storable
from hub.timeseries.embedded import snapshot
from hub.timeseries.embedded.catalogue import DAY_MS, Catalogue, SealedFile, SegmentState
from hub.timeseries.embedded.hot import HotWriter, keep_newest, kept_newest, newest_in
from hub.timeseries.embedded.query import Query
from hub.timeseries.embedded.sealed import SealedFiles, StoreOf
from hub.timeseries.embedded.sealing import QUIET_S, Sealer, SealingStoppedError
from hub.timeseries.port import Buckets, Capabilities, Points

log = logging.getLogger(__name__)

MEMORY_LIMIT = "96MB"
THREADS = 2
QUERY_LIMIT_S = 5.0
QUERIES_AT_ONCE = 2  # more would not be faster and need more memory
SERIES_AT_ONCE = 64  # a query holds the points of so many series of one day


class DuckDbTimeSeries:
    """One process, any threads. `store_of` gives each series its store's number, for good."""

    capabilities = Capabilities()

    def __init__(
        self,
        folder: Path,
        store_of: StoreOf,
        *,
        now: Callable[[], datetime] = utc_now,
        query_limit_s: float = QUERY_LIMIT_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._now = now
        self._store_of = store_of
        self._query_limit_s = query_limit_s
        self._slots = threading.BoundedSemaphore(QUERIES_AT_ONCE)
        self._maintenance = threading.Lock()
        self._files = SealedFiles(folder / "sealed")
        self._database = duckdb.connect(
            folder / snapshot.HOT,
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": THREADS,
                "temp_directory": str(folder / "spill"),
            },
        )
        self._catalogue = Catalogue(self._database.cursor())
        self._recover()
        self._hot = HotWriter(self._catalogue)
        self._hot.count_rows(self._database)
        self._sealer = Sealer(
            self._database.cursor(),
            catalogue=self._catalogue,
            hot=self._hot,
            files=self._files,
            store_of=store_of,
            quiet_s=quiet_s,
        )

    def position(self) -> int:
        return self._catalogue.position

    def floor(self) -> int:
        return self._catalogue.position

    def write(self, points: Points, position: int) -> None:
        today = int(self._now().timestamp() * 1000) // DAY_MS
        self._hot.write(storable(points), position=position, today=today)

    def read(self, series: Sequence[int], start_ms: int, end_ms: int) -> Points:
        wanted = np.unique(np.asarray(series, np.int32))
        with self._query() as query:
            return ordered(concat(list(query.days(wanted, start_ms, end_ms, self._store_of))))

    def buckets(self, series: Sequence[int], edges_ms: NDArray[np.int64]) -> Buckets:
        wanted, rows = np.unique(np.asarray(series, np.int32), return_inverse=True)
        aggregator = Aggregator(wanted, edges_ms)
        start_ms, end_ms = int(edges_ms[0]), int(edges_ms[-1])
        with self._query() as query:
            for begin in range(0, len(wanted), SERIES_AT_ONCE):
                chunk = wanted[begin : begin + SERIES_AT_ONCE]
                for points in query.days(chunk, start_ms, end_ms, self._store_of):
                    aggregator.add(points)
        return rows_of(aggregator.buckets(), rows)

    def newest(self) -> Points:
        with self._maintenance, self._database.cursor() as connection:
            segments = self._catalogue.view.segments
            unfolded = [s for s in segments if s.state is not SegmentState.SORTED]
            return newest_of(concat([kept_newest(connection), newest_in(connection, unfolded)]))

    def delete(self, series: Sequence[int], start_ms: int, end_ms: int) -> None:
        wanted = np.unique(np.asarray(series, np.int32))

        def keep(points: Points) -> Points:
            inside = (points.t_ms >= start_ms) & (points.t_ms < end_ms)
            return points[~(inside & np.isin(points.series, wanted))]

        with self._maintenance:
            for day in self._catalogue.view.days(start_ms, end_ms):
                in_files = wanted[np.isin(self._store_of(wanted), self._stores_sealed(day))]
                if len(in_files):
                    self._sealer.seal(day, also=in_files, keep=keep)
            with self._catalogue.change() as change:
                tables = [s.table for s in change.view.segments_of(start_ms, end_ms)]
                for table in [*tables, "newest"]:
                    change.connection.execute(
                        f"DELETE FROM {table} "  # noqa: S608  names of our own tables
                        "WHERE series = ANY($1) AND t_ms >= $2 AND t_ms < $3",
                        [wanted.tolist(), start_ms, end_ms],
                    )

    def drop_days(self, before_ms: int) -> int:
        with self._maintenance:
            return self._catalogue.drop_days(before_ms // DAY_MS)

    def maintain(self, now: datetime) -> None:
        """A failure (a full disk) loses no point: it is logged, and the next call tries again."""
        with self._maintenance:
            try:
                self._sealer.maintain(now)
            except SealingStoppedError:
                log.info("House-keeping was left for the next start.")
            except (duckdb.Error, OSError) as error:
                log.error("House-keeping of the time series failed, later again: %s", error)

    def snapshot(self, folder: Path) -> None:
        """Writing goes on; house-keeping waits, so no file of the copy goes away meanwhile."""
        with self._maintenance, self._database.cursor() as connection:
            snapshot.take(connection, self._files, folder)

    def close(self) -> None:
        """House-keeping in progress is given up; its next start does it again."""
        self._sealer.stop()
        with self._maintenance:
            self._database.close()

    @contextmanager
    def _query(self) -> Iterator[Query]:
        with self._slots, self._database.cursor() as connection:
            query = Query(connection, self._catalogue.view, self._files, self._query_limit_s)
            with query.limited():
                yield query

    def _stores_sealed(self, day: int) -> list[int]:
        return list(self._catalogue.view.sealed.get(day, {}))

    def _recover(self) -> None:
        """Finish what a killed process left; adopt the sealed files of a lost database."""
        self._catalogue.drop_strays()
        self._files.remove_unfinished()
        if self._catalogue.is_new:
            self._adopt()
        known = {
            file for of_day in self._catalogue.view.sealed.values() for file in of_day.values()
        }
        for file in self._files.found():
            if file not in known:
                self._files.remove(file)

    def _adopt(self) -> None:
        latest: dict[tuple[int, int], SealedFile] = {}
        for file in sorted(self._files.found(), key=lambda f: (f.day, f.store, f.generation)):
            latest[file.day, file.store] = file
        newest_files = {file.store: file for file in latest.values()}
        for file in newest_files.values():
            span_ms = (file.day * DAY_MS, (file.day + 1) * DAY_MS)
            points = self._files.read(file, self._files.series(file), *span_ms)
            keep_newest(self._database, newest_of(points))
        for day in {file.day for file in latest.values()}:
            self._catalogue.publish(day, [file for file in latest.values() if file.day == day])
