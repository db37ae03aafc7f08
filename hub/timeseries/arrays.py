"""Pure array work that every engine shares: order, repair, and aggregates over sorted points."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.port import COUNTED, Buckets, PointQuality, Points

_T_BITS = 42  # enough for every instant from 1970 to 2109
T_END_MS = 1 << _T_BITS
SERIES_END = 1 << (63 - _T_BITS)

IS_COUNTED = np.zeros(256, np.bool_)
IS_COUNTED[list(COUNTED)] = True


def sort_key(points: Points) -> NDArray[np.int64]:
    """One integer per point that sorts as (series, t) does."""
    return (points.series.astype(np.int64) << _T_BITS) | points.t_ms


def concat(parts: Sequence[Points]) -> Points:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Points.empty()
    return Points(
        np.concatenate([part.series for part in parts]),
        np.concatenate([part.t_ms for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.quality for part in parts]),
    )


def ordered(points: Points) -> Points:
    """In (series, t) order, each key once: of several points of one key the last one stays."""
    key = sort_key(points)
    steps = np.diff(key)
    if (steps > 0).all():
        return points
    if (steps < 0).any():
        order = np.argsort(key, kind="stable")
        points, key = points[order], key[order]
    is_last_of_key = np.append(np.diff(key) > 0, True)
    return points if is_last_of_key.all() else points[is_last_of_key]


def newest_of(points: Points) -> Points:
    """The newest point of each series."""
    points = ordered(points)
    return points[np.append(np.diff(points.series) > 0, True)] if len(points) else points


def cut(points: Points, series: NDArray[np.int32], start_ms: int, end_ms: int) -> Points:
    """Of points in (series, t) order those of `series` (sorted) in [start, end), in that order.

    Without a copy where they lie side by side.
    """
    slices: list[slice] = []
    for begin, end in _runs(points, series):
        t_ms = points.t_ms[begin:end]
        low, high = (begin + np.searchsorted(t_ms, (start_ms, end_ms))).tolist()
        if slices and slices[-1].stop == low:
            slices[-1] = slice(slices[-1].start, high)
        elif high > low:
            slices.append(slice(low, high))
    return concat([points[s] for s in slices])


def _runs(points: Points, series: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Begin and end of each series in points that are in (series, t) order."""
    begin = np.searchsorted(points.series, series, "left").tolist()
    end = np.searchsorted(points.series, series, "right").tolist()
    return list(zip(begin, end, strict=True))


def storable(points: Points) -> Points:
    """Points that any engine can keep: what has no finite value becomes BAD, never a number."""
    if len(points) and (
        min(points.t_ms.min(), points.series.min()) < 0
        or points.t_ms.max() >= T_END_MS
        or points.series.max() >= SERIES_END
    ):
        raise ValueError(
            f"A point lies outside what can be kept: series must be in [0, {SERIES_END}) "
            f"and its time in [0, {T_END_MS}) ms."
        )
    is_finite = np.isfinite(points.value)
    if is_finite.all():
        return points
    return Points(
        points.series,
        points.t_ms,
        np.where(is_finite, points.value, 0.0),
        np.where(is_finite, points.quality, PointQuality.BAD).astype(np.uint8),
    )


class Aggregator:
    """Sums points up into buckets, part by part.

    Each part is in (series, t) order without doubles; parts of one series come in time order.
    """

    def __init__(self, series: NDArray[np.int32], edges_ms: NDArray[np.int64]) -> None:
        if len(edges_ms) < 2 or not (np.diff(edges_ms) > 0).all():
            raise ValueError("Buckets need at least two strictly increasing edges.")
        shape = (len(series), len(edges_ms) - 1)
        self._series = series
        self._edges_ms = edges_ms
        self._count = np.zeros(shape, np.int64)
        self._sum = np.zeros(shape)
        self._min, self._max, self._first, self._last = (np.full(shape, np.nan) for _ in range(4))

    def add(self, points: Points) -> None:
        """Points of other series or outside the edges do no harm."""
        if points.quality.any():
            counted = IS_COUNTED[points.quality]
            points = points if counted.all() else points[counted]
        if not len(points):
            return
        left, right = self._columns(points)
        edges = self._edges_ms[left : right + 1]
        bounds = np.array(
            [b + np.searchsorted(points.t_ms[b:e], edges) for b, e in _runs(points, self._series)]
        ).reshape(len(self._series), len(edges))
        row, column = np.nonzero(bounds[:, 1:] > bounds[:, :-1])
        if len(row):
            begin, end = bounds[row, column], bounds[row, column + 1]
            self._merge(points.value, (row, column + left), begin, end)

    def _columns(self, points: Points) -> tuple[int, int]:
        """The first edge at or before the points, and the first one after them."""
        last = len(self._edges_ms) - 1
        left = int(np.searchsorted(self._edges_ms, points.t_ms.min(), "right")) - 1
        right = int(np.searchsorted(self._edges_ms, points.t_ms.max(), "right"))
        return min(max(left, 0), last), min(right, last)

    def _merge(
        self,
        value: NDArray[np.float64],
        at: tuple[NDArray[np.intp], NDArray[np.intp]],
        begin: NDArray[np.intp],
        end: NDArray[np.intp],
    ) -> None:
        cuts = np.stack((begin, end), axis=1).ravel()
        if cuts[-1] == len(value):
            cuts = cuts[:-1]
        is_new = self._count[at] == 0
        self._first[at] = np.where(is_new, value[begin], self._first[at])
        self._last[at] = value[end - 1]
        self._count[at] += end - begin
        self._sum[at] += np.add.reduceat(value, cuts)[::2]
        self._min[at] = np.fmin(self._min[at], np.minimum.reduceat(value, cuts)[::2])
        self._max[at] = np.fmax(self._max[at], np.maximum.reduceat(value, cuts)[::2])

    def buckets(self) -> Buckets:
        is_gap = self._count == 0
        total = np.where(is_gap, np.nan, self._sum)
        return Buckets(
            series=self._series,
            edges_ms=self._edges_ms,
            count=self._count,
            min=self._min,
            max=self._max,
            mean=total / np.where(is_gap, 1, self._count),
            sum=total,
            first=self._first,
            last=self._last,
        )


def bucketise(points: Points, series: Sequence[int], edges_ms: NDArray[np.int64]) -> Buckets:
    """Buckets of points that are all at hand, in any order; rows as in `series`."""
    wanted, rows = np.unique(np.asarray(series, np.int32), return_inverse=True)
    aggregator = Aggregator(wanted, edges_ms)
    aggregator.add(ordered(points))
    return rows_of(aggregator.buckets(), rows)


def rows_of(buckets: Buckets, rows: NDArray[np.intp]) -> Buckets:
    """The same buckets with other rows: `rows[i]` is the old number of row i."""
    return Buckets(
        series=buckets.series[rows],
        edges_ms=buckets.edges_ms,
        count=buckets.count[rows],
        min=buckets.min[rows],
        max=buckets.max[rows],
        mean=buckets.mean[rows],
        sum=buckets.sum[rows],
        first=buckets.first[rows],
        last=buckets.last[rows],
    )
