"""Causes that must hold for their time before they are told, and be gone for theirs to end.

Time without the condition takes as much back, in the measure in which the cause may end sooner.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.detection.findings import Rule, Severity
from hub.detection.minutes import Closed

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SHOWN = 4  # what a person is told of a cause: value, usual value, limit, hours
VALUE, USUAL, LIMIT, HOURS = range(SHOWN)


@dataclass(frozen=True, slots=True)
class Cause:
    """How long its condition must hold and be gone, how bad it is, which channel shows it."""

    rule: Rule
    hold_min: float
    severity: Severity
    clear_min: float
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A cause of a machine that begins to hold (`is_on`) or ends; `shown` says why."""

    machine: int
    cause: Cause
    is_on: bool
    is_told: bool
    since_min: int
    shown: tuple[float, ...] = ()


def book_of(count: int) -> list[tuple[Any, ...]]:
    """Fields of a state that keeps so many causes."""
    return [
        ("held_min", "<f8", (count,)),
        ("since_min", "<i8", (count,)),
        ("is_on", "?", (count,)),
        ("is_told", "?", (count,)),
    ]


def blank(rows: int, causes: int) -> Floats:
    """Room for what is shown; NaN is not told."""
    return np.full((rows, causes, SHOWN), np.nan)


@dataclass(frozen=True, slots=True)
class Clock:
    """The causes of a book, as arrays, and the minutes between two looks."""

    causes: tuple[Cause, ...]
    step_min: float
    hold: Floats
    fall: Floats

    @classmethod
    def of(cls, causes: tuple[Cause, ...], step_min: float) -> "Clock":
        hold = np.array([cause.hold_min for cause in causes])
        clear = np.array([cause.clear_min for cause in causes])
        return cls(causes, step_min, hold, step_min * hold / clear)

    def count(
        self,
        book: NDArray[np.void],
        found: tuple[Bools, Floats],
        closed: Closed,
        moves: Bools | None = None,
    ) -> list[Notice]:
        """Count one look; `moves` is False where a look says nothing about a cause."""
        flags, shown = found
        held, is_on, is_told = book["held_min"], book["is_on"], book["is_told"]
        begun = flags & (held == 0.0) & ~is_on
        np.copyto(book["since_min"], closed.minute, where=begun)
        change = np.where(flags, self.step_min, -self.fall)
        held += change if moves is None else change * moves
        np.clip(held, 0.0, self.hold, out=held)
        begins, ends = ~is_on & (held >= self.hold), is_on & (held <= 0.0)
        is_on |= begins
        is_on &= ~ends
        tells = is_on & ~is_told & closed.is_fresh[:, None]
        told = [
            Notice(
                int(closed.machines[row]),
                self.causes[cause],
                bool(tells[row, cause]),
                bool(is_told[row, cause] | tells[row, cause]),
                int(book["since_min"][row, cause]),
                tuple(shown[row, cause].tolist()),
            )
            for row, cause in zip(*(tells | ends).nonzero(), strict=True)
        ]
        is_told |= tells
        is_told &= ~ends
        return told
