"""Days of a series, kept for ever by the hub itself whatever the engine (docs/decisions/tiers.md).

A day is whatever its asker's day is: rows lie from one start to the next, in the store's zone. They
equal the raw points: a late point, before it is written, makes its days owed again.
"""

import math
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from hub.kit.clock import utc_now
from hub.timeseries.arrays import ordered, rows_of
from hub.timeseries.days import Day, DayFile, summed
from hub.timeseries.port import Buckets, Capabilities, Points, TimeSeries
from hub.timeseries.tiers import DAY_MS, SETTLE_S

FILE = "days.sqlite"
SHORTEST_MS, LONGEST_MS = 22 * 3_600_000, 26 * 3_600_000  # of a day with a change of the clock
SERIES_AT_ONCE = 64
FIELDS = ("min", "max", "sum", "first", "last")


class DailyTimeSeries:
    """An engine with its days. One process writes."""

    def __init__(
        self,
        engine: TimeSeries,
        folder: Path,
        *,
        now: Callable[[], datetime] = utc_now,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._engine, self._now, self._settle_s = engine, now, settle_s
        self._lock = threading.Lock()
        self._touched: dict[int, float] = {}  # UTC day → when a write to it ended; inf: it goes on
        self._started = monotonic()
        self._file = DayFile(folder / FILE)

    @property
    def capabilities(self) -> Capabilities:
        return self._engine.capabilities

    def position(self) -> int:
        return self._engine.position()

    def floor(self) -> int:
        return self._engine.floor()

    def write(self, points: Points, position: int) -> None:
        days = np.unique(points.t_ms // DAY_MS).tolist()
        with self._lock:
            self._touched.update(dict.fromkeys(days, math.inf))
            late = points[points.t_ms < self._file.newest_ms]
            if len(late):
                self._file.forget(_spans(late), self._file.raw_since_ms())
        try:
            self._engine.write(points, position)
        finally:
            with self._lock:
                self._touched.update(dict.fromkeys(days, monotonic()))

    def read(self, series: Sequence[int], start_ms: int, end_ms: int) -> Points:
        return self._engine.read(series, start_ms, end_ms)

    def buckets(self, series: Sequence[int], edges_ms: NDArray[np.int64]) -> Buckets:
        """By the day from what is kept, and where a day is not, from what the engine has."""
        widths = np.diff(edges_ms)
        if not len(widths) or widths.min() < SHORTEST_MS or widths.max() > LONGEST_MS:
            return self._engine.buckets(series, edges_ms)
        wanted, rows = np.unique(np.asarray(series, np.int32), return_inverse=True)
        with self._lock:
            kept = self._file.find(wanted.tolist(), int(edges_ms[0]), int(edges_ms[-1]))
        found, is_missing = _table(wanted, edges_ms, kept)
        columns = np.flatnonzero(is_missing.any(axis=0))
        if len(columns):
            begin, end = int(columns[0]), int(columns[-1]) + 1
            made = self._engine.buckets(wanted.tolist(), edges_ms[begin : end + 1])
            _fill(found, made, begin, is_missing[:, begin:end])
        return rows_of(found, rows)

    def newest(self) -> Points:
        return self._engine.newest()

    def delete(self, series: Sequence[int], start_ms: int, end_ms: int) -> None:
        with self._lock:
            spans = [(int(number), start_ms, end_ms - 1) for number in series]
            self._file.forget(spans, self._file.raw_since_ms())
        self._engine.delete(series, start_ms, end_ms)

    def drop_days(self, before_ms: int) -> int:
        return self._engine.drop_days(before_ms)

    def maintain(self, now: datetime) -> None:
        self._engine.maintain(now)

    def snapshot(self, folder: Path) -> None:
        self._engine.snapshot(folder)
        with self._lock:
            self._file.copy_to(folder / FILE)

    def close(self) -> None:
        self._engine.close()
        with self._lock:
            self._file.close()

    # days

    def days(self, series: Sequence[int], start_ms: int, end_ms: int) -> list[Day]:
        """Those that are kept and begin in an interval, by series and time."""
        with self._lock:
            return self._file.find(series, start_ms, end_ms)

    def make_day(
        self, series: Sequence[int], start_ms: int, end_ms: int, store: int | None = None
    ) -> bool:
        """Sum up a day that is over from its raw points; False while points may still arrive.
        `store` where these are all of its series."""
        began = monotonic()
        wanted = sorted(series)
        made = []
        for at in range(0, len(wanted), SERIES_AT_ONCE):
            some = wanted[at : at + SERIES_AT_ONCE]
            made += summed(
                ordered(self._engine.read(some, start_ms, end_ms)), some, start_ms, end_ms
            )
        days = range(start_ms // DAY_MS, (end_ms - 1) // DAY_MS + 1)
        with self._lock:
            quiet_s = max(self._touched.get(day, self._started) for day in days) + self._settle_s
            is_settled = quiet_s <= began
            if is_settled and start_ms >= self._file.raw_since_ms():
                self._file.keep(made, store)
        return is_settled

    def make_store_day(self, store: int, series: Sequence[int], span_ms: tuple[int, int]) -> bool:
        """Once: whether it is made, now or before."""
        with self._lock:
            if self._file.is_whole(store, span_ms[0]) or span_ms[0] < self._file.raw_since_ms():
                return True
        return self.make_day(series, *span_ms, store)

    def make_owed(self, most: int) -> int:
        """Days that late points changed; how many are made again."""
        with self._lock:
            owed = self._file.owed(most)
        made = 0
        for (start, end), rows in groupby(owed, itemgetter(0, 1)):
            series = [row[2] for row in rows]
            made += len(series) * self.make_day(series, start, end)
        return made

    def dropped_until(self, kind: str) -> int:
        with self._lock:
            return self._file.dropped_until(kind)

    def note_dropped(self, kind: str, until_ms: int) -> None:
        """From now on days before this are final."""
        with self._lock:
            self._file.note_dropped(kind, until_ms)


def _spans(points: Points) -> list[tuple[int, int, int]]:
    """First and last stamp of each series."""
    found = []
    for series in np.unique(points.series).tolist():
        t_ms = points.t_ms[points.series == series]
        found.append((series, int(t_ms.min()), int(t_ms.max())))
    return found


def _table(
    series: NDArray[np.int32], edges_ms: NDArray[np.int64], kept: Sequence[Day]
) -> tuple[Buckets, NDArray[np.bool_]]:
    """What is kept of these days, and where nothing is."""
    shape = (len(series), len(edges_ms) - 1)
    row_of = {number: row for row, number in enumerate(series.tolist())}
    ends = edges_ms.tolist()
    column_of = {start: (column, ends[column + 1]) for column, start in enumerate(ends[:-1])}
    count = np.zeros(shape, np.int64)
    planes = {name: np.full(shape, np.nan) for name in FIELDS}
    is_missing = np.ones(shape, np.bool_)
    for day in kept:
        column, end = column_of.get(day.start_ms, (-1, 0))
        if end != day.end_ms:
            continue
        row = row_of[day.series]
        is_missing[row, column] = False
        count[row, column] = day.readings
        for name in FIELDS if day.readings else ():
            planes[name][row, column] = getattr(day, name)
    mean = planes["sum"] / np.where(count, count, 1)
    return Buckets(series=series, edges_ms=edges_ms, count=count, mean=mean, **planes), is_missing


def _fill(found: Buckets, made: Buckets, begin: int, is_missing: NDArray[np.bool_]) -> None:
    span = slice(begin, begin + is_missing.shape[1])
    for name in ("count", "mean", *FIELDS):
        getattr(found, name)[:, span][is_missing] = getattr(made, name)[is_missing]
