"""The late lane: temperature excursions among readings older than their series' detector time.

After an outage an agent sends what is new at once and what it kept beside it, so the detectors have
passed the outage before they hear of it. What comes late is judged here by a second set of states,
by the limits alone: no level shift, no stand-still. It goes on from where the detector stood when
the series fell silent, so that an excursion or a defrost then under way is counted as it would have
been. Nothing here is told to anybody: what is found is a spell with its beginning and end.

Only cold air and goods and their defrosts have a row, given when first needed. A reading that does
not follow the one before it within `GAP_S` begins its series anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.detection import equipment
from hub.detection.catalog import Catalog, Role
from hub.detection.context import DEFROST, flagged
from hub.detection.defaults import DOWN, UP
from hub.detection.equipment import GAP_S, NEVER, Sample, Standards, States
from hub.detection.readings import Readings, Runs, subset
from hub.detection.triggers import Bools, Floats, Indices, Transition

_GAP_MS = int(GAP_S * 1000)
_SPOKEN = (UP, DOWN)


@dataclass(frozen=True, slots=True)
class Spell:
    """An excursion that is over; `peak` is its worst value."""

    series: int
    group: int
    severity: int
    began_ms: int
    ended_ms: int
    peak: float


@dataclass(frozen=True, slots=True)
class _Segments:
    """Stretches of runs in which each reading follows the one before it; `number` in its run."""

    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    number: NDArray[np.intp]
    is_new: Bools  # does not follow what came before it


class LateLane:
    """State by row, the series of which is in `series`."""

    def __init__(self) -> None:
        self.series: NDArray[np.int32] = np.zeros(0, np.int32)
        self.lane = equipment.new_states(0)
        self.lost = equipment.new_states(0)  # as the detector stood before its newest silence
        self.until_ms: NDArray[np.int64] = np.zeros(0, np.int64)  # by device, of defrosts
        self.is_fed: Bools = np.zeros(0, np.bool_)  # by agent, in this quarter of an hour
        self._row: NDArray[np.int32] = np.zeros(0, np.int32)  # by series, -1 where it has none
        self._is_judged: Bools = np.zeros(0, np.bool_)  # by series
        self._is_kept: Bools = np.zeros(0, np.bool_)  # these and their defrosts

    def use(self, catalog: Catalog) -> None:
        """Go on with a newer catalog."""
        self._row = _padded(self._row, catalog.size, -1)
        self.until_ms = _padded(self.until_ms, len(catalog.devices), NEVER)
        self.is_fed = _padded(self.is_fed, len(catalog.agents), False)
        self._is_judged = catalog.is_cold[catalog.kind]
        is_cold_device = np.zeros(len(catalog.devices) + 1, np.bool_)
        is_cold_device[catalog.device_of[self._is_judged]] = True
        is_defrost = catalog.role == Role.DEFROST
        self._is_kept = self._is_judged | (is_defrost & is_cold_device[catalog.device_of])

    def keep(self, series: Indices, levels: Floats, books: NDArray[np.void]) -> None:
        """Where the detector stands with series that are heard again after a silence."""
        mine = np.flatnonzero(self._is_kept[series])
        if len(mine):
            rows = self._rows(series[mine])
            table = self.lost.levels.view(np.float64).reshape(len(self.lost), -1)
            table[rows] = levels[mine]
            self.lost.books[rows] = books[mine]

    def silences(self, runs: Runs, newest_ms: NDArray[np.float64]) -> NDArray[np.intp]:
        """Positions in the block of readings that end a silence of series that are judged."""
        readings = runs.readings
        if not len(readings):
            return runs.position
        before = np.empty_like(readings.t_ms)
        before[1:] = readings.t_ms[:-1]
        before[runs.starts] = newest_ms[runs.series]
        is_end = (readings.t_ms - before > _GAP_MS) & (before != NEVER)
        found: NDArray[np.intp] = runs.position[is_end & self._is_kept[readings.series]]
        return found

    def take(self, catalog: Catalog, late: Runs) -> list[Spell]:
        """Judge late readings; the excursions that ended among them."""
        mine = subset(late, self._is_kept[late.readings.series])
        if not len(mine.starts):
            return []
        series = mine.readings.series
        self.is_fed[catalog.agent_of[mine.series]] = True
        rows = self._rows(mine.series)
        runs = _by_row(mine, np.repeat(rows, mine.lengths))
        segments = _segments(runs, self.lane.levels["t_ms"])
        spells = self._begin_anew(catalog, runs, segments, 0)
        sample = self._sample(catalog, runs, series)
        is_judged = self._is_judged[series[segments.starts]]
        kind = np.where(self._is_judged[self.series], catalog.kind[self.series], 0)
        standards = Standards(kind, catalog.cold_rules, catalog.params)
        for number in range(int(segments.number.max()) + 1):
            if number:
                spells += self._begin_anew(catalog, runs, segments, number)
            now = (segments.number == number) & is_judged
            part = Runs(runs.readings, runs.position, segments.starts[now], segments.ends[now])
            found = equipment.step(self.lane, standards, part, sample)
            spells += self._ended(runs.readings, found)
        last = runs.ends[~self._is_judged[mine.series]] - 1
        self._note(runs.readings, last)
        return spells

    def settle(self, catalog: Catalog, agent: int, live: States) -> list[Spell]:
        """A quarter of an hour of an agent is over. Nothing late in it: its lane has arrived where
        the live readings began, and what it left open ends there, unless it has been told."""
        if self.is_fed[agent]:
            self.is_fed[agent] = False
            return []
        is_mine = catalog.agent_of[self.series] == agent
        rows = np.flatnonzero(is_mine & (self.lane.levels["t_ms"] != NEVER))
        spells = self._close(rows)
        blank = equipment.new_states(len(rows))
        self.lane.levels[rows], self.lane.books[rows] = blank.levels, blank.books
        return [spell for spell in spells if not _is_told(spell, live.books[spell.series])]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state, for a checkpoint."""
        return {
            "late_series": self.series,
            "late_levels": self.lane.levels,
            "late_books": self.lane.books,
            "lost_levels": self.lost.levels,
            "lost_books": self.lost.books,
            "late_until_ms": self.until_ms,
            "late_is_fed": self.is_fed,
        }

    def load(self, found: dict[str, NDArray[Any]]) -> None:
        """Put back what `arrays` gave."""
        self.series = found["late_series"]
        self.lane = States(found["late_levels"], found["late_books"])
        self.lost = States(found["lost_levels"], found["lost_books"])
        self.until_ms, self.is_fed = found["late_until_ms"], found["late_is_fed"]
        self._row[self.series] = np.arange(len(self.series))

    def _rows(self, series: NDArray[np.int32] | Indices) -> NDArray[np.int32]:
        """The rows of different series, new ones for those that have none."""
        new = series[self._row[series] < 0]
        if len(new):
            size = len(self.series)
            self._row[new] = np.arange(size, size + len(new))
            self.series = np.concatenate((self.series, new.astype(np.int32)))
            self.lane.grow(len(self.series))
            self.lost.grow(len(self.series))
        return self._row[series]

    def _begin_anew(
        self, catalog: Catalog, runs: Runs, segments: _Segments, number: int
    ) -> list[Spell]:
        """Rows whose next reading does not follow: from where the detector was lost, or blank."""
        starts = segments.starts[segments.is_new & (segments.number == number)]
        if not len(starts):
            return []
        rows, t_ms = runs.readings.series[starts], runs.readings.t_ms[starts]
        spells = self._close(rows)
        blank = equipment.new_states(len(rows))
        self.lane.levels[rows], self.lane.books[rows] = blank.levels, blank.books
        lost_ms = self.lost.levels["t_ms"][rows]
        goes_on = rows[(lost_ms != NEVER) & (t_ms > lost_ms) & (t_ms - lost_ms <= _GAP_MS)]
        self.lane.levels[goes_on] = self.lost.levels[goes_on]
        self.lane.books[goes_on] = self.lost.books[goes_on]
        defrosts = goes_on[catalog.role[self.series[goes_on]] == Role.DEFROST]
        levels = self.lost.levels[defrosts]
        lasts_ms = np.where(levels["value"] > 0.5, DEFROST.longest_ms, DEFROST.after_ms)
        device = catalog.device_of[self.series[defrosts]]
        self.until_ms[device] = levels["changed_ms"].astype(np.int64) + lasts_ms
        return spells

    def _sample(self, catalog: Catalog, runs: Runs, series: NDArray[np.int32]) -> Sample:
        readings = runs.readings
        role, device = catalog.role[series], catalog.device_of[series]
        books = self.lane.levels["value"], self.until_ms
        defrosting = flagged(DEFROST, runs, role, device, books)
        none = np.zeros(len(readings), np.bool_)
        return Sample(readings.t_ms, readings.value, none, defrosting, none)

    def _note(self, readings: Readings, last: NDArray[np.intp]) -> None:
        """The newest values of defrosts, which are not judged themselves."""
        rows = readings.series[last]
        self.lane.levels["t_ms"][rows] = readings.t_ms[last]
        self.lane.levels["value"][rows] = readings.value[last]

    def _ended(self, readings: Readings, found: Sequence[Transition]) -> list[Spell]:
        """What ended and was not told before the series was lost."""
        return [
            Spell(
                int(self.series[readings.series[change.reading]]),
                change.group,
                change.before,
                change.began_ms,
                int(readings.t_ms[change.reading]),
                change.peak,
            )
            for change in found
            if change.group in _SPOKEN and change.after == 0 and not change.announced
        ]

    def _close(self, rows: NDArray[np.int32] | Indices) -> list[Spell]:
        """What holds in rows that end, as far as it was heard of."""
        books = self.lane.books[rows]
        is_open = (books["level"] > 0) & (books["announced"] == 0)
        return [
            Spell(
                int(self.series[rows[place]]),
                int(group),
                int(books["level"][place, group]),
                int(books["began_ms"][place, group]),
                int(self.lane.levels["t_ms"][rows[place]]),
                float(books["peak"][place, group]),
            )
            for place, group in zip(*np.nonzero(is_open), strict=True)
            if group in _SPOKEN
        ]


def _is_told(spell: Spell, live: np.void) -> bool:
    """Whether it is the beginning of what the detector has told of since."""
    group = spell.group
    return bool(live["announced"][group]) and int(live["began_ms"][group]) <= spell.ended_ms


def _by_row(runs: Runs, rows: NDArray[np.int32]) -> Runs:
    """The same readings under the numbers of their rows; none may notify."""
    late, none = runs.readings, np.zeros(len(rows), np.bool_)
    return Runs(Readings(rows, late.t_ms, late.value, none), runs.position, runs.starts, runs.ends)


def _segments(runs: Runs, newest_ms: NDArray[np.float64]) -> _Segments:
    t_ms = runs.readings.t_ms
    before = np.empty_like(t_ms)
    before[1:] = t_ms[:-1]
    before[runs.starts] = newest_ms[runs.series]
    is_new = (t_ms <= before) | (t_ms - before > _GAP_MS)
    is_start = is_new.copy()
    is_start[runs.starts] = True
    starts = np.flatnonzero(is_start)
    first = np.searchsorted(starts, runs.starts)
    sizes = np.diff(np.append(first, len(starts)))
    number = np.arange(len(starts)) - np.repeat(first, sizes)
    return _Segments(starts, np.append(starts[1:], len(t_ms)), number, is_new[starts])


def _padded(values: NDArray[Any], size: int, blank: int | bool) -> NDArray[Any]:
    more = np.full(max(size - len(values), 0), blank, values.dtype)
    return np.concatenate((values, more))
