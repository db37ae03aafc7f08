"""Sums of the day under way: its quarters of an hour that are quiet, in memory.

A quarter is kept once nothing was written to it for a while; a late point cuts its series back to
before it. So what is kept always equals what the raw points say.
"""

import math
from collections.abc import Sequence
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.cells import CELL_MS, CELLS_A_DAY, Cells

MOST_SERIES = 2000  # 9 MB


class RunningDay:
    """Its owner's lock guards it. `settle_s`: an engine may show a write only so much later."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s, self._started = settle_s, monotonic()
        self._day = -1
        self._touched = np.zeros(0)  # when a write to each quarter ended; inf: it goes on
        self._kept: dict[int, Cells] = {}  # by series, its first quarters

    def begin(self, day: int, series: NDArray[np.int32], t_ms: NDArray[np.int64]) -> list[int]:
        """Points are about to be written: which quarters of the day they touch, for `settle`."""
        self._go_to(day)
        quarter = t_ms // CELL_MS - day * CELLS_A_DAY
        is_mine = (quarter >= 0) & (quarter < CELLS_A_DAY)
        if not is_mine.all():
            quarter, series = quarter[is_mine], series[is_mine]
        if not len(quarter):
            return []
        touched: list[int] = np.flatnonzero(np.bincount(quarter, minlength=CELLS_A_DAY)).tolist()
        self._touched[touched] = math.inf
        if touched[0] < max((kept.width for kept in self._kept.values()), default=0):
            self._cut(series, quarter)
        return touched

    def settle(self, day: int, touched: Sequence[int]) -> None:
        """They are written."""
        if day == self._day:
            self._touched[list(touched)] = monotonic()

    def forget(self) -> None:
        """Points of any time are being deleted."""
        self._kept.clear()
        self._touched[:] = monotonic()

    def found(self, day: int, series: NDArray[np.int32]) -> Cells:
        """The first quarters of the day, as many as are kept of all these series."""
        self._go_to(day)
        kept = [self._kept.get(number) for number in series.tolist()]
        width = min((cells.width if cells else 0 for cells in kept), default=0)
        if not width:
            return Cells.gaps(len(series), 0)
        return Cells(
            np.concatenate([cells.count[:, :width] for cells in kept if cells], axis=0),
            np.concatenate([cells.value[:, :, :width] for cells in kept if cells], axis=1),
        )

    def keep(self, day: int, series: NDArray[np.int32], cells: Cells, began: float) -> None:
        """Of the day's quarters that are over, read from `began` on, those that no write may have
        overtaken."""
        if day != self._day:
            return
        is_open = self._touched + self._settle_s > began
        width = min(int(is_open.argmax()) if is_open.any() else CELLS_A_DAY, cells.width)
        if len(self._kept) + len(series) > MOST_SERIES:
            self._kept.clear()
        for row, number in enumerate(series.tolist()):
            known = self._kept.get(number)
            if known is None or known.width < width:
                one = slice(row, row + 1)
                self._kept[number] = Cells(
                    cells.count[one, :width].copy(), cells.value[:, one, :width].copy()
                )

    def _go_to(self, day: int) -> None:
        if day != self._day:
            self._day, self._kept = day, {}
            self._touched = np.full(CELLS_A_DAY, self._started)

    def _cut(self, series: NDArray[np.int32], quarter: NDArray[np.int64]) -> None:
        """Forget of each series what lies from its first touched quarter on."""
        order = np.argsort(quarter, kind="stable")
        changed, first = np.unique(series[order], return_index=True)
        for number, begin in zip(changed.tolist(), quarter[order][first].tolist(), strict=True):
            kept = self._kept.get(number)
            if kept is not None and begin < kept.width:
                self._kept[number] = Cells(kept.count[:, :begin], kept.value[:, :, :begin])
