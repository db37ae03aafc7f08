"""What a day of a series comes to, as it is kept for ever: pure sums, and the file of them."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.arrays import IS_COUNTED
from hub.timeseries.port import PointQuality, Points

SILENCE_MS = 60_000  # two heartbeats: so long a value goes on without being said again
_SCHEMA = """
CREATE TABLE IF NOT EXISTS days (
  series INTEGER, start_ms INTEGER, end_ms INTEGER, count INTEGER, min REAL, max REAL, sum REAL,
  first REAL, last REAL, rise REAL, coverage REAL, good INTEGER, bad INTEGER, stale INTEGER,
  estimated INTEGER, backfilled INTEGER, PRIMARY KEY (series, start_ms)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owed (
  series INTEGER, start_ms INTEGER, end_ms INTEGER, PRIMARY KEY (series, start_ms)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS whole (store INTEGER, start_ms INTEGER, PRIMARY KEY (store, start_ms));
CREATE TABLE IF NOT EXISTS dropped (kind TEXT PRIMARY KEY, until_ms INTEGER NOT NULL);
"""
_FIND = (
    "SELECT * FROM days WHERE start_ms >= ? AND start_ms < ?"
    " AND series IN (SELECT value FROM json_each(?)) ORDER BY series, start_ms"
)
_LATE = "series = ? AND start_ms <= ? AND end_ms > ? AND start_ms >= ?"


class Day(NamedTuple):
    """One series from one start of a day to the next; sums are of counted points.

    `rise` is what a counter grew by within the day, through resets; `coverage` the share of the day
    in which its value was known. The last five are how many points had each quality.
    """

    series: int
    start_ms: int
    end_ms: int
    readings: int
    min: float | None
    max: float | None
    sum: float | None
    first: float | None
    last: float | None
    rise: float | None
    coverage: float
    good: int
    bad: int
    stale: int
    estimated: int
    backfilled: int


def summed(points: Points, series: Sequence[int], start_ms: int, end_ms: int) -> list[Day]:
    """A row for each series, also for those without a point; `points` in (series, t) order."""
    wanted = np.asarray(series, np.int32)
    begins = np.searchsorted(points.series, wanted, "left").tolist()
    ends = np.searchsorted(points.series, wanted, "right").tolist()
    return [
        _day(number, points[begin:end], start_ms, end_ms)
        for number, begin, end in zip(wanted.tolist(), begins, ends, strict=True)
    ]


def _day(series: int, points: Points, start_ms: int, end_ms: int) -> Day:
    numbers = np.bincount(points.quality, minlength=len(PointQuality)).tolist()
    qualities = [numbers[q] for q in PointQuality if q is not PointQuality.MISSING]
    counted = points[IS_COUNTED[points.quality]]
    value = counted.value
    sums: list[float | None] = [None] * 6
    coverage = 0.0
    if len(value):
        known = (value.min(), value.max(), value.sum(), value[0], value[-1], rise_of(value))
        sums = [float(one) for one in known]
        coverage = _known_ms(points, end_ms) / (end_ms - start_ms)
    return Day._make((series, start_ms, end_ms, len(value), *sums, coverage, *qualities))


def rise_of(value: NDArray[np.float64]) -> float:
    """What a running total grew by; where it falls it began anew at nothing."""
    steps = np.diff(value)
    return float(np.where(steps >= 0, steps, value[1:]).sum())


def _known_ms(points: Points, end_ms: int) -> float:
    """A counted value holds until the next point, but not for longer than its usual silence."""
    gaps = np.diff(points.t_ms, append=end_ms)
    usual = np.median(gaps[:-1]) if len(gaps) > 1 else 0.0
    held = np.minimum(gaps, max(SILENCE_MS, 2 * usual))
    return float(held[IS_COUNTED[points.quality]].sum())


class DayFile:
    """The rows on disk; its owner's lock guards it."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, check_same_thread=False, timeout=10.0)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=FULL")
        self._file.executescript(_SCHEMA)
        newest = self._file.execute("SELECT max(end_ms) FROM days").fetchone()[0]
        self.newest_ms: int = newest or 0
        """Where the newest row ends: nothing after it can be late."""

    def keep(self, rows: Sequence[Day], store: int | None = None) -> None:
        """`store` where these are all of its series: that day of it is whole."""
        marks = ", ".join("?" * len(Day._fields))
        with self._file:
            self._file.executemany(f"INSERT OR REPLACE INTO days VALUES ({marks})", rows)  # noqa: S608 marks
            self._file.executemany(
                "DELETE FROM owed WHERE series = ? AND start_ms = ?",
                [(row.series, row.start_ms) for row in rows],
            )
            if store is not None:
                whole = {(store, row.start_ms) for row in rows}
                self._file.executemany("INSERT OR IGNORE INTO whole VALUES (?, ?)", whole)
        self.newest_ms = max((self.newest_ms, *(row.end_ms for row in rows)))

    def find(self, series: Sequence[int], start_ms: int, end_ms: int) -> list[Day]:
        """Those that begin in an interval, by series and time."""
        rows = self._file.execute(_FIND, (start_ms, end_ms, str([int(s) for s in series])))
        return [Day._make(row) for row in rows]

    def forget(self, late: Iterable[tuple[int, int, int]], since_ms: int) -> None:
        """(series, first, last stamp) of points that come late: these days are owed again. Days
        from before `since_ms` are final: their raw points are gone."""
        spans = [(series, last, first, since_ms) for series, first, last in late]
        with self._file:
            self._file.executemany(
                "INSERT OR IGNORE INTO owed SELECT series, start_ms, end_ms FROM days"  # noqa: S608 a constant
                f" WHERE {_LATE}",
                spans,
            )
            self._file.executemany(f"DELETE FROM days WHERE {_LATE}", spans)  # noqa: S608 a constant

    def owed(self, most: int) -> list[tuple[int, int, int]]:
        """(start, end, series) of days to make again, the newest first."""
        found = "SELECT start_ms, end_ms, series FROM owed ORDER BY 1 DESC, 2, 3 LIMIT ?"
        return self._file.execute(found, (most,)).fetchall()

    def is_whole(self, store: int, start_ms: int) -> bool:
        """Whether the day of every series of a store has been made."""
        found = "SELECT 1 FROM whole WHERE store = ? AND start_ms = ?"
        return self._file.execute(found, (store, start_ms)).fetchone() is not None

    def dropped_until(self, kind: str) -> int:
        found = self._file.execute(
            "SELECT until_ms FROM dropped WHERE kind = ?", (kind,)
        ).fetchone()
        return int(found[0]) if found else 0

    def note_dropped(self, kind: str, until_ms: int) -> None:
        with self._file:
            self._file.execute("INSERT OR REPLACE INTO dropped VALUES (?, ?)", (kind, until_ms))

    def raw_since_ms(self) -> int:
        """From here on every raw point is still there."""
        return int(self._file.execute("SELECT ifnull(max(until_ms), 0) FROM dropped").fetchone()[0])

    def copy_to(self, path: Path) -> None:
        with sqlite3.connect(path) as there:
            self._file.backup(there)
        there.close()

    def close(self) -> None:
        self._file.close()
