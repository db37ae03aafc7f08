"""Named causes, minute by minute: what fails before the temperature does.

What is usual for a machine is learned over its first days and then slowly.
"""

import numpy as np
from numpy.typing import NDArray

from hub.detection.findings import Rule, Severity
from hub.detection.holding import USUAL, VALUE, Bools, Cause, Clock, Floats, Notice, blank, book_of
from hub.detection.minutes import (
    AIR,
    COMPRESSOR,
    DEFROST,
    EVAPORATOR,
    FAN,
    VOLTAGES,
    Closed,
)

LEARN_MIN = 3 * 1440.0  # no comparison with the usual before so much was seen
MEMORY_MIN = 14 * 1440.0
DUTY_MIN = 240.0  # time constant of the duty
NEVER_RESTS_DUTY = 0.985
NEVER_RESTS_USUAL = 0.85
STARTS_PER_H = 9.0  # compressors are made for six to eight starts an hour
STARTS_TIMES = 2.0
OVERDUE_TIMES = 2.2
OVERDUE_LEAST_MIN = 240.0
MIN_DEFROSTS = 4
ICED_K = 4.0  # further below the air than usual, while it cools
ICED_SIGMAS, ICED_MOST_K = 4.0, 6.0
JUMP_K = 0.8  # back and forth within two minutes: air cannot, a loose wire can
JUMP_TIMES = 6.0
PEAK_SHORT_K = 4.0  # a defrost that stays so far below the usual peak has not thawed
THAWED_C = 4.0
BAD_DEFROSTS = 2.0
PHASE_SHARE = 0.7  # of the best phase
PHASE_LEAST_V = 150.0

(
    SHORT_CYCLING,
    NEVER_RESTS,
    OVERDUE,
    FAN_STOPPED,
    ICED,
    DEFROST_FAILED,
    PROBE,
    PHASE,
    UNUSUAL,
) = range(9)
CAUSES = (
    Cause(Rule.SHORT_CYCLING, 60, Severity.MEDIUM, 60, COMPRESSOR),
    Cause(Rule.NEVER_RESTS, 120, Severity.MEDIUM, 30, COMPRESSOR),
    Cause(Rule.DEFROST_OVERDUE, 30, Severity.MEDIUM, 5, DEFROST),
    Cause(Rule.FAN_STOPPED, 15, Severity.HIGH, 5, FAN),
    Cause(Rule.EVAPORATOR_ICED, 120, Severity.MEDIUM, 60, EVAPORATOR),
    Cause(Rule.DEFROST_FAILED, 5, Severity.MEDIUM, 5, EVAPORATOR),
    Cause(Rule.PROBE_FAULT, 20, Severity.MEDIUM, 60, AIR),
    Cause(Rule.PHASE_LOSS, 2, Severity.HIGH, 2, VOLTAGES.start),
    Cause(Rule.MACHINE_UNUSUAL, 120, Severity.LOW, 60, AIR),
)
_CLOCK = Clock.of(CAUSES, 1.0)
UNUSUAL_SCORE = 4.5  # of the machine as a whole; a named cause says more and goes first

STATE = np.dtype(
    [
        ("seen_min", "<f8"),  # minutes with a compressor that speaks
        ("was_on", "<f8"),
        ("starts", "<f8"),  # an hour, smoothed
        ("usual_starts", "<f8"),
        ("duty", "<f8"),
        ("usual_duty", "<f8"),
        ("was_defrosting", "<f8"),
        ("since_defrost_min", "<f8"),
        ("interval_min", "<f8"),  # the longest usual time between two defrosts
        ("defrosts", "<f8"),
        ("fan_with", "<f8"),  # share of cooling minutes in which the fan runs
        ("depth", "<f8"),  # air above evaporator while it cools, smoothed
        ("usual_depth", "<f8"),
        ("depth_variance", "<f8"),
        ("air", "<f8"),  # of the minute before, and how it had moved then
        ("moved", "<f8"),
        ("jump", "<f8"),  # how far the air goes back and forth, smoothed
        ("usual_jump", "<f8"),
        ("defrost_peak", "<f8"),  # of the evaporator in the defrost under way
        ("usual_peak", "<f8"),
        ("bad_defrosts", "<f8"),  # in a row
        *book_of(len(CAUSES)),
    ]
)


def new_state(count: int) -> NDArray[np.void]:
    """Machines of which nothing is known."""
    return np.zeros(count, STATE)


def step(state: NDArray[np.void], closed: Closed, scores: Floats) -> list[Notice]:
    """Take one minute, with the score of each machine as a whole; what began and what ended."""
    book = state[closed.machines]
    values = closed.values
    cools = (values[:, COMPRESSOR] > 0.5) & ~(values[:, DEFROST] > 0.5)
    _learn(book, values, cools)
    flags, shown = _conditions(book, values, cools)
    has_name = book["is_on"][:, :UNUSUAL].any(axis=1) | flags[:, :UNUSUAL].any(axis=1)
    flags[:, UNUSUAL] = (scores > UNUSUAL_SCORE) & ~has_name
    shown[:, UNUSUAL, VALUE], shown[:, UNUSUAL, USUAL] = scores, 1.0
    # The fan's state says nothing while the compressor rests.
    moves = np.ones_like(flags)
    rests = ~(values[:, COMPRESSOR] > 0.5)
    moves[:, FAN_STOPPED] = ~rests | (values[:, FAN] > 0.5)
    found = _CLOCK.count(book, (flags, shown), closed, moves)
    state[closed.machines] = book
    return found


def _learn(book: NDArray[np.void], values: Floats, cools: Bools) -> None:
    speaks = ~np.isnan(values[:, COMPRESSOR])
    on = np.where(speaks, values[:, COMPRESSOR] > 0.5, book["was_on"] > 0.5)
    begins = on & (book["was_on"] < 0.5) & speaks & (book["seen_min"] > 0)
    book["was_on"] = on
    book["seen_min"] += speaks
    calm = ~book["is_on"][:, [SHORT_CYCLING, NEVER_RESTS, ICED]].any(axis=1) & speaks
    weight = np.where(calm, 1.0 / np.clip(book["seen_min"], 1.0, MEMORY_MIN), 0.0)
    book["starts"] += np.where(speaks, (60.0 * begins - book["starts"]) / 60.0, 0.0)
    book["usual_starts"] += weight * (60.0 * begins - book["usual_starts"])
    duty_weight = np.where(speaks, 1.0 / np.clip(book["seen_min"], 1.0, DUTY_MIN), 0.0)
    defrosting = values[:, DEFROST] > 0.5
    works = np.where(defrosting, book["duty"], on)
    book["duty"] += duty_weight * (works - book["duty"])
    book["usual_duty"] += weight * (works - book["usual_duty"])
    fan = values[:, FAN] > 0.5
    book["fan_with"] += np.where(cools, weight * (fan - book["fan_with"]), 0.0)
    _learn_peaks(book, values, defrosting)
    _learn_defrosts(book, defrosting, ~np.isnan(values[:, DEFROST]))
    _learn_jumps(book, values[:, AIR], weight)
    depth = values[:, AIR] - values[:, EVAPORATOR]
    known = cools & ~np.isnan(depth)
    off = np.where(known, depth - book["depth"], 0.0)
    book["depth"] += off / np.clip(book["seen_min"], 1.0, 120.0)
    drift = book["depth"] - book["usual_depth"]
    slow = np.where(known, weight, 0.0)
    book["usual_depth"] += slow * drift
    book["depth_variance"] += slow * (drift * drift - book["depth_variance"])


def _learn_defrosts(book: NDArray[np.void], now: Bools, speaks: Bools) -> None:
    begins = now & (book["was_defrosting"] < 0.5) & speaks
    since = book["since_defrost_min"]
    counts = begins & (book["defrosts"] > 0)
    book["interval_min"] = np.where(
        counts, np.maximum(since, 0.9 * book["interval_min"] + 0.1 * since), book["interval_min"]
    )
    book["defrosts"] += begins
    book["since_defrost_min"] = np.where(now, 0.0, since + speaks)
    book["was_defrosting"] = np.where(speaks, now, book["was_defrosting"])


def _learn_peaks(book: NDArray[np.void], values: Floats, now: Bools) -> None:
    """How warm the evaporator gets in a defrost; to be called before the defrost is booked."""
    was = book["was_defrosting"] > 0.5
    if not (was.any() or now.any()):
        return
    ends = was & ~now & ~np.isnan(values[:, DEFROST]) & np.isfinite(book["defrost_peak"])
    peak, usual, count = book["defrost_peak"], book["usual_peak"], book["defrosts"]
    is_bad = ends & (count >= MIN_DEFROSTS) & (peak < np.minimum(usual - PEAK_SHORT_K, THAWED_C))
    book["bad_defrosts"] = np.where(ends, (book["bad_defrosts"] + 1) * is_bad, book["bad_defrosts"])
    weight = np.where(ends & ~is_bad, 1.0 / np.clip(count, 1.0, 30.0), 0.0)
    usual += weight * (np.where(ends, peak, 0.0) - usual)
    coil = values[:, EVAPORATOR]
    book["defrost_peak"] = np.where(now & was, np.fmax(peak, coil), np.where(now, coil, peak))


def _learn_jumps(book: NDArray[np.void], air: Floats, weight: Floats) -> None:
    """How far the air goes back and forth: a ramp of any speed is none."""
    known = ~np.isnan(air)
    moved = np.where(known & (book["seen_min"] > 1), air - book["air"], 0.0)
    turns = moved * book["moved"] < 0.0
    back = np.where(turns, np.minimum(np.abs(moved), np.abs(book["moved"])), 0.0)
    book["jump"] += np.where(known, (back - book["jump"]) / 30.0, 0.0)
    is_calm = ~book["is_on"][:, PROBE] & (book["held_min"][:, PROBE] == 0.0)
    book["usual_jump"] += np.where(is_calm, weight, 0.0) * (book["jump"] - book["usual_jump"])
    book["moved"] = moved
    np.copyto(book["air"], air, where=known)


def _conditions(book: NDArray[np.void], values: Floats, cools: Bools) -> tuple[Bools, Floats]:
    """Where each cause's condition holds, and the value and the usual one that say so."""
    size = len(book)
    flags = np.zeros((size, len(CAUSES)), np.bool_)
    is_known = book["seen_min"] >= LEARN_MIN
    limit = np.maximum(STARTS_PER_H, STARTS_TIMES * book["usual_starts"])
    flags[:, SHORT_CYCLING] = is_known & (book["starts"] > limit)
    is_rare = book["usual_duty"] < NEVER_RESTS_USUAL
    flags[:, NEVER_RESTS] = is_known & is_rare & (book["duty"] > NEVER_RESTS_DUTY)
    overdue = np.maximum(OVERDUE_LEAST_MIN, OVERDUE_TIMES * book["interval_min"])
    flags[:, OVERDUE] = (book["defrosts"] >= MIN_DEFROSTS) & (book["since_defrost_min"] > overdue)
    has_fan = is_known & (book["fan_with"] > 0.9)
    flags[:, FAN_STOPPED] = has_fan & cools & (values[:, FAN] < 0.5)
    deep = np.clip(ICED_SIGMAS * np.sqrt(book["depth_variance"]), ICED_K, ICED_MOST_K)
    flags[:, ICED] = is_known & (book["depth"] - book["usual_depth"] > deep)
    flags[:, DEFROST_FAILED] = book["bad_defrosts"] >= BAD_DEFROSTS
    jumpy = np.maximum(JUMP_K, JUMP_TIMES * book["usual_jump"])
    flags[:, PROBE] = is_known & (book["jump"] > jumpy)
    shown = blank(size, len(CAUSES))
    _show(shown, SHORT_CYCLING, book["starts"], book["usual_starts"])
    _show(shown, NEVER_RESTS, 100 * book["duty"], 100 * book["usual_duty"])
    _show(shown, OVERDUE, book["since_defrost_min"] / 60, book["interval_min"] / 60)
    _show(shown, FAN_STOPPED, 0.0, 100 * book["fan_with"])
    _show(shown, ICED, book["depth"], book["usual_depth"])
    _show(shown, DEFROST_FAILED, book["defrost_peak"], book["usual_peak"])
    _show(shown, PROBE, book["jump"], book["usual_jump"])
    _phases(values[:, VOLTAGES], flags, shown)
    return flags, shown


def _show(shown: Floats, cause: int, value: Floats | float, usual: Floats) -> None:
    shown[:, cause, VALUE], shown[:, cause, USUAL] = value, usual


def _phases(volts: Floats, flags: Bools, shown: Floats) -> None:
    """A phase that is far below the best one."""
    rows = np.flatnonzero(np.isfinite(volts).all(axis=1))
    if len(rows):
        least, best = volts[rows].min(axis=1), volts[rows].max(axis=1)
        flags[rows, PHASE] = (least < PHASE_SHARE * best) & (best > PHASE_LEAST_V)
        shown[rows, PHASE, VALUE], shown[rows, PHASE, USUAL] = least, best
