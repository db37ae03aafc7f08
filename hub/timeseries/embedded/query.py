"""One read of the embedded engine: day by day, sealed file and hot segments merged, in time."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from time import monotonic

import duckdb
import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from hub.errors import T
from hub.timeseries.arrays import concat, ordered
from hub.timeseries.embedded.catalogue import DAY_MS, View
from hub.timeseries.embedded.hot import read_segments
from hub.timeseries.embedded.sealed import SealedFiles, StoreOf
from hub.timeseries.port import Points, SlowQueryError

SLOW_QUERY = T(
    "查询超过 {limit_s} 秒，已中断。请缩短时间范围，或选择更大的时间粒度。",
    "The query took more than {limit_s} s and was stopped. Ask for less time or wider buckets.",
)


class Query:
    """A picture of the catalogue, a connection and a time limit."""

    def __init__(
        self, connection: DuckDBPyConnection, view: View, files: SealedFiles, limit_s: float
    ) -> None:
        self._connection = connection
        self._view = view
        self._files = files
        self._limit_s = limit_s
        self._deadline_s = monotonic() + limit_s

    @contextmanager
    def limited(self) -> Iterator["Query"]:
        """Within this the time limit holds, inside DuckDB and between files."""
        timer = Timer(self._limit_s, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield self
        except duckdb.InterruptException as error:
            raise self._too_slow() from error
        finally:
            timer.cancel()

    def days(
        self, series: NDArray[np.int32], start_ms: int, end_ms: int, store_of: StoreOf
    ) -> Iterator[Points]:
        """Points of `series` (sorted) in [start, end): each day in order, each key once."""
        stores = np.unique(store_of(series)).tolist()
        for day in self._view.days(start_ms, end_ms):
            if monotonic() > self._deadline_s:
                raise self._too_slow()
            span_ms = max(start_ms, day * DAY_MS), min(end_ms, (day + 1) * DAY_MS)
            sealed = self._sealed(day, stores, series, span_ms)
            segments = self._view.segments_of(*span_ms)
            hot = read_segments(self._connection, segments, series, span_ms)
            parts = [part for part in (*sealed, hot) if len(part)]
            is_in_order = len(parts) == 1 and not len(hot)
            yield parts[0] if is_in_order else ordered(concat(parts))

    def _sealed(
        self, day: int, stores: list[int], series: NDArray[np.int32], span_ms: tuple[int, int]
    ) -> list[Points]:
        of_day = self._view.sealed.get(day, {})
        return [self._files.read(of_day[s], series, *span_ms) for s in stores if s in of_day]

    def _too_slow(self) -> SlowQueryError:
        return SlowQueryError(SLOW_QUERY.format(limit_s=f"{self._limit_s:g}"))
