"""What a store planned itself: promotions, by which a count may differ from the usual week."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.detection.slots import SLOT_MS

UNKNOWN_FACTOR = 2.0  # what a promotion may bring where nobody said
SPREAD = 1.5  # the usual and the hoped-for count lie so many standard deviations off the middle

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Planned:
    """A promotion from one instant to another; `factor` times the usual visitors, if anybody said.

    What is said is a hope: the middle between the usual count and that one is expected, with both
    well inside of what is ordinary.
    """

    start_ms: int
    end_ms: int
    factor: float | None = None

    @property
    def expected(self) -> float:
        return (1.0 + self._hope) / 2.0

    @property
    def doubt(self) -> float:
        """Squared share of the expected count by which it may differ."""
        return ((self._hope - 1.0) / (self._hope + 1.0) / SPREAD) ** 2

    @property
    def _hope(self) -> float:
        return UNKNOWN_FACTOR if self.factor is None else self.factor


def touches(plans: Sequence[Planned], slots: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which slots lie in a promotion, even in part: no week is learned from them."""
    found = np.zeros(len(slots), np.bool_)
    for plan in plans:
        found |= _inside(plan, slots)
    return found


def outlook(plans: Sequence[Planned], slots: NDArray[np.int64]) -> tuple[Floats, float]:
    """How many times the usual count to expect by slot, and how far that may be off."""
    factors, doubt = np.ones(len(slots)), 0.0
    for plan in plans:
        inside = _inside(plan, slots)
        if inside.any():
            factors[inside] *= plan.expected
            doubt = max(doubt, plan.doubt)
    return factors, doubt


def _inside(plan: Planned, slots: NDArray[np.int64]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (slots * SLOT_MS < plan.end_ms) & (
        (slots + 1) * SLOT_MS > plan.start_ms
    )
    return found
