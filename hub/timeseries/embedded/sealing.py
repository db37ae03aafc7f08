"""House-keeping of the embedded engine: hours are sorted when over, days are sealed to files.

Nothing here holds the writer back for longer than one short transaction.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from time import monotonic

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from hub.timeseries.arrays import concat, ordered
from hub.timeseries.embedded.catalogue import DAY_MS, Catalogue, SealedFile, Segment, SegmentState
from hub.timeseries.embedded.hot import (
    HotWriter,
    keep_newest,
    newest_in,
    read_segments,
    series_of,
    sort_segment,
)
from hub.timeseries.embedded.sealed import SealedFiles, StoreOf
from hub.timeseries.port import Points

log = logging.getLogger(__name__)

HOUR_GRACE_MS = 5 * 60_000  # a closed hour waits this long for its last points
DAY_GRACE_MS = 60 * 60_000
QUIET_S = 600.0  # a day is sealed when nothing came to it for so long
BIG_SEGMENT_ROWS = 10_000_000  # an unsorted segment of this size reads too slowly
SERIES_AT_ONCE = 32

Keep = Callable[[Points], Points]


class SealingStoppedError(Exception):
    """The engine closes; what is left undone changes nothing that readers see."""


class Sealer:
    """Runs on one thread with a connection of its own."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        *,
        catalogue: Catalogue,
        hot: HotWriter,
        files: SealedFiles,
        store_of: StoreOf,
        quiet_s: float = QUIET_S,
    ) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._hot = hot
        self._files = files
        self._store_of = store_of
        self._quiet_s = quiet_s
        self._is_stopped = threading.Event()

    def maintain(self, now: datetime) -> None:
        now_ms = int(now.timestamp() * 1000)
        self.sweep()
        for day in self._days_to_seal(now_ms):
            self.seal(day)
        self._freeze(now_ms)
        for segment in self._catalogue.view.segments:
            if segment.state is SegmentState.FROZEN:
                self._check()
                sort_segment(self._connection, segment)
                self._catalogue.replace_by_sorted(segment)

    def stop(self) -> None:
        """From any thread: what runs here raises SealingStoppedError soon."""
        self._is_stopped.set()

    def _check(self) -> None:
        if self._is_stopped.is_set():
            raise SealingStoppedError

    def sweep(self) -> None:
        """Take away what no reader can see any more."""
        for file in self._catalogue.sweep():
            self._files.remove(file)

    def seal(
        self,
        day: int,
        *,
        also: NDArray[np.int32] | None = None,
        keep: Keep = lambda points: points,
    ) -> None:
        """Merge the day's segments into its files; rewrite those of series `also`, too.

        `keep` may leave points out.
        """
        of_day = [s for s in self._catalogue.view.segments if s.day == day]
        self._catalogue.freeze([s for s in of_day if s.state is SegmentState.OPEN])
        taken = {s.id for s in of_day}
        segments = [s for s in self._catalogue.view.segments if s.id in taken]
        unfolded = [s for s in segments if s.state is SegmentState.FROZEN]
        keep_newest(self._connection, newest_in(self._connection, unfolded))
        series = series_of(self._connection, segments)
        if also is not None:
            series = np.union1d(series, also)
        files = [
            self._write_file(day, store, series=mine, segments=segments, keep=keep)
            for store, mine in self._by_store(series)
        ]
        self._catalogue.publish(day, files, segments)
        log.info("Sealed UTC day %s: %s files.", np.datetime64(day, "D"), len(files))

    def _by_store(self, series: NDArray[np.int32]) -> Iterator[tuple[int, NDArray[np.int32]]]:
        stores = np.asarray(self._store_of(series))
        for store in np.unique(stores).tolist():
            yield store, series[stores == store]

    def _write_file(
        self,
        day: int,
        store: int,
        *,
        series: NDArray[np.int32],
        segments: Sequence[Segment],
        keep: Keep,
    ) -> SealedFile:
        old = self._catalogue.view.sealed.get(day, {}).get(store)
        if old is not None:
            series = np.union1d(series, self._files.series(old))
        file = SealedFile(day, store, old.generation + 1 if old else 1)
        span_ms = (day * DAY_MS, (day + 1) * DAY_MS)

        def parts() -> Iterator[Points]:
            for begin in range(0, len(series), SERIES_AT_ONCE):
                self._check()
                chunk = series[begin : begin + SERIES_AT_ONCE]
                sealed = [self._files.read(old, chunk, *span_ms)] if old else []
                hot = read_segments(self._connection, segments, chunk, span_ms)
                yield keep(ordered(concat([*sealed, hot])))

        self._files.write(file, parts())
        return file

    def _days_to_seal(self, now_ms: int) -> list[int]:
        """Days that are over and quiet and still have segments."""
        last_write_s: dict[int, float] = {}
        for segment in self._catalogue.view.segments:
            if (segment.day + 1) * DAY_MS + DAY_GRACE_MS <= now_ms:
                written = self._hot.written_at_s.get(segment.id, 0.0)
                last_write_s[segment.day] = max(last_write_s.get(segment.day, 0.0), written)
        quiet_since = monotonic() - self._quiet_s
        return sorted(day for day, at in last_write_s.items() if at <= quiet_since)

    def _freeze(self, now_ms: int) -> None:
        over = [
            s
            for s in self._catalogue.view.segments
            if s.state is SegmentState.OPEN
            and (
                (s.is_hour and s.end_ms + HOUR_GRACE_MS <= now_ms)
                or self._hot.rows.get(s.id, 0) > BIG_SEGMENT_ROWS
            )
        ]
        if over:
            self._catalogue.freeze(over)
