"""Causes that take hours or weeks to show: looked at every five minutes, all due machines at once.

Each watched quantity has a level over its own time and what is usual of it over two weeks; what is
wrong is not learned from. What each cause looks for stands in `cooling` and `plant`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.detection.findings import Rule, Severity
from hub.detection.holding import Bools, Cause, Clock, Floats, Notice, blank, book_of
from hub.detection.minutes import AIR, COMPRESSOR, COOLING, FAN_SPEED, POWER, Closed

STEP_MIN = 5
LEARN_MIN = 3 * 1440.0
MEMORY_MIN = 14 * 1440.0
WEEK_HOURS = 168
NIGHTS = 14

(
    REFRIGERANT,
    TWIN,
    KINETIC,
    AHEAD,
    FLEET,
    BOTH,
    FILTER,
    SCHEDULE,
    NIGHT,
) = range(9)
CAUSES = (
    Cause(Rule.REFRIGERANT_LOW, 360, Severity.MEDIUM, 360, COMPRESSOR),
    Cause(Rule.PROBE_DRIFT, 120, Severity.MEDIUM, 240, AIR),
    Cause(Rule.KINETIC_HIGH, 30, Severity.MEDIUM, 120, AIR),
    Cause(Rule.LIMIT_AHEAD, 20, Severity.MEDIUM, 30, AIR),
    Cause(Rule.FLEET_OUTLIER, 1440, Severity.LOW, 1440, COMPRESSOR),
    Cause(Rule.HEAT_AND_COOL, 20, Severity.MEDIUM, 180, COOLING),
    Cause(Rule.FILTER_CLOGGED, 360, Severity.LOW, 360, FAN_SPEED),
    Cause(Rule.SCHEDULE_OVERRIDE, 60, Severity.LOW, 15, FAN_SPEED),
    Cause(Rule.NIGHT_LOAD, 5, Severity.LOW, 5, POWER),
)
_CLOCK = Clock.of(CAUSES, STEP_MIN)

TRACK = [("seen_min", "<f8"), ("level", "<f8"), ("usual", "<f8"), ("variance", "<f8")]
TRACKS = ("suction", "duty", "depth", "twin", "kinetic", "slope", "airflow", "fan_speed")
STATE = np.dtype(
    [
        *((name, TRACK) for name in TRACKS),
        ("minute", "<i8"),  # of the newest look
        ("fast", "<f8"),  # air over half an hour, and over two
        ("slow", "<f8"),
        ("settled_min", "<f8"),
        ("day", "<i8"),  # of the duty that is shown to the fleet
        ("shown_duty", "<f8"),
        ("fleet_usual", "<f8"),
        ("fleet_bound", "<f8"),
        ("runs", "<f4", (WEEK_HOURS,)),  # share of each hour of the week in which it runs
        ("looks", "<u2", (WEEK_HOURS,)),
        ("night_sum", "<f8"),
        ("night_count", "<f8"),
        ("night", "<i8"),  # local day of the night that is summed up
        ("night_w", "<f8"),  # the newest whole one
        ("nights", "<f4", (NIGHTS,)),
        ("usual_night_w", "<f8"),  # 0: not known yet
        ("night_number", "<i8"),
        *book_of(len(CAUSES)),
    ]
)


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of the machines beside what they say; a row each."""

    safe_c: Floats  # goods are safe below; NaN for what is not cold
    local_min: NDArray[np.int64]  # minutes of local time since 1970


@dataclass(frozen=True, slots=True)
class Look:
    """Machines at one look: their books, channels, minute causes and places, a row each."""

    book: NDArray[np.void]
    values: Floats
    minutes: NDArray[np.void]
    place: Place


def new_state(count: int) -> NDArray[np.void]:
    """Machines of which nothing is known."""
    state = np.zeros(count, STATE)
    state["day"] = state["night"] = state["minute"] = -1
    state["nights"] = np.nan
    return state


def follow(
    track: NDArray[np.void], value: Floats, known: Bools, tau_min: float, learns: Bools
) -> None:
    """Bring a level over `tau_min` up to date, and where it may, what is usual of it."""
    value = np.where(known, value, 0.0)
    seen = track["seen_min"]
    seen += STEP_MIN * known
    young = np.maximum(seen, STEP_MIN)
    level = track["level"]
    level += np.where(known, STEP_MIN / np.minimum(young, tau_min), 0.0) * (value - level)
    weight = np.where(known & learns, STEP_MIN / np.minimum(young, MEMORY_MIN), 0.0)
    gap = level - track["usual"]
    track["usual"] += weight * gap
    # How far it usually goes is learned once the level has seen its own time.
    settled = np.maximum(seen - tau_min, 0.0)
    weight = np.where(settled > 0.0, weight * young / np.maximum(settled, STEP_MIN), 0.0)
    track["variance"] += np.minimum(weight, 1.0) * (gap * gap - track["variance"])


def is_known(track: NDArray[np.void]) -> Bools:
    """Whether what is usual may be relied on."""
    found: Bools = track["seen_min"] >= LEARN_MIN
    return found


def off(track: NDArray[np.void]) -> Floats:
    """How far the level is from what is usual."""
    found: Floats = track["level"] - track["usual"]
    return found


def sigma(track: NDArray[np.void]) -> Floats:
    """How far the level usually is from what is usual."""
    found: Floats = np.sqrt(track["variance"])
    return found


def calm(book: NDArray[np.void], cause: int) -> Bools:
    """Where a cause neither holds nor has begun to."""
    found: Bools = book["held_min"][:, cause] == 0.0
    return found


def settle(
    state: NDArray[np.void], closed: Closed, look: Look, found: tuple[Bools, Floats]
) -> list[Notice]:
    """Count what was found, and keep the books."""
    told = _CLOCK.count(look.book, found, closed)
    look.book["minute"] = closed.minute
    state[closed.machines] = look.book
    return told


def nothing(rows: int) -> tuple[Bools, Floats]:
    """Flags and figures to be filled in."""
    return np.zeros((rows, len(CAUSES)), np.bool_), blank(rows, len(CAUSES))
