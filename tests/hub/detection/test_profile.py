"""The usual week and the chance of a count."""

import math

import numpy as np
import pytest

from hub.detection.counts import Tally
from hub.detection.profile import DAY_SLOTS, WEEK_SLOTS, fit, tails


def poisson_low(observed: int, mean: float) -> float:
    return sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(observed + 1))


@pytest.mark.parametrize(("observed", "mean"), [(0, 3.0), (5, 10.0), (12, 10.0), (30, 30.0)])
def test_without_overdispersion_the_tails_are_poissons(observed: int, mean: float) -> None:
    low, high = tails(observed, mean, mean)
    assert low == pytest.approx(poisson_low(observed, mean), rel=1e-3)
    assert low + high == pytest.approx(
        1 + math.exp(-mean) * mean**observed / math.factorial(observed), rel=1e-3
    )


def test_overdispersion_makes_extremes_likelier() -> None:
    assert tails(0, 20, 60)[0] > 100 * tails(0, 20, 20)[0]


def test_large_counts_stay_numbers() -> None:
    low, high = tails(40_000, 50_000, 50_000 + 0.02 * 50_000**2)
    assert 0 < low < 0.2
    assert high > 0.8


def week(weeks: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Counts of a shop that opens 8 to 20, twice as busy at weekends; and the slot of the week."""
    slot = np.arange(weeks * WEEK_SLOTS)
    hour, day = slot % DAY_SLOTS // 4, slot // DAY_SLOTS % 7
    mean = np.where((hour >= 8) & (hour < 20), np.where(day >= 5, 16.0, 8.0), 0.0)
    return rng.poisson(mean).astype(np.uint16), (slot % WEEK_SLOTS).astype(np.intp)


def test_two_weeks_teach_weekdays_hours_and_opening_times() -> None:
    counts, week_slot = week(2, np.random.default_rng(1))
    age = np.arange(len(counts))[::-1].astype(np.intp)
    profile = fit(counts, np.ones(len(counts), np.bool_), week_slot, age)
    assert profile.is_ready
    by_day = profile.mean.reshape(7, DAY_SLOTS)
    assert by_day[:5, 34:78].mean() == pytest.approx(8, rel=0.1)
    assert by_day[5:, 34:78].mean() == pytest.approx(16, rel=0.1)
    assert by_day[:, :28].max() < 0.1
    is_open = profile.is_open(np.arange(WEEK_SLOTS)).reshape(7, DAY_SLOTS)
    assert is_open[:, 32:80].all()
    assert not is_open[:, :31].any()
    assert not is_open[:, 82:].any()


def test_days_without_data_teach_nothing() -> None:
    counts, week_slot = week(2, np.random.default_rng(2))
    age = np.arange(len(counts))[::-1].astype(np.intp)
    known = age // DAY_SLOTS % 2 == 0
    counts[~known] = 0
    profile = fit(counts, known, week_slot, age)
    assert profile.days == 7
    assert profile.mean.reshape(7, DAY_SLOTS)[:5, 34:78].mean() == pytest.approx(8, rel=0.2)


def test_a_silent_counter_is_dead_only_where_it_should_have_counted() -> None:
    assert Tally(0, 30, 45).is_dead
    assert not Tally(0, 3, 4).is_dead
    assert not Tally(20, 30, 45).is_dead
