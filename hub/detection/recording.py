"""The hub's detectors over a recording: one score a row, each from that row and those before it.

Equipment goes through `machines` with the first rows as its commissioning; counts go through
`neighbours` where at least twelve weeks of them come first, and else through `machines` as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.detection import machines
from hub.detection.machines import CHANNELS, UNUSUAL, Machines
from hub.detection.neighbours import ALARM, MIN_WEEKS, Usual, same_slots, strangeness

WEEKS = 24
WEEK_S = 604_800
LEARN = 400  # rows, where nobody says how long the commissioning is

Floats = NDArray[np.float64]
_ONLY = np.zeros(1, np.intp)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a recording; a channel without a value is NaN."""

    t_ms: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known of a recording before it is read."""

    is_counts: bool
    freq_s: float
    learn: int


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 1, above a half is an alarm."""

    score: float

    @property
    def is_alarm(self) -> bool:
        return self.score > 0.5


def judge(rows: Iterable[Row], outline: Outline) -> Iterator[Score]:
    """One score a row, in order."""
    machine: _Machine | None = None
    has_weeks = outline.learn * outline.freq_s >= MIN_WEEKS * WEEK_S
    counter = _Counter(outline) if outline.is_counts and has_weeks else None
    for row in rows:
        if machine is None:
            machine = _Machine(outline, len(row.values))
        found = machine.take(row)
        if counter is not None:
            ratio = counter.take(row)
            found = found if np.isnan(ratio) else ratio / (ratio + ALARM)
        yield Score(found)


class _Machine:
    """One machine of the hub; a missing value stands still."""

    def __init__(self, outline: Outline, channels: int) -> None:
        self._machines = Machines.blank(1)
        self._values = np.zeros((1, CHANNELS))
        self._size = min(channels, CHANNELS)
        sizes = np.array([self._size])
        machines.begin(self._machines, _ONLY, sizes, outline.learn, outline.freq_s)

    def take(self, row: Row) -> float:
        values = np.array(row.values[: self._size])
        np.copyto(self._values[0, : self._size], values, where=np.isfinite(values))
        score = float(machines.step(self._machines, _ONLY, self._values, row.t_ms)[0])
        return score / (score + UNUSUAL)


class _Counter:
    """One counter of the hub, with slots as wide as the recording's."""

    def __init__(self, outline: Outline) -> None:
        self._freq_s = outline.freq_s
        self._week = max(round(WEEK_S / outline.freq_s), 1)
        self._ring = np.full((WEEKS + 1) * self._week, np.nan)
        self._usual = Usual()
        self._echo, self._newest = 0.0, -1

    def take(self, row: Row) -> float:
        """How strange, in times of the usual; NaN where there is too little to compare with."""
        slot, value = int(row.t_ms / 1000 // self._freq_s), row.values[0]
        self._open(slot)
        if not np.isfinite(value):
            return float("nan")
        past = self._ring[same_slots(slot, self._week, WEEKS) % len(self._ring)]
        self._ring[slot % len(self._ring)] = value
        strange, self._echo = strangeness(value, self._echo, past)
        if np.isnan(strange):
            return strange
        return self._usual.ratio(strange, value - self._echo)

    def _open(self, slot: int) -> None:
        if self._newest >= 0:
            gone = np.arange(max(self._newest + 1, slot - len(self._ring) + 1), slot + 1)
            self._ring[gone % len(self._ring)] = np.nan
        self._newest = max(self._newest, slot)
