"""Sums of 15 minutes, kept by the hub itself whatever the engine: on disk of days that are past,
in memory of the day under way.

They are made when they are first asked for, from the raw points, and forgotten when a point of
their day comes late or is deleted, so they always equal what the raw points say
(docs/decisions/tiers.md).
"""

import math
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from hub.kit.clock import utc_now
from hub.timeseries.arrays import rows_of
from hub.timeseries.cells import CELL_MS, CELLS_A_DAY, Cells, grid
from hub.timeseries.port import Buckets, Capabilities, Points, TimeSeries
from hub.timeseries.running import RunningDay

DAY_MS = 24 * 3_600_000
DAYS_AT_ONCE = 31
MOST_CELLS = 500_000  # 24 MB; whoever asks for more gets it from the engine, day by day
SETTLE_S = 10.0  # an engine may show a write only so much later
FILE = "tiers.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS quarters
  (day INTEGER NOT NULL, series INTEGER NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (day, series));
"""
_FIND = (
    "SELECT day, series, cells FROM quarters WHERE day BETWEEN ? AND ?"
    " AND series IN (SELECT value FROM json_each(?))"
)


class TieredTimeSeries:
    """An engine with its tiers. One process writes; `now` decides which days are past."""

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
        self._touched: dict[int, float] = {}  # day → when a write to it ended; inf: it goes on
        self._started = monotonic()
        self._running = RunningDay(settle_s)
        self._file = sqlite3.connect(folder / FILE, check_same_thread=False, timeout=10.0)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=FULL")
        self._file.executescript(_SCHEMA)
        self._days = {row[0] for row in self._file.execute("SELECT DISTINCT day FROM quarters")}

    @property
    def capabilities(self) -> Capabilities:
        return self._engine.capabilities

    def position(self) -> int:
        return self._engine.position()

    def floor(self) -> int:
        return self._engine.floor()

    def write(self, points: Points, position: int) -> None:
        """What the points make wrong is forgotten, durably, before they are written."""
        days = np.unique(points.t_ms // DAY_MS).tolist()
        today = self._today()
        with self._lock:
            quarters = self._running.begin(today, points.series, points.t_ms)
            self._touched.update(dict.fromkeys(days, math.inf))
            for day in self._days.intersection(days):
                of_day = points.series[points.t_ms // DAY_MS == day]
                self._forget(day, day, np.unique(of_day).tolist())
        try:
            self._engine.write(points, position)
        finally:
            self._settle(days)
            with self._lock:
                self._running.settle(today, quarters)

    def read(self, series: Sequence[int], start_ms: int, end_ms: int) -> Points:
        return self._engine.read(series, start_ms, end_ms)

    def buckets(self, series: Sequence[int], edges_ms: NDArray[np.int64]) -> Buckets:
        """From what is kept, where edges lie on quarters of an hour and past days are asked for."""
        start_ms, end_ms = int(edges_ms[0]), int(edges_ms[-1])
        today = self._today()
        first = start_ms // DAY_MS
        last = min(-(-end_ms // DAY_MS), today)
        if first >= last or not _is_on_grid(len(series), edges_ms):
            return self._engine.buckets(series, edges_ms)
        wanted, rows = np.unique(np.asarray(series, np.int32), return_inverse=True)
        parts = (
            *(
                self._tier(wanted, day, min(day + DAYS_AT_ONCE, last))
                for day in range(first, last, DAYS_AT_ONCE)
            ),
            self._rest(wanted, last, today, end_ms),
        )
        cells = Cells.joined(parts).between(start_ms - first * DAY_MS, end_ms - first * DAY_MS)
        return rows_of(cells.buckets(wanted, edges_ms), rows)

    def newest(self) -> Points:
        return self._engine.newest()

    def delete(self, series: Sequence[int], start_ms: int, end_ms: int) -> None:
        span = (start_ms // DAY_MS, (end_ms - 1) // DAY_MS)
        with self._lock:
            days = [day for day in self._days if span[0] <= day <= span[1]]
            self._touched.update(dict.fromkeys(days, math.inf))
            self._forget(*span, list(map(int, series)))
        try:
            self._engine.delete(series, start_ms, end_ms)
        finally:
            self._settle(days)
            with self._lock:
                self._running.forget()

    def drop_days(self, before_ms: int) -> int:
        """The sums of 15 minutes of these days stay."""
        return self._engine.drop_days(before_ms)

    def maintain(self, now: datetime) -> None:
        self._engine.maintain(now)

    def snapshot(self, folder: Path) -> None:
        """Without the tiers: they are made again."""
        self._engine.snapshot(folder)

    def close(self) -> None:
        self._engine.close()
        with self._lock:
            self._file.close()

    def _today(self) -> int:
        return int(self._now().timestamp() * 1000) // DAY_MS

    def _settle(self, days: Sequence[int]) -> None:
        with self._lock:
            self._touched.update(dict.fromkeys(days, monotonic()))

    def _forget(self, first: int, last: int, series: Sequence[int]) -> None:
        with self._file:
            self._file.executemany(
                "DELETE FROM quarters WHERE day BETWEEN ? AND ? AND series = ?",
                [(first, last, number) for number in series],
            )

    def _raw(self, series: NDArray[np.int32], start_ms: int, end_ms: int) -> Cells:
        if end_ms <= start_ms:
            return Cells.gaps(len(series), 0)
        return Cells.of(self._engine.buckets(series.tolist(), grid(start_ms, end_ms)))

    def _rest(self, series: NDArray[np.int32], day: int, today: int, end_ms: int) -> Cells:
        """From the beginning of a day on; of today what is kept is not read again."""
        if day < today or end_ms <= day * DAY_MS:
            return self._raw(series, day * DAY_MS, end_ms)
        with self._lock:
            kept = self._running.found(day, series)
        began = monotonic()
        kept = kept.between(0, min(kept.width * CELL_MS, end_ms - day * DAY_MS))
        made = self._raw(series, day * DAY_MS + kept.width * CELL_MS, end_ms)
        cells = Cells.joined((kept, made))
        over = cells.between(0, int(self._now().timestamp() * 1000) - day * DAY_MS)
        with self._lock:
            self._running.keep(day, series, over, began)
        return cells

    def _tier(self, series: NDArray[np.int32], first: int, last: int) -> Cells:
        """Of the whole days [first, last): what is kept, and the rest from raw points, kept now."""
        cells = Cells.gaps(len(series), (last - first) * CELLS_A_DAY)
        is_missing = np.ones((len(series), last - first), np.bool_)
        with self._lock:
            kept = self._file.execute(_FIND, (first, last - 1, str(series.tolist()))).fetchall()
        row_of = {number: row for row, number in enumerate(series.tolist())}
        for day, number, packed in kept:
            is_missing[row_of[number], day - first] = False
            cells.unpack(row_of[number], (day - first) * CELLS_A_DAY, packed)
        rows, days = np.flatnonzero(is_missing.any(axis=1)), np.flatnonzero(is_missing.any(axis=0))
        if len(rows):
            begin, end = int(days[0]), int(days[-1]) + 1
            began = monotonic()
            span_ms = ((first + begin) * DAY_MS, (first + end) * DAY_MS)
            made = self._raw(series[rows], *span_ms)
            cells.put(rows, begin * CELLS_A_DAY, made)
            self._keep(series[rows], first + begin, made, began)
        return cells

    def _keep(self, series: NDArray[np.int32], first: int, made: Cells, began: float) -> None:
        """Only what no write may have overtaken meanwhile."""
        with self._lock:
            days = [
                day
                for day in range(first, first + made.width // CELLS_A_DAY)
                if self._touched.get(day, self._started) + self._settle_s <= began
            ]
            with self._file:
                self._file.executemany(
                    "INSERT OR REPLACE INTO quarters VALUES (?, ?, ?)",
                    (
                        (day, number, made.pack(row, (day - first) * CELLS_A_DAY))
                        for day in days
                        for row, number in enumerate(series.tolist())
                    ),
                )
            self._days.update(days)


def _is_on_grid(n_series: int, edges_ms: NDArray[np.int64]) -> bool:
    """Whether cells can answer this, in bounded memory."""
    n_cells = n_series * int(edges_ms[-1] - edges_ms[0]) // CELL_MS
    is_rising = bool((np.diff(edges_ms) > 0).all())
    return 0 < n_cells <= MOST_CELLS and is_rising and not (edges_ms % CELL_MS).any()
