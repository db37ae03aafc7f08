"""The usual week of a count: a pooled negative-binomial profile by quarter of an hour.

Two weeks give each slot of the week two samples, too few to trust. So a slot's mean is drawn
towards its weekday's level times the shape of its kind of day, the more the fewer its samples.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY_SLOTS = 96
WEEK_SLOTS = 7 * DAY_SLOTS
HALF_LIFE_WEEKS = 4.0
PRIOR_DAYS = 4.0  # how many samples the pooled shape is worth
WEEKDAY_PRIOR_DAYS = 1.5
MIN_DAYS = 7.0  # no verdict on less
MIN_SLOT_ALPHA = 0.02
MIN_DAY_ALPHA = 0.01
OPEN_SHARE = 0.08  # of an average slot: from here on the store counts as open

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Profile:
    """`mean` by slot of the week (Monday 0:00 first); variance of a slot is m + slot_alpha m²,
    and whole days differ by `day_alpha` (squared coefficient of variation)."""

    mean: Floats
    slot_alpha: float
    day_alpha: float
    days: float

    @property
    def is_ready(self) -> bool:
        return self.days >= MIN_DAYS

    def is_open(self, week_slot: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Where people are usually there: the opening hours as learned."""
        found: NDArray[np.bool_] = self.mean[week_slot] > OPEN_SHARE * self.mean.mean()
        return found

    def expect(
        self, week_slot: NDArray[np.intp], factor: Floats | float = 1.0
    ) -> tuple[float, float]:
        """Mean and variance of the sum over these slots; `factor` is what is planned."""
        mean = self.mean[week_slot] * factor
        total = float(mean.sum())
        spread = self.slot_alpha * float((mean * mean).sum()) + self.day_alpha * total * total
        return total, total + spread


def fit(
    counts: NDArray[np.uint16],
    is_known: NDArray[np.bool_],
    week_slot: NDArray[np.intp],
    age_slots: NDArray[np.intp],
) -> Profile:
    """Learn from slots of any order; `is_known` marks the covered, ordinary ones."""
    weight = np.where(is_known, 0.5 ** (age_slots / (WEEK_SLOTS * HALF_LIFE_WEEKS)), 0.0)
    value = counts.astype(np.float64)
    weights = _by_week_slot(week_slot, weight)
    sums = _by_week_slot(week_slot, weight * value)
    prior = _prior(sums, weights)
    mean = ((sums + PRIOR_DAYS * prior) / (weights + PRIOR_DAYS)).ravel()
    days = float(is_known.sum()) / DAY_SLOTS
    expected = mean[week_slot]
    day_alpha = _day_alpha(value, expected, is_known, age_slots)
    return Profile(mean, _slot_alpha(value[is_known], expected[is_known]), day_alpha, days)


def _by_week_slot(week_slot: NDArray[np.intp], value: Floats) -> Floats:
    found: Floats = np.bincount(week_slot, value, WEEK_SLOTS).astype(np.float64)
    return found.reshape(7, DAY_SLOTS)


def _prior(sums: Floats, weights: Floats) -> Floats:
    """Weekday level times shape, the shape pooled over working days and over weekends."""
    pooled = _smooth(sums.sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-9))
    prior = np.empty_like(sums)
    for days in (slice(0, 5), slice(5, 7)):
        known = weights[days].sum(axis=0)
        shape = _smooth((sums[days].sum(axis=0) + pooled) / (known + 1.0))
        for day in range(7)[days]:
            usual = float((weights[day] * shape).sum())
            extra = WEEKDAY_PRIOR_DAYS * float(shape.sum())
            prior[day] = shape * (float(sums[day].sum()) + extra) / max(usual + extra, 1e-9)
    return prior


def _smooth(shape: Floats) -> Floats:
    """A slot borrows from its neighbours; midnight is no border."""
    return 0.5 * shape + 0.25 * (np.roll(shape, 1) + np.roll(shape, -1))


def _slot_alpha(value: Floats, expected: Floats) -> float:
    """Overdispersion by moments; the strangest slots are cut to 4 sigma first."""
    if not len(value):
        return MIN_SLOT_ALPHA
    limit = 4.0 * np.sqrt(expected + 0.1 * expected**2) + 1.0
    error = np.clip(value - expected, -limit, limit)
    square = float((expected**2).sum())
    return max(MIN_SLOT_ALPHA, float((error**2 - expected).sum()) / max(square, 1e-9))


def _day_alpha(
    value: Floats, expected: Floats, is_known: NDArray[np.bool_], age_slots: NDArray[np.intp]
) -> float:
    """How much whole days differ from what was expected of them, beyond chance."""
    day = age_slots // DAY_SLOTS
    seen = np.bincount(day, value * is_known)
    usual = np.bincount(day, expected * is_known)
    enough = usual > 0.3 * usual.max() if len(usual) else usual > 0
    if enough.sum() < 3 or not usual.max() > 0:
        return MIN_DAY_ALPHA
    ratio = np.clip(seen[enough] / usual[enough], 0.5, 2.0)
    chance = float((1.0 / usual[enough]).mean())
    return max(MIN_DAY_ALPHA, float(((ratio - 1.0) ** 2).mean()) - chance)


def tails(observed: float, mean: float, variance: float) -> tuple[float, float]:
    """P(X ≤ observed) and P(X ≥ observed) of the negative binomial with these moments."""
    if mean <= 0:
        return 1.0, 1.0 if observed <= 0 else 0.0
    over = max(variance - mean, 1e-6 * mean)
    size = mean * mean / over
    share = size / (size + mean)  # chance of a success
    top = int(max(observed, mean + 12.0 * math.sqrt(variance))) + 1
    k = np.arange(1, top + 1, dtype=np.float64)
    steps = np.log((k + size - 1.0) / k) + math.log1p(-share)
    log_p = size * math.log(share) + np.concatenate(([0.0], np.cumsum(steps)))
    p = np.exp(log_p)
    seen = int(observed)
    return min(1.0, float(p[: seen + 1].sum())), min(1.0, float(p[seen:].sum()))
