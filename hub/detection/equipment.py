"""Equipment detectors: limits, level shift, stand-still and states, for all series in one pass.

State is one row of `STATE` (≤ 512 B) a series. Each reading depends on the one before it, so the
readings of a block are taken in rounds: round k holds the k-th reading of every series that has
one, and is plain array arithmetic. Windows are in seconds of reading time.

A condition must hold for its trigger's time before it counts. Time off the limit takes half its
length back, so a value that flutters around the limit raises once and clears once (ALR-13).
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hub.detection.defaults import (
    CRITICAL,
    DOWN,
    GROUPS,
    HIGH,
    LOW,
    N_GROUPS,
    N_TRIGGERS,
    ON,
    SHIFT_DOWN,
    SHIFT_UP,
    STUCK,
    UP,
)
from hub.detection.readings import Runs

SHORT_S = 120.0  # time constant of the short level
LONG_S = 3 * 86_400.0  # and of the long one
LEARN_S = 12 * 3600.0  # no shift and no stand-still before so much has been seen
SHIFT_SIGMAS = 4.0
SHIFT_HASTE = 5.0  # beyond its usual range as well, a machine is believed so much sooner
STUCK_TIMES = 5.0  # a stand-still longer than the longest usual one by this
GAP_S = 600.0  # a longer silence says nothing about what was between
NEW_NORMAL_S = 86_400.0  # a shift that no limit minds is the new level after this
CALM_MS = 45 * 60_000  # a machine that was off needs time to come back
REST_PEAK_MARGIN = 2.0  # K above the usual peak of a defrost
REST_PEAK_FADE = 0.1
NEVER = -1

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Millis = NDArray[np.int64]

STATE = np.dtype(
    [
        ("t_ms", "<i8"),  # newest reading
        ("value", "<f8"),
        ("changed_ms", "<i8"),  # since when the value stands still
        ("rest_s", "<f8"),  # longest usual stand-still
        ("learned_s", "<f8"),  # seconds that trained the levels
        ("short", "<f8"),
        ("long", "<f8"),
        ("variance", "<f8"),  # of short around long
        ("was_on", "?", (N_TRIGGERS,)),
        ("is_active", "?", (N_TRIGGERS,)),
        ("held_s", "<f8", (N_TRIGGERS,)),
        ("gone_s", "<f8", (N_TRIGGERS,)),
        ("since_ms", "<i8", (N_TRIGGERS,)),
        ("level", "u1", (N_GROUPS,)),  # severity that holds; 0: nothing
        ("announced", "u1", (N_GROUPS,)),  # severity that was told
        ("began_ms", "<i8", (N_GROUPS,)),
        ("peak", "<f8", (N_GROUPS,)),
        ("calm_ms", "<i8"),  # after a silence no shift counts before this
        ("was_resting", "?"),
        ("rest_peak", "<f8"),  # highest value of the rest under way, and of usual ones
        ("usual_rest_peak", "<f8"),
    ]
)


@dataclass(slots=True)
class Lanes:
    """The columns of STATE for the series at work, contiguous; a round uses the first m rows."""

    t_ms: Millis
    value: Floats
    changed_ms: Millis
    rest_s: Floats
    learned_s: Floats
    short: Floats
    long: Floats
    variance: Floats
    was_on: Bools
    is_active: Bools
    held_s: Floats
    gone_s: Floats
    since_ms: Millis
    level: NDArray[np.uint8]
    announced: NDArray[np.uint8]
    began_ms: Millis
    peak: Floats
    calm_ms: Millis
    was_resting: Bools
    rest_peak: Floats
    usual_rest_peak: Floats

    def first(self, m: int) -> "Lanes":
        return self if m == len(self.t_ms) else Lanes(*(getattr(self, n)[:m] for n in _NAMES))


_NAMES = tuple(field.name for field in fields(Lanes))


@dataclass(slots=True)
class Rules:
    """The columns of PARAMS for the series at work."""

    base: Floats  # what limits are measured from: the setpoint, or 0
    high: Floats
    critical: Floats
    low: Floats
    hysteresis: Floats
    shift: Floats
    stuck_s: Floats
    has_state: Bools
    is_suppressible: Bools
    hold_s: Floats
    clear_s: Floats
    severity: NDArray[np.uint8]

    def first(self, m: int) -> "Rules":
        if m == len(self.base):
            return self
        return Rules(*(getattr(self, name)[:m] for name in _RULE_NAMES))


_RULE_NAMES = tuple(field.name for field in fields(Rules))


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of each series at work, with what its device says beside it."""

    t_ms: Millis
    value: Floats
    is_fresh: Bools
    is_defrosting: Bools  # or recovering from it
    is_door_open: Bools  # or was just now

    def take(self, index: NDArray[np.intp]) -> "Sample":
        return Sample(*(getattr(self, name)[index] for name in _SAMPLE_NAMES))


_SAMPLE_NAMES = tuple(field.name for field in fields(Sample))


@dataclass(frozen=True, slots=True)
class Transition:
    """One change worth a word: `reading` indexes the block's runs, severities are 0 for none."""

    reading: int
    group: int
    announced: int
    before: int
    after: int
    began_ms: int
    trigger: int
    peak: float
    usual: float


def new_state(size: int) -> NDArray[np.void]:
    """State of series that have not been seen."""
    state = np.zeros(size, STATE)
    state["t_ms"] = NEVER
    state["usual_rest_peak"] = np.inf
    return state


def step(
    state: NDArray[np.void], params: NDArray[np.void], runs: Runs, sample: Sample
) -> list[Transition]:
    """Take all readings of `runs` into `state`; the changes, in order of the readings."""
    by_length = np.argsort(-runs.lengths, kind="stable")
    rows = runs.series[by_length].astype(np.intp)
    starts, lengths = runs.starts[by_length], runs.lengths[by_length]
    lanes = Lanes(*(np.ascontiguousarray(state[name][rows]) for name in _NAMES))
    rules = _rules(params[rows])
    found: list[Transition] = []
    width = len(rows)
    for k in range(int(lengths[0]) if width else 0):
        while lengths[width - 1] <= k:
            width -= 1
        reading = starts[:width] + k
        found += _round(lanes.first(width), rules.first(width), sample.take(reading), reading)
    for name in _NAMES:
        state[name][rows] = getattr(lanes, name)
    return sorted(found, key=lambda change: int(runs.position[change.reading]))


def _rules(params: NDArray[np.void]) -> Rules:
    base = np.where(params["is_relative"], params["setpoint"], 0.0)
    return Rules(base, *(np.ascontiguousarray(params[name]) for name in _RULE_NAMES[1:]))


def _round(lane: Lanes, rule: Rules, now: Sample, reading: NDArray[np.intp]) -> list[Transition]:
    dt_s = _advance(lane, now)
    resting = _rest(lane, rule, now)
    _learn(lane, now, dt_s, now.is_defrosting & rule.is_suppressible)
    on, off = _conditions(lane, rule, now)
    held = resting[:, None] & _RESTS
    on &= ~held
    off &= ~held
    _count_time(lane, rule, now.t_ms, np.where(dt_s <= GAP_S, dt_s, 0.0)[:, None], (on, off))
    return _changes(lane, rule, now, reading)


_RESTS = np.zeros((1, N_TRIGGERS), np.bool_)
_RESTS[0, [SHIFT_UP, HIGH, CRITICAL, SHIFT_DOWN, LOW]] = True


def _advance(lane: Lanes, now: Sample) -> Floats:
    """Seconds since the reading before, 0 for the first; keeps the stand-still book."""
    is_first = lane.t_ms == NEVER
    dt_s = np.where(is_first, 0.0, (now.t_ms - lane.t_ms) / 1000.0)
    lane.short[is_first] = now.value[is_first]
    lane.long[is_first] = now.value[is_first]
    is_gap = is_first | (dt_s > GAP_S)
    has_moved = now.value != lane.value
    stood_s = np.where(is_gap | ~has_moved, 0.0, (now.t_ms - lane.changed_ms) / 1000.0)
    stood_s[lane.is_active[:, STUCK]] = 0.0
    np.maximum(lane.rest_s, stood_s, out=lane.rest_s)
    np.copyto(lane.changed_ms, now.t_ms, where=has_moved | is_gap)
    np.copyto(lane.calm_ms, now.t_ms + CALM_MS, where=~is_first & (dt_s > GAP_S))
    lane.t_ms[:] = now.t_ms
    lane.value[:] = now.value
    return dt_s


def _rest(lane: Lanes, rule: Rules, now: Sample) -> Bools:
    """Where temperature triggers rest: in a defrost, unless it is warmer than any before it.

    The usual peak is the highest of the defrosts that ended without anything wrong.
    """
    in_defrost = now.is_defrosting & rule.is_suppressible
    is_calm = (lane.level[:, UP] == 0) & (lane.held_s[:, :SHIFT_DOWN].max(axis=1) == 0)
    has_ended = lane.was_resting & ~in_defrost
    known = np.where(np.isinf(lane.usual_rest_peak), lane.rest_peak, lane.usual_rest_peak)
    peak = np.maximum(lane.rest_peak, known + REST_PEAK_FADE * (lane.rest_peak - known))
    np.copyto(lane.usual_rest_peak, peak, where=has_ended & is_calm)
    begins = in_defrost & ~lane.was_resting
    peak_now = np.where(begins, now.value, np.fmax(lane.rest_peak, now.value))
    np.copyto(lane.rest_peak, peak_now, where=in_defrost)
    lane.was_resting[:] = in_defrost
    return in_defrost & ~(now.value > lane.usual_rest_peak + REST_PEAK_MARGIN)


def _learn(lane: Lanes, now: Sample, dt_s: Floats, resting: Bools) -> None:
    """Short and long level; the long one rests while something is wrong or being defrosted."""
    lane.short += -np.expm1(dt_s / -SHORT_S) * (now.value - lane.short)
    is_frozen = resting | (lane.level[:, UP] > 0) | (lane.level[:, DOWN] > 0)
    trained_s = np.where(is_frozen, 0.0, np.minimum(dt_s, GAP_S))
    lane.learned_s += trained_s
    weight = trained_s / np.clip(lane.learned_s, 1.0, LONG_S)
    deviation = lane.short - lane.long
    lane.long += weight * deviation
    lane.variance += weight * ((1.0 - weight) * deviation * deviation - lane.variance)


def _conditions(lane: Lanes, rule: Rules, now: Sample) -> tuple[Bools, Bools]:
    """Where each trigger is on, and where it is off; between the two lies the hysteresis."""
    on = np.empty((len(now.t_ms), N_TRIGGERS), np.bool_)
    off = np.empty_like(on)
    band = np.maximum(SHIFT_SIGMAS * np.sqrt(lane.variance), rule.shift)
    band[lane.learned_s < LEARN_S] = np.nan
    deviation = lane.short - lane.long
    x = now.value - rule.base
    is_calm = now.t_ms < lane.calm_ms
    on[:, SHIFT_UP] = (deviation > band) & ~now.is_door_open & ~is_calm
    off[:, SHIFT_UP] = ~(deviation > band / 2)
    on[:, SHIFT_DOWN] = (deviation < -band) & ~is_calm
    off[:, SHIFT_DOWN] = ~(deviation < band / -2)
    on[:, HIGH] = x > rule.high
    off[:, HIGH] = ~(x > rule.high - rule.hysteresis)
    on[:, CRITICAL] = x > rule.critical
    off[:, CRITICAL] = ~(x > rule.critical - rule.hysteresis)
    on[:, LOW] = x < rule.low
    off[:, LOW] = ~(x < rule.low + rule.hysteresis)
    stands_s = (now.t_ms - lane.changed_ms) / 1000.0
    limit_s = np.maximum(rule.stuck_s, STUCK_TIMES * lane.rest_s)
    on[:, STUCK] = (stands_s > limit_s) & (lane.learned_s >= LEARN_S)
    off[:, STUCK] = stands_s == 0.0
    on[:, ON] = rule.has_state & (now.value > 0.5)
    off[:, ON] = ~on[:, ON]
    return on, off


def _count_time(
    lane: Lanes, rule: Rules, t_ms: Millis, dt_s: Floats, flags: tuple[Bools, Bools]
) -> None:
    """Held and gone times of every trigger, and which are active."""
    on, off = flags
    lane.since_ms[:] = np.where(
        on & (lane.held_s == 0.0) & ~lane.was_on, t_ms[:, None], lane.since_ms
    )
    haste = np.ones_like(lane.held_s)
    haste[:, [HIGH, CRITICAL]] += (SHIFT_HASTE - 1.0) * on[:, [SHIFT_UP]]
    haste[:, LOW] += (SHIFT_HASTE - 1.0) * on[:, SHIFT_DOWN]
    lane.held_s += np.where(on & lane.was_on, dt_s * haste, 0.0) - np.where(off, dt_s / 2, 0.0)
    np.clip(lane.held_s, 0.0, rule.hold_s, out=lane.held_s)
    is_gone_on = off & (lane.gone_s >= 0.0)
    lane.gone_s[:] = np.where(off, np.where(is_gone_on, lane.gone_s + dt_s, 0.0), -1.0)
    lane.is_active |= on & (lane.held_s >= rule.hold_s)
    is_over = lane.is_active & off & (lane.gone_s >= rule.clear_s)
    lane.is_active &= ~is_over
    lane.held_s[is_over] = 0.0
    lane.was_on[:] = on


def _changes(lane: Lanes, rule: Rules, now: Sample, reading: NDArray[np.intp]) -> list[Transition]:
    """New levels of the groups, and what of it is worth a word."""
    if not (lane.is_active.any() or lane.level.any()):
        return []
    _accept_new_normal(lane, now)
    before = lane.level.copy()
    severity = np.where(lane.is_active, rule.severity, 0).astype(np.uint8)
    for group, triggers in enumerate(GROUPS):
        lane.level[:, group] = severity[:, triggers].max(axis=1)
    has_begun = (before == 0) & (lane.level > 0)
    for group, triggers in enumerate(GROUPS):
        since = np.where(lane.is_active[:, triggers], lane.since_ms[:, triggers], now.t_ms[:, None])
        begun = has_begun[:, group]
        lane.began_ms[begun, group] = since.min(axis=1)[begun]
        worst = np.fmin if group == DOWN else np.fmax
        lane.peak[:, group] = np.where(begun, now.value, worst(lane.peak[:, group], now.value))
    is_told = now.is_fresh[:, None] & (lane.level > lane.announced)
    is_over = (lane.level == 0) & (before > 0)
    found = [
        _transition(
            lane, severity, int(row), int(group), int(before[row, group]), int(reading[row])
        )
        for row, group in zip(*np.nonzero(is_told | is_over), strict=True)
    ]
    np.copyto(lane.announced, lane.level, where=is_told | is_over)
    return found


def _accept_new_normal(lane: Lanes, now: Sample) -> None:
    """A level that stays, though no limit is broken, is a new setting: learn from it."""
    old = (now.t_ms[:, None] - lane.since_ms) > NEW_NORMAL_S * 1000
    others = lane.is_active[:, [HIGH, CRITICAL, LOW]].any(axis=1)
    shifted = (lane.is_active & old)[:, [SHIFT_UP, SHIFT_DOWN]].any(axis=1) & ~others
    lane.long[shifted] = lane.short[shifted]


def _transition(
    lane: Lanes, severity: NDArray[np.uint8], row: int, group: int, before: int, reading: int
) -> Transition:
    columns = GROUPS[group]
    worst = max(columns, key=lambda column: int(severity[row, column]))
    return Transition(
        reading=reading,
        group=group,
        announced=int(lane.announced[row, group]),
        before=before,
        after=int(lane.level[row, group]),
        began_ms=int(lane.began_ms[row, group]),
        trigger=worst if severity[row, worst] else -1,
        peak=float(lane.peak[row, group]),
        usual=float(lane.long[row]),
    )
