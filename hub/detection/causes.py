"""Named causes of cold machines, minute by minute: what fails before the temperature does.

Each cause has a condition that must hold for its time; time without it takes as much back. What
is usual for a machine is learned over its first days and then slowly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.detection.findings import Rule, Severity
from hub.detection.minutes import AIR, COMPRESSOR, DEFROST, EVAPORATOR, FAN, Closed

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
ICED_SIGMAS = 5.0
NEVER = -1

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule of this module: how long its condition must hold, and how bad it is."""

    rule: Rule
    hold_min: float
    severity: Severity
    clear_min: float


SHORT_CYCLING, NEVER_RESTS, OVERDUE, FAN_STOPPED, ICED, UNUSUAL = range(6)
CAUSES = (
    Cause(Rule.SHORT_CYCLING, 60, Severity.MEDIUM, 60),
    Cause(Rule.NEVER_RESTS, 120, Severity.MEDIUM, 30),
    Cause(Rule.DEFROST_OVERDUE, 30, Severity.MEDIUM, 5),
    Cause(Rule.FAN_STOPPED, 15, Severity.HIGH, 5),
    Cause(Rule.EVAPORATOR_ICED, 120, Severity.MEDIUM, 60),
    Cause(Rule.MACHINE_UNUSUAL, 120, Severity.LOW, 60),
)
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
        ("held_min", "<f8", (len(CAUSES),)),
        ("since_min", "<i8", (len(CAUSES),)),
        ("is_on", "?", (len(CAUSES),)),
        ("is_told", "?", (len(CAUSES),)),
    ]
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A cause of a machine that begins to hold (`is_on`) or ends; `value` and `usual` say why."""

    machine: int
    cause: int
    is_on: bool
    is_told: bool
    since_min: int
    value: float
    usual: float


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
    shown[:, UNUSUAL, 0] = scores
    shown[:, UNUSUAL, 1] = 1.0
    found = _count(book, flags, shown, closed)
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
    _learn_defrosts(book, defrosting, ~np.isnan(values[:, DEFROST]))
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
    deep = np.maximum(ICED_K, ICED_SIGMAS * np.sqrt(book["depth_variance"]))
    flags[:, ICED] = is_known & (book["depth"] - book["usual_depth"] > deep)
    shown = np.zeros((size, len(CAUSES), 2))
    shown[:, SHORT_CYCLING] = np.stack((book["starts"], book["usual_starts"]), axis=1)
    shown[:, NEVER_RESTS] = 100 * np.stack((book["duty"], book["usual_duty"]), axis=1)
    shown[:, OVERDUE] = np.stack((book["since_defrost_min"], book["interval_min"]), axis=1) / 60
    shown[:, FAN_STOPPED, 1] = 100 * book["fan_with"]
    shown[:, ICED] = np.stack((book["depth"], book["usual_depth"]), axis=1)
    return flags, shown


def _count(book: NDArray[np.void], flags: Bools, shown: Floats, closed: Closed) -> list[Notice]:
    hold = np.array([cause.hold_min for cause in CAUSES])
    clear = np.array([cause.clear_min for cause in CAUSES])
    held, is_on = book["held_min"], book["is_on"]
    begun = flags & (held == 0.0)
    np.copyto(book["since_min"], closed.minute, where=begun & ~is_on)
    # The fan's state says nothing while the compressor rests.
    moves = np.ones_like(flags)
    rests = ~(closed.values[:, COMPRESSOR] > 0.5)
    moves[:, FAN_STOPPED] = ~rests | (closed.values[:, FAN] > 0.5)
    fall = hold / clear
    held += np.where(flags, 1.0, -fall) * moves
    np.clip(held, 0.0, hold, out=held)
    begins, ends = ~is_on & (held >= hold), is_on & (held <= 0.0)
    is_on |= begins
    is_on &= ~ends
    tells = is_on & ~book["is_told"] & closed.is_fresh[:, None]
    found = [
        Notice(
            int(closed.machines[row]),
            int(cause),
            bool(tells[row, cause]),
            bool(book["is_told"][row, cause] | tells[row, cause]),
            int(book["since_min"][row, cause]),
            float(shown[row, cause, 0]),
            float(shown[row, cause, 1]),
        )
        for row, cause in zip(*np.nonzero(tells | ends), strict=True)
    ]
    book["is_told"] |= tells
    book["is_told"] &= ~ends
    return found
