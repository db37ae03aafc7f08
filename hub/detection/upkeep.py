"""How machines are doing, minute by minute: named causes, and each machine as a whole."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.detection import causes, machines
from hub.detection.catalog import Catalog
from hub.detection.causes import CAUSES, Notice
from hub.detection.findings import Change, Evidence, Finding
from hub.detection.machines import Machines
from hub.detection.minutes import MINUTE_MS, Closed, Minutes
from hub.detection.readings import Runs

COMMISSIONING_MIN = 7 * 1440
MIN_CHANNELS = 3  # fewer say little about how they go together
_MINUTE_ARRAYS = ("minute", "now", "next", "heard")


class Upkeep:
    """State by device number of the catalog."""

    def __init__(self) -> None:
        self.minutes = Minutes()
        self.machines = Machines.blank(0)
        self.books = causes.new_state(0)

    def grow(self, count: int) -> None:
        """Make room for what the catalog has more."""
        more = count - len(self.books)
        if more > 0:
            self.minutes.grow(count)
            self.machines.grow(count)
            self.books = np.concatenate((self.books, causes.new_state(more)))

    def take(self, catalog: Catalog, runs: Runs) -> Iterator[Finding]:
        """Take the readings of a block."""
        series = runs.readings.series
        column, device = catalog.column[series], catalog.device_of[series]
        for closed in self.minutes.take(runs, column, device):
            scores = self._score(closed)
            for notice in causes.step(self.books, closed, scores):
                at_ms = closed.end_ms
                if notice.is_on:
                    yield _finding(catalog, Change.RAISED, notice, at_ms)
                elif notice.is_told:
                    yield _finding(catalog, Change.CLEARED, notice, at_ms)

    def standing(self, catalog: Catalog) -> Iterator[Finding]:
        """What was told and still holds."""
        for machine, cause in zip(*np.nonzero(self.books["is_told"]), strict=True):
            since = int(self.books["since_min"][machine, cause])
            at_ms = int(self.minutes.minute[machine]) * MINUTE_MS
            notice = Notice(int(machine), int(cause), True, True, since, np.nan, np.nan)
            yield _finding(catalog, Change.RAISED, notice, at_ms)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state, for a checkpoint."""
        found: dict[str, NDArray[Any]] = {"upkeep_books": self.books}
        found |= {f"minutes_{name}": getattr(self.minutes, name) for name in _MINUTE_ARRAYS}
        names = (field.name for field in fields(Machines))
        return found | {f"machines_{name}": getattr(self.machines, name) for name in names}

    def load(self, found: dict[str, NDArray[Any]]) -> None:
        """Put back what `arrays` gave."""
        for name in _MINUTE_ARRAYS:
            setattr(self.minutes, name, found[f"minutes_{name}"])
        for field in fields(Machines):
            setattr(self.machines, field.name, found[f"machines_{field.name}"])
        self.books = found["upkeep_books"]

    def _score(self, closed: Closed) -> NDArray[np.float64]:
        """Scores of the machines as a whole; 0 where a channel is silent."""
        scores = np.zeros(len(closed.machines))
        is_known = self.minutes.heard[closed.machines] > 0
        is_silent = is_known & np.isnan(closed.values)
        able = np.flatnonzero((is_known.sum(axis=1) >= MIN_CHANNELS) & ~is_silent.any(axis=1))
        if not len(able):
            return scores
        which = closed.machines[able]
        new = which[self.machines.learn[which] == 0]
        sizes = np.full(len(new), MIN_CHANNELS)
        machines.begin(self.machines, new, sizes, COMMISSIONING_MIN, MINUTE_MS / 1000)
        values = np.nan_to_num(closed.values[able])
        scores[able] = machines.step(self.machines, which, values, closed.end_ms)
        return scores


def _finding(catalog: Catalog, change: Change, notice: Notice, at_ms: int) -> Finding:
    device, cause = catalog.devices[notice.machine], CAUSES[notice.cause]
    since_ms = notice.since_min * MINUTE_MS
    evidence = Evidence(
        trigger="cause",
        device=device.id,
        value=_rounded(notice.value),
        usual=_rounded(notice.usual),
        window_start_ms=since_ms,
        window_end_ms=at_ms,
        devices=(device.id,),
    )
    store_id = catalog.stores[device.store]
    return Finding(
        change, store_id, device.id, cause.rule, cause.severity, since_ms, at_ms, evidence
    )


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 1)
