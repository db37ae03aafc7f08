"""Readings as the detectors take them: usable, in order, and split from late ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRESH_MS = 600_000  # an older reading notifies nobody
FUTURE_MS = 300_000  # a stamp further ahead of the hub's clock is a wrong clock: not judged


@dataclass(frozen=True, slots=True)
class Readings:
    """Arrays of one length, in journal order; `is_fresh` marks what may notify."""

    series: NDArray[np.int32]
    t_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    is_fresh: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.series)

    def __getitem__(self, index: slice | NDArray[np.bool_] | NDArray[np.intp]) -> "Readings":
        return Readings(
            self.series[index], self.t_ms[index], self.value[index], self.is_fresh[index]
        )


@dataclass(frozen=True, slots=True)
class Runs:
    """Readings sorted by series, journal order kept inside; run i is [starts[i], ends[i])."""

    readings: Readings
    position: NDArray[np.intp]  # of each reading in the block it came from
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]

    @property
    def series(self) -> NDArray[np.int32]:
        """The series of each run."""
        return self.readings.series[self.starts]

    @property
    def lengths(self) -> NDArray[np.intp]:
        return self.ends - self.starts


def runs_of(readings: Readings) -> Runs:
    """Group readings by series."""
    order = np.argsort(readings.series, kind="stable")
    ordered = readings[order]
    return _cut(ordered, order)


def split_late(runs: Runs, newest_ms: NDArray[np.int64]) -> tuple[Runs, Runs]:
    """Runs that go on from `newest_ms` (by series), and the readings older than their series.

    A reading is late when its stamp does not exceed every stamp before it in journal order.
    """
    readings, starts = runs.readings, runs.starts
    if not len(readings):
        return runs, runs
    before = np.empty_like(readings.t_ms)
    before[1:] = readings.t_ms[:-1]
    before[starts] = newest_ms[runs.series]
    is_rising = readings.t_ms > before
    if is_rising.all():
        none = np.zeros(len(readings), np.bool_)
        return runs, subset(runs, none)
    is_on_time = readings.t_ms > _running_max(before, starts)
    return subset(runs, is_on_time), subset(runs, ~is_on_time)


def _running_max(values: NDArray[np.int64], starts: NDArray[np.intp]) -> NDArray[np.int64]:
    """The largest value so far inside each run."""
    run = np.zeros(len(values), np.int64)
    run[starts[1:]] = 1
    offset = np.cumsum(run) * (int(values.max()) - int(values.min()) + 1)
    found: NDArray[np.int64] = np.maximum.accumulate(values + offset) - offset
    return found


def subset(runs: Runs, mask: NDArray[np.bool_]) -> Runs:
    """Some of the readings, cut into runs anew."""
    return _cut(runs.readings[mask], runs.position[mask])


def _cut(ordered: Readings, position: NDArray[np.intp]) -> Runs:
    series = ordered.series
    if not len(series):
        none = np.zeros(0, np.intp)
        return Runs(ordered, position, none, none)
    starts = np.flatnonzero(np.concatenate(([True], series[1:] != series[:-1])))
    ends = np.concatenate((starts[1:], [len(series)]))
    return Runs(ordered, position, starts, ends)
