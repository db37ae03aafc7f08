"""Points made fit for a chart: few enough to draw, no extreme lost, gaps left open."""

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.port import Points


def line(
    points: Points, n_columns: int, gap_ms: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times and values of one series to draw as a line over about `n_columns` pixels.

    Of each column the lowest and the highest point stay, at their own times. NaN breaks the line:
    where a point has no value, and where two neighbours are more than `gap_ms` apart.
    """
    value = np.where(points.is_counted, points.value, np.nan)
    t_ms = points.t_ms
    if len(t_ms) > 2 * n_columns:
        kept = _extremes(t_ms, value, n_columns)
        t_ms, value, is_gap = t_ms[kept], value[kept], _gaps_between(t_ms, kept, gap_ms)
    else:
        is_gap = np.diff(t_ms) > gap_ms
    at = np.flatnonzero(is_gap) + 1
    return np.insert(t_ms, at, t_ms[at - 1] + 1), np.insert(value, at, np.nan)


def _extremes(
    t_ms: NDArray[np.int64], value: NDArray[np.float64], n_columns: int
) -> NDArray[np.intp]:
    """Per column the places of the lowest and highest value, and of one point without value."""
    span = int(t_ms[-1] - t_ms[0]) + 1
    column = (t_ms - t_ms[0]) * n_columns // span
    is_nan = np.isnan(value)
    order = np.lexsort((value, is_nan, column))
    group = column[order] * 2 + is_nan[order]
    is_first = np.append(True, np.diff(group) > 0)
    is_last = np.append(np.diff(group) > 0, True)
    return np.unique(order[is_first | (is_last & ~is_nan[order])])


def _gaps_between(
    t_ms: NDArray[np.int64], kept: NDArray[np.intp], gap_ms: int
) -> NDArray[np.bool_]:
    """Whether a gap lies between each two kept points, among the points left out."""
    gaps_before = np.append(0, np.cumsum(np.diff(t_ms) > gap_ms))
    return np.diff(gaps_before[kept]) > 0
