"""Aggregates on a grid of 15 minutes, and wider buckets made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.port import Buckets

CELL_MS = 15 * 60_000
CELLS_A_DAY = 96
_VALUES = 5  # min, max, sum, first, last: the planes of `value`
_MIN, _MAX, _SUM, _FIRST, _LAST = range(_VALUES)


def grid(start_ms: int, end_ms: int) -> NDArray[np.int64]:
    return np.arange(start_ms, end_ms + 1, CELL_MS, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Cells:
    """`count` of shape (series, cells), `value` (5, series, cells), NaN where the count is 0."""

    count: NDArray[np.int64]
    value: NDArray[np.float64]

    @staticmethod
    def gaps(n_series: int, width: int) -> "Cells":
        return Cells(
            np.zeros((n_series, width), np.int64), np.full((_VALUES, n_series, width), np.nan)
        )

    @staticmethod
    def of(buckets: Buckets) -> "Cells":
        b = buckets
        return Cells(b.count, np.stack((b.min, b.max, b.sum, b.first, b.last)))

    @staticmethod
    def joined(parts: Sequence["Cells"]) -> "Cells":
        """Side by side in time."""
        return Cells(
            np.concatenate([part.count for part in parts], axis=1),
            np.concatenate([part.value for part in parts], axis=2),
        )

    @property
    def width(self) -> int:
        return int(self.count.shape[1])

    def between(self, begin_ms: int, end_ms: int) -> "Cells":
        """Those of an interval, counted from the first cell."""
        span = slice(begin_ms // CELL_MS, end_ms // CELL_MS)
        return Cells(self.count[:, span], self.value[:, :, span])

    def pack(self, row: int, at: int) -> bytes:
        """One series' day as bytes; nothing for a day without points."""
        count = self.count[row, at : at + CELLS_A_DAY]
        if not count.any():
            return b""
        return (
            count.astype("<i8").tobytes()
            + self.value[:, row, at : at + CELLS_A_DAY].astype("<f8").tobytes()
        )

    def unpack(self, row: int, at: int, packed: bytes) -> None:
        """Put back what `pack` gave."""
        if packed:
            span = slice(at, at + CELLS_A_DAY)
            self.count[row, span] = np.frombuffer(packed, "<i8", CELLS_A_DAY)
            values = np.frombuffer(packed, "<f8", offset=8 * CELLS_A_DAY)
            self.value[:, row, span] = values.reshape(_VALUES, CELLS_A_DAY)

    def put(self, rows: NDArray[np.intp], at: int, other: "Cells") -> None:
        """Other's rows and columns take the place of mine."""
        span = slice(at, at + other.width)
        self.count[rows, span] = other.count
        self.value[:, rows, span] = other.value

    def buckets(self, series: NDArray[np.int32], edges_ms: NDArray[np.int64]) -> Buckets:
        """`edges_ms` begin with the first cell, end with the last, and lie on the grid."""
        cuts = (edges_ms[:-1] - edges_ms[0]) // CELL_MS
        is_cell = self.count > 0
        number = np.arange(self.width)
        count = np.add.reduceat(self.count, cuts, axis=1)
        first = np.minimum.reduceat(np.where(is_cell, number, self.width - 1), cuts, axis=1)
        last = np.maximum.reduceat(np.where(is_cell, number, 0), cuts, axis=1)
        is_gap = count == 0
        total = np.add.reduceat(np.where(is_cell, self.value[_SUM], 0.0), cuts, axis=1)
        total[is_gap] = np.nan
        return Buckets(
            series=series,
            edges_ms=edges_ms,
            count=count,
            min=np.fmin.reduceat(self.value[_MIN], cuts, axis=1),
            max=np.fmax.reduceat(self.value[_MAX], cuts, axis=1),
            mean=total / np.where(is_gap, 1, count),
            sum=total,
            first=_picked(self.value[_FIRST], first, is_gap),
            last=_picked(self.value[_LAST], last, is_gap),
        )


def _picked(
    plane: NDArray[np.float64], at: NDArray[np.intp], is_gap: NDArray[np.bool_]
) -> NDArray[np.float64]:
    return np.where(is_gap, np.nan, np.take_along_axis(plane, at, axis=1))
