"""What the hub asks of any time-series engine, and the arrays it speaks in.

All instants are int64 milliseconds since 1970 in UTC; intervals are [start, end). A point's key is
(series, t): a later write of the same key replaces it. Values are finite float64.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hub.errors import BusyError, ConflictError


class PointQuality(IntEnum):
    """Trust in a point (TSD-11). BAD, STALE and MISSING carry no value and are never counted."""

    GOOD = 0
    BAD = 1
    STALE = 2
    ESTIMATED = 3
    BACKFILLED = 4
    MISSING = 5


COUNTED = (PointQuality.GOOD, PointQuality.ESTIMATED, PointQuality.BACKFILLED)


class SlowQueryError(BusyError):
    """A query ran into its time limit and was interrupted; ask for less, or for coarser buckets."""


class UnsupportedError(ConflictError):
    """This engine cannot do that at all; its `capabilities` say so."""


NEWEST_AHEAD_DAYS = 2  # points may be so far ahead of the hub's clock


@dataclass(frozen=True, slots=True)
class Capabilities:
    """In what engines differ; the defaults are what the embedded one does."""

    replaces: bool = True  # else of two different points of one key either may stay
    deletes_intervals: bool = True  # else `delete` takes whole series only, [0, T_END_MS)
    newest_days: int | None = None  # `newest` looks back so far; None: all the way


@dataclass(frozen=True, slots=True)
class Points:
    """Points as arrays of one length; the value of a point that is not counted is 0.0."""

    series: NDArray[np.int32]
    t_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.series)

    def __getitem__(self, index: slice | NDArray[np.bool_] | NDArray[np.intp]) -> "Points":
        return Points(self.series[index], self.t_ms[index], self.value[index], self.quality[index])

    @property
    def is_counted(self) -> NDArray[np.bool_]:
        """Where the value means something."""
        return np.isin(self.quality, COUNTED)

    @staticmethod
    def empty() -> "Points":
        return Points.of([], [], [])

    @staticmethod
    def of(
        series: Sequence[int],
        t_ms: Sequence[int],
        value: Sequence[float],
        quality: Sequence[int] | None = None,
    ) -> "Points":
        """From plain lists; without `quality` all points are GOOD."""
        return Points(
            np.asarray(series, np.int32),
            np.asarray(t_ms, np.int64),
            np.asarray(value, np.float64),
            np.zeros(len(series), np.uint8) if quality is None else np.asarray(quality, np.uint8),
        )


@dataclass(frozen=True, slots=True)
class Buckets:
    """Aggregates of counted points, each array of shape (n_series, n_buckets).

    `count` 0 is a gap; there every other array is NaN, so a gap is never drawn or summed as zero.
    Row i belongs to the i-th series asked for, bucket j to [edges_ms[j], edges_ms[j + 1]).
    """

    series: NDArray[np.int32]
    edges_ms: NDArray[np.int64]
    count: NDArray[np.int64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]
    mean: NDArray[np.float64]
    sum: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]


class TimeSeries(Protocol):
    """One engine. Any thread may call it; `write` and `maintain` have one caller each."""

    @property
    def capabilities(self) -> Capabilities:
        """Where it does less than this port says."""

    def position(self) -> int:
        """Journal position of the last write; 0 in a new engine."""

    def floor(self) -> int:
        """The position that is safe on disk, up to `position()`: later rows may be needed again."""

    def write(self, points: Points, position: int) -> None:
        """Keep points and position, both or neither; writing the same again changes nothing."""

    def read(self, series: Sequence[int], start_ms: int, end_ms: int) -> Points:
        """All points of any quality, ordered by (series, t)."""

    def buckets(self, series: Sequence[int], edges_ms: NDArray[np.int64]) -> Buckets:
        """Aggregates between n+1 strictly increasing instants; see `hub.timeseries.edges`."""

    def newest(self) -> Points:
        """The newest point of every series: what `LastValues` starts from; see `newest_days`."""

    def delete(self, series: Sequence[int], start_ms: int, end_ms: int) -> None:
        """Forget these points for good; UnsupportedError where the engine cannot."""

    def drop_days(self, before_ms: int) -> int:
        """Let go of whole UTC days before an instant, at once and beside every write; how many.
        0 where the server's own retention does it."""

    def maintain(self, now: datetime) -> None:
        """House-keeping (sealing, merging); call about once a minute from a thread of its own."""

    def snapshot(self, folder: Path) -> None:
        """What a backup needs, as files in a new folder that the engine can start from.

        The embedded engine's whole state; of a remote one its position alone: its points are
        backed up by its own tools.
        """

    def close(self) -> None: ...
