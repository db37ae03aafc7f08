"""The last value of every series, in memory: what live pages and `latest` show."""

from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.arrays import newest_of
from hub.timeseries.port import PointQuality, Points

FIRST_SIZE = 1024


class LastValues:
    """One thread applies, any thread reads; a reader never sees half of a point."""

    def __init__(self, newest: Points | None = None) -> None:
        """`newest` is what the engine's `newest()` gave at start."""
        self._lock = Lock()
        self._t_ms = np.zeros(FIRST_SIZE, np.int64)
        self._value = np.zeros(FIRST_SIZE, np.float64)
        self._quality = np.full(FIRST_SIZE, PointQuality.MISSING, np.uint8)
        if newest is not None:
            self.apply(newest)

    def apply(self, points: Points) -> NDArray[np.int32]:
        """Take over what is not older than what is known; gives the series that changed."""
        new = newest_of(points)
        if not len(new):
            return new.series
        with self._lock:
            self._reserve(int(new.series[-1]) + 1)
            new = new[self._is_newer(new)]
            self._t_ms[new.series] = new.t_ms
            self._value[new.series] = new.value
            self._quality[new.series] = new.quality
        return new.series

    def of(self, series: Sequence[int]) -> Points:
        """One point for each series asked for, in that order; MISSING at t 0 if none is known."""
        asked = np.asarray(series, np.int32)
        with self._lock:
            is_known = (asked >= 0) & (asked < len(self._t_ms))
            place = np.where(is_known, asked, 0)
            return Points(
                asked,
                np.where(is_known, self._t_ms[place], 0),
                np.where(is_known, self._value[place], 0.0),
                np.where(is_known, self._quality[place], PointQuality.MISSING).astype(np.uint8),
            )

    def _is_newer(self, new: Points) -> NDArray[np.bool_]:
        """Also true of a rewritten point, if it says something else."""
        t_ms = self._t_ms[new.series]
        is_other = (self._value[new.series] != new.value) | (
            self._quality[new.series] != new.quality
        )
        is_newer: NDArray[np.bool_] = (new.t_ms > t_ms) | ((new.t_ms == t_ms) & is_other)
        return is_newer

    def _reserve(self, size: int) -> None:
        if size > len(self._t_ms):
            more = max(size, 2 * len(self._t_ms)) - len(self._t_ms)
            self._t_ms = np.append(self._t_ms, np.zeros(more, np.int64))
            self._value = np.append(self._value, np.zeros(more))
            self._quality = np.append(self._quality, np.full(more, PointQuality.MISSING, np.uint8))
