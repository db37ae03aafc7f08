"""How machines are doing: named causes by the minute and over days, and each machine as a whole."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from hub.detection import causes, cooling, machines, plant, trends
from hub.detection.catalog import Catalog
from hub.detection.findings import Change, Evidence, Finding
from hub.detection.holding import HOURS, LIMIT, USUAL, VALUE, Cause, Notice
from hub.detection.machines import CHANNELS, Machines
from hub.detection.minutes import COLUMNS, MINUTE_MS, Closed, Minutes
from hub.detection.readings import Runs

COMMISSIONING_MIN = 7 * 1440
MIN_CHANNELS = 3  # fewer say little about how they go together
_MINUTE_ARRAYS = ("minute", "now", "next", "heard")


class Upkeep:
    """State by device number of the catalog."""

    def __init__(self, zone_of: Callable[[UUID], ZoneInfo]) -> None:
        self.minutes = Minutes()
        self.machines = Machines.blank(0)
        self.books = causes.new_state(0)
        self.trends = trends.new_state(0)
        self._local = LocalTime(zone_of)

    def grow(self, count: int) -> None:
        """Make room for what the catalog has more."""
        more = count - len(self.books)
        if more > 0:
            self.minutes.grow(count)
            self.machines.grow(count)
            self.books = np.concatenate((self.books, causes.new_state(more)))
            self.trends = np.concatenate((self.trends, trends.new_state(more)))

    def take(self, catalog: Catalog, runs: Runs) -> Iterator[Finding]:
        """Take the readings of a block."""
        series = runs.readings.series
        column, device = catalog.column[series], catalog.device_of[series]
        for closed in self.minutes.take(runs, column, device):
            told = causes.step(self.books, closed, self._score(closed))
            if closed.minute % trends.STEP_MIN == 0:
                told += self._look(catalog, closed)
            for notice in told:
                change = Change.RAISED if notice.is_on else Change.CLEARED
                if notice.is_on or notice.is_told:
                    yield _finding(catalog, change, notice, closed.end_ms)

    def _look(self, catalog: Catalog, closed: Closed) -> list[Notice]:
        """The causes that take their time."""
        which = closed.machines
        place = trends.Place(catalog.safe_c[which], self._local.minutes(catalog, closed))
        book, minutes = self.trends[which], self.books[which]
        look = trends.Look(book, closed.values, minutes, place)
        cooling.restart_after_silence(book, closed.minute)
        flags, shown = found = trends.nothing(len(which))
        cooling.look_at_cooling(look, flags, shown)
        plant.look_at_plant(look, flags, shown)
        models = catalog.model[which], catalog.model
        day = closed.minute // 1440
        cooling.look_at_fleet(look, self.trends, models, day, found)
        return trends.settle(self.trends, closed, look, found)

    def standing(self, catalog: Catalog) -> Iterator[Finding]:
        """What was told and still holds."""
        for books, known in ((self.books, causes.CAUSES), (self.trends, trends.CAUSES)):
            for machine, cause in zip(*np.nonzero(books["is_told"]), strict=True):
                since = int(books["since_min"][machine, cause])
                at_ms = int(self.minutes.minute[machine]) * MINUTE_MS
                notice = Notice(int(machine), known[int(cause)], True, True, since)
                yield _finding(catalog, Change.RAISED, notice, at_ms)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state, for a checkpoint."""
        found: dict[str, NDArray[Any]] = {"upkeep_books": self.books, "upkeep_trends": self.trends}
        found |= {f"minutes_{name}": getattr(self.minutes, name) for name in _MINUTE_ARRAYS}
        names = (field.name for field in fields(Machines))
        return found | {f"machines_{name}": getattr(self.machines, name) for name in names}

    def load(self, found: dict[str, NDArray[Any]]) -> None:
        """Put back what `arrays` gave."""
        for name in _MINUTE_ARRAYS:
            setattr(self.minutes, name, found[f"minutes_{name}"])
        for field in fields(Machines):
            setattr(self.machines, field.name, found[f"machines_{field.name}"])
        self.books, self.trends = found["upkeep_books"], found["upkeep_trends"]

    def _score(self, closed: Closed) -> NDArray[np.float64]:
        """Scores of the machines as a whole; 0 where a channel is silent."""
        scores = np.zeros(len(closed.machines))
        channels = closed.values[:, :CHANNELS]
        is_known = self.minutes.heard[closed.machines, :CHANNELS] > 0
        is_silent = is_known & np.isnan(channels)
        able = np.flatnonzero((is_known.sum(axis=1) >= MIN_CHANNELS) & ~is_silent.any(axis=1))
        if not len(able):
            return scores
        which = closed.machines[able]
        new = which[self.machines.learn[which] == 0]
        sizes = np.full(len(new), MIN_CHANNELS)
        machines.begin(self.machines, new, sizes, COMMISSIONING_MIN, MINUTE_MS / 1000)
        values = np.nan_to_num(channels[able])
        scores[able] = machines.step(self.machines, which, values, closed.end_ms)
        return scores


class LocalTime:
    """The stores' own time; the zone's offset is taken once a day."""

    def __init__(self, zone_of: Callable[[UUID], ZoneInfo]) -> None:
        self._zone_of = zone_of
        self._offsets: dict[int, tuple[int, int]] = {}  # by store: day, minutes

    def minutes(self, catalog: Catalog, closed: Closed) -> NDArray[np.int64]:
        """Minutes since 1970 of each machine's local time."""
        stores = catalog.store_of[closed.machines]
        known, place = np.unique(stores, return_inverse=True)
        offsets = [self._offset(catalog, int(store), closed.minute // 1440) for store in known]
        found: NDArray[np.int64] = closed.minute + np.array(offsets, np.int64)[place]
        return found

    def _offset(self, catalog: Catalog, store: int, day: int) -> int:
        known, offset = self._offsets.get(store, (-1, 0))
        if known != day:
            noon = datetime.fromtimestamp(day * 86_400 + 43_200, UTC)
            shift = noon.astimezone(self._zone_of(catalog.stores[store])).utcoffset()
            offset = int(shift.total_seconds()) // 60 if shift else 0
            self._offsets[store] = day, offset
        return offset


def _finding(catalog: Catalog, change: Change, notice: Notice, at_ms: int) -> Finding:
    device, cause = catalog.devices[notice.machine], notice.cause
    since_ms = notice.since_min * MINUTE_MS
    series = _series(catalog, notice.machine, cause)
    shown = notice.shown or (np.nan,) * 4
    evidence = Evidence(
        trigger="cause",
        device=device.id,
        metric=COLUMNS[cause.column] if series is not None and cause.column is not None else None,
        series=series,
        value=_rounded(shown[VALUE]),
        usual=_rounded(shown[USUAL]),
        limit=_rounded(shown[LIMIT]),
        hours=_rounded(shown[HOURS]),
        window_start_ms=since_ms,
        window_end_ms=at_ms,
        devices=(device.id,),
    )
    store_id = catalog.stores[device.store]
    return Finding(
        change, store_id, device.id, cause.rule, cause.severity, since_ms, at_ms, evidence
    )


def _series(catalog: Catalog, machine: int, cause: Cause) -> int | None:
    """The channel that shows a cause."""
    return None if cause.column is None else catalog.channel.get((machine, cause.column))


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 1)
