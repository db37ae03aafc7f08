"""Equipment detectors: limits, level shift, stand-still and states, for all series in one pass.

State is one row of `LEVELS` and one of `triggers.BOOK` (together ≤ 512 B) a series. Each reading
depends on the one before it, so the readings of a block are taken in rounds: round k holds the
k-th reading of every series that has one, and is plain array arithmetic. A row is gathered once
a block, and its triggers only where something is on. Windows are in seconds of reading time.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hub.detection.defaults import (
    CRITICAL,
    DOWN,
    HIGH,
    LOW,
    N_TRIGGERS,
    ON,
    SHIFT_DOWN,
    SHIFT_UP,
    STUCK,
    UP,
)
from hub.detection.readings import Runs
from hub.detection.triggers import (
    BOOK,
    Bools,
    Floats,
    Indices,
    Moment,
    Transition,
    accept_new_normal,
    changes,
    count_time,
)

SHORT_S = 120.0  # time constant of the short level
LONG_S = 3 * 86_400.0  # and of the long one
LEARN_S = 12 * 3600.0  # no shift and no stand-still before so much has been seen
SHIFT_SIGMAS = 4.0
STUCK_TIMES = 5.0  # a stand-still longer than the longest usual one by this
GAP_S = 600.0  # a longer silence says nothing about what was between
CALM_MS = 45 * 60_000  # a machine that was off needs time to come back
REST_PEAK_MARGIN = 2.0  # K above the usual peak of a defrost
REST_PEAK_FADE = 0.1
NEVER = -1
_TILE = 4096  # series at work at once, so that their columns stay in the cache

# Every column a double, so that a row is gathered as one piece and turned into columns at once.
LEVELS = np.dtype(
    [
        ("t_ms", "<f8"),  # newest reading
        ("value", "<f8"),
        ("changed_ms", "<f8"),  # since when the value stands still
        ("rest_s", "<f8"),  # longest usual stand-still
        ("learned_s", "<f8"),  # seconds that trained the levels
        ("short", "<f8"),
        ("long", "<f8"),
        ("variance", "<f8"),  # of short around long
        ("calm_ms", "<f8"),  # after a silence no shift counts before this
        ("was_resting", "<f8"),
        ("rest_peak", "<f8"),  # highest value of the rest under way, and of usual ones
        ("usual_rest_peak", "<f8"),
        ("is_busy", "<f8"),  # its triggers have something to count
        ("is_up", "<f8"),  # a level of the group UP or DOWN holds
        ("is_down", "<f8"),
        ("is_rising", "<f8"),  # a trigger of the group UP has begun to hold
        ("is_stuck", "<f8"),
    ]
)


@dataclass(slots=True)
class Lanes:
    """The columns of LEVELS for the series at work, contiguous; a round uses the first m rows."""

    t_ms: Floats
    value: Floats
    changed_ms: Floats
    rest_s: Floats
    learned_s: Floats
    short: Floats
    long: Floats
    variance: Floats
    calm_ms: Floats
    was_resting: Floats
    rest_peak: Floats
    usual_rest_peak: Floats
    is_busy: Floats
    is_up: Floats
    is_down: Floats
    is_rising: Floats
    is_stuck: Floats


@dataclass(slots=True)
class Rules:
    """The columns of RULES for the series at work; limits are absolute, NaN where there is none."""

    top: Floats  # the lower one of the limits above
    high: Floats
    critical: Floats
    low: Floats
    hysteresis: Floats
    shift: Floats
    stuck_s: Floats
    state: Floats  # a state is on above this
    is_suppressible: Floats


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of each series at work, with what its device says beside it."""

    t_ms: NDArray[np.int64]
    value: Floats
    is_fresh: Bools
    is_defrosting: Bools  # or recovering from it
    is_door_open: Bools  # or was just now

    def take(self, index: Indices) -> "Sample":
        return Sample(*(getattr(self, name).take(index) for name in _SAMPLE_NAMES))


_LANE_NAMES = tuple(field.name for field in fields(Lanes))
_RULE_NAMES = tuple(field.name for field in fields(Rules))
_SAMPLE_NAMES = tuple(field.name for field in fields(Sample))


@dataclass(slots=True)
class States:
    """Detector state of all series, by series number."""

    levels: NDArray[np.void]
    books: NDArray[np.void]

    def __len__(self) -> int:
        return len(self.levels)

    def grow(self, size: int) -> None:
        """Make room for more series."""
        more = size - len(self)
        if more > 0:
            new = new_states(more)
            self.levels = np.concatenate((self.levels, new.levels))
            self.books = np.concatenate((self.books, new.books))


def new_states(size: int) -> States:
    """States of series that have not been seen."""
    levels = np.zeros(size, LEVELS)
    levels["t_ms"] = NEVER
    levels["usual_rest_peak"] = np.inf
    return States(levels, np.zeros(size, BOOK))


@dataclass(frozen=True, slots=True)
class Standards:
    """What series are judged by: their kind, and the rules and parameters of each kind.

    `on_silence` is given the rows of series that are heard again, as they were: levels and books.
    """

    kind: NDArray[np.int32]
    rules: Floats
    params: NDArray[np.void]
    on_silence: Callable[[Indices, Floats, NDArray[np.void]], None] | None = None


def step(states: States, standards: Standards, runs: Runs, sample: Sample) -> list[Transition]:
    """Take all readings of `runs` into `states`; the changes, in order of the readings."""
    by_length = np.argsort(-runs.lengths, kind="stable")
    found: list[Transition] = []
    for first in range(0, len(by_length), _TILE):
        found += _step_tile(states, standards, runs, sample, by_length[first : first + _TILE])
    return sorted(found, key=lambda change: int(runs.position[change.reading]))


@dataclass(frozen=True, slots=True)
class Round:
    """One reading of each series at work: `reading` indexes the block's runs."""

    reading: Indices
    lane: Lanes
    rule: Rules
    now: Sample
    dt_s: Floats
    rests: Bools  # temperature triggers do not count

    def take(self, index: Indices) -> "Round":
        lane = Lanes(*(getattr(self.lane, name)[index] for name in _LANE_NAMES))
        rule = Rules(*(getattr(self.rule, name)[index] for name in _RULE_NAMES))
        parts = self.now.take(index), self.dt_s[index], self.rests[index]
        return Round(self.reading[index], lane, rule, *parts)


def _step_tile(
    states: States, standards: Standards, runs: Runs, sample: Sample, tile: Indices
) -> list[Transition]:
    starts, lengths = runs.starts[tile], runs.lengths[tile]
    rows = runs.readings.series[starts].astype(np.intp)
    table = states.levels.view(np.float64).reshape(len(states), -1)
    columns = np.ascontiguousarray(table.take(rows, axis=0).T)
    kinds = standards.kind[rows]
    rules = standards.rules.take(kinds, axis=1)
    found: list[Transition] = []
    width = len(rows)
    for k in range(int(lengths[0])):
        while lengths[width - 1] <= k:
            width -= 1
        reading = starts[:width] + k
        lane, rule = Lanes(*columns[:, :width]), Rules(*rules[:, :width])
        now = sample.take(reading)
        if standards.on_silence is not None:
            back = np.flatnonzero((now.t_ms - lane.t_ms > 1000 * GAP_S) & (lane.t_ms != NEVER))
            if len(back):
                standards.on_silence(rows[back], columns[:, back].T, states.books[rows[back]])
        at_work = _advance(lane, rule, now, reading)
        busy = np.flatnonzero(_is_busy(at_work))
        if len(busy):
            books = states.books[rows[busy]]
            found += _count(at_work, busy, books, standards.params[kinds[busy]])
            states.books[rows[busy]] = books
    table[rows] = columns.T
    return found


def _advance(lane: Lanes, rule: Rules, now: Sample, reading: Indices) -> Round:
    """Bring the levels up to date."""
    is_first = lane.t_ms == NEVER
    t_ms = now.t_ms.astype(np.float64)
    dt_s = np.where(is_first, 0.0, (t_ms - lane.t_ms) / 1000.0)
    is_gap = dt_s > GAP_S
    np.copyto(lane.calm_ms, t_ms + CALM_MS, where=is_gap)
    np.copyto(lane.short, now.value, where=is_first)
    np.copyto(lane.long, now.value, where=is_first)
    _stand(lane, now.value, t_ms, is_gap | is_first)
    rests = _rest(lane, rule, now)
    _learn(lane, rule, now, dt_s)
    dt_s[is_gap] = 0.0
    return Round(reading, lane, rule, now, dt_s, rests)


def _stand(lane: Lanes, value: Floats, t_ms: Floats, is_new: Bools) -> None:
    """Keep the stand-still book; `is_new` after a silence."""
    has_moved = value != lane.value
    stood_s = np.where(has_moved & ~is_new, (t_ms - lane.changed_ms) / 1000.0, 0.0)
    np.maximum(lane.rest_s, stood_s, out=lane.rest_s, where=lane.is_stuck == 0.0)
    np.copyto(lane.changed_ms, t_ms, where=has_moved | is_new)
    lane.t_ms[:] = t_ms
    lane.value[:] = value


def _rest(lane: Lanes, rule: Rules, now: Sample) -> Bools:
    """Where temperature triggers rest: in a defrost, unless it is warmer than any before it.

    The usual peak is the highest of the defrosts that ended without anything wrong.
    """
    in_defrost = now.is_defrosting & (rule.is_suppressible > 0.0)
    was_resting = lane.was_resting > 0.0
    if not (in_defrost.any() or was_resting.any()):
        return in_defrost
    is_calm = (lane.is_up == 0.0) & (lane.is_rising == 0.0)
    known = np.where(np.isinf(lane.usual_rest_peak), lane.rest_peak, lane.usual_rest_peak)
    peak = np.maximum(lane.rest_peak, known + REST_PEAK_FADE * (lane.rest_peak - known))
    np.copyto(lane.usual_rest_peak, peak, where=was_resting & ~in_defrost & is_calm)
    peak_now = np.where(was_resting, np.fmax(lane.rest_peak, now.value), now.value)
    np.copyto(lane.rest_peak, peak_now, where=in_defrost)
    lane.was_resting[:] = in_defrost
    rests: Bools = in_defrost & ~(now.value > lane.usual_rest_peak + REST_PEAK_MARGIN)
    return rests


def _learn(lane: Lanes, rule: Rules, now: Sample, dt_s: Floats) -> None:
    """Short and long level; the long one rests while something is wrong or being defrosted."""
    lane.short += dt_s / (dt_s + SHORT_S) * (now.value - lane.short)
    is_frozen = now.is_defrosting & (rule.is_suppressible > 0.0)
    is_frozen |= (lane.is_up + lane.is_down) > 0.0
    trained_s = np.minimum(dt_s, GAP_S)
    trained_s[is_frozen] = 0.0
    lane.learned_s += trained_s
    weight = trained_s / np.clip(lane.learned_s, 1.0, LONG_S)
    deviation = lane.short - lane.long
    lane.long += weight * deviation
    lane.variance += weight * ((1.0 - weight) * deviation * deviation - lane.variance)


def _is_busy(at: Round) -> Bools:
    """Where a trigger is on, or still has something to count."""
    lane, rule, value = at.lane, at.rule, at.now.value
    square = lane.short - lane.long
    square *= square
    is_shifted = square > _band_square(lane, rule)
    is_out = (value > rule.top) | (value < rule.low) | is_shifted
    stands_ms = lane.t_ms - lane.changed_ms
    is_on = (value > rule.state) | (stands_ms > 1000.0 * rule.stuck_s)
    busy: Bools = (is_out & ~at.rests) | is_on | (lane.is_busy > 0.0)
    return busy


def _band_square(lane: Lanes, rule: Rules) -> Floats:
    """The square of the deviation from which a level is shifted; NaN before it was learned."""
    band: Floats = np.maximum(SHIFT_SIGMAS**2 * lane.variance, rule.shift * rule.shift)
    band[lane.learned_s < LEARN_S] = np.nan
    return band


def _count(
    at_work: Round, busy: Indices, books: NDArray[np.void], params: NDArray[np.void]
) -> list[Transition]:
    """Let the triggers of busy series count."""
    at = at_work.take(busy)
    now = Moment(at.reading, at.now.t_ms, at.now.value, at.now.is_fresh, at.lane.long, at.dt_s)
    on, off = _conditions(at)
    held = at.rests[:, None] & _RESTS
    count_time(books, params, now, (on & ~held, off & ~held))
    is_normal = accept_new_normal(books, now.t_ms)
    at.lane.long[is_normal] = at.lane.short[is_normal]
    found = changes(books, params, now)
    lane, level, held_s = at_work.lane, books["level"], books["held_s"]
    lane.long[busy] = at.lane.long
    lane.is_up[busy], lane.is_down[busy] = level[:, UP] > 0, level[:, DOWN] > 0
    lane.is_rising[busy] = (held_s[:, :SHIFT_DOWN] > 0.0).any(axis=1)
    lane.is_stuck[busy] = books["is_active"][:, STUCK]
    is_told = (level | books["announced"]).any(axis=1)
    counts = (books["was_on"] | books["is_active"] | (held_s > 0.0)).any(axis=1)
    lane.is_busy[busy] = is_told | counts
    return found


_RESTS = np.zeros((1, N_TRIGGERS), np.bool_)
_RESTS[0, [SHIFT_UP, HIGH, CRITICAL, SHIFT_DOWN, LOW]] = True


def _conditions(at: Round) -> tuple[Bools, Bools]:
    """Where each trigger is on, and where it is off; between the two lies the hysteresis."""
    lane, rule, value = at.lane, at.rule, at.now.value
    on = np.empty((len(value), N_TRIGGERS), np.bool_)
    off = np.empty_like(on)
    band = np.sqrt(_band_square(lane, rule))
    deviation = lane.short - lane.long
    is_calm = lane.t_ms < lane.calm_ms
    on[:, SHIFT_UP] = (deviation > band) & ~at.now.is_door_open & ~is_calm
    off[:, SHIFT_UP] = ~(deviation > band / 2)
    on[:, SHIFT_DOWN] = (deviation < -band) & ~is_calm
    off[:, SHIFT_DOWN] = ~(deviation < band / -2)
    on[:, HIGH] = value > rule.high
    off[:, HIGH] = ~(value > rule.high - rule.hysteresis)
    on[:, CRITICAL] = value > rule.critical
    off[:, CRITICAL] = ~(value > rule.critical - rule.hysteresis)
    on[:, LOW] = value < rule.low
    off[:, LOW] = ~(value < rule.low + rule.hysteresis)
    stands_s = (lane.t_ms - lane.changed_ms) / 1000.0
    limit_s = np.maximum(rule.stuck_s, STUCK_TIMES * lane.rest_s)
    on[:, STUCK] = (stands_s > limit_s) & (lane.learned_s >= LEARN_S)
    off[:, STUCK] = stands_s == 0.0
    on[:, ON] = value > rule.state
    off[:, ON] = ~on[:, ON]
    return on, off
