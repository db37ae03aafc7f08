"""A count against the same quarters of an hour before (TSD-06)."""

import numpy as np
import pytest
from numpy.typing import NDArray

from hub.detection.neighbours import ALARM, SIDE, Usual, same_slots, strangeness


def past_of(weeks: int, mean: float = 60.0, seed: int = 1) -> NDArray[np.float64]:
    noise = np.random.default_rng(seed)
    return noise.poisson(mean, (weeks, 2 * SIDE + 1)).astype(float)


def test_nothing_is_said_before_twelve_weeks() -> None:
    assert np.isnan(strangeness(10.0, 0.0, past_of(11))[0])
    assert strangeness(60.0, 0.0, past_of(12))[0] >= 0


def test_weeks_that_could_not_be_counted_are_no_neighbours() -> None:
    past = past_of(16)
    past[:5] = np.nan
    assert np.isnan(strangeness(60.0, 0.0, past)[0])


def test_a_count_like_those_before_is_ordinary_and_one_like_none_is_not() -> None:
    past = past_of(24)
    usual = Usual()
    for value in np.random.default_rng(2).poisson(60, 300):
        assert usual.ratio(strangeness(float(value), 0.0, past)[0], 60.0) < 2 * ALARM
    assert usual.ratio(strangeness(150.0, 0.0, past)[0], 60.0) > ALARM
    assert usual.ratio(strangeness(4.0, 0.0, past)[0], 60.0) > ALARM


def test_a_second_way_of_being_usual_is_usual() -> None:
    """Every fourth week there is a market: both kinds of Saturday are known."""
    past = past_of(24)
    past[::4] += 90
    market, neither = (strangeness(value, 0.0, past)[0] for value in (150.0, 105.0))
    assert market < neither


def test_fewer_than_ever_is_stranger_than_more_than_ever() -> None:
    past = np.tile(np.arange(12.0) + 50, (2 * SIDE + 1, 1)).T
    assert strangeness(25.0, 0.0, past)[0] > strangeness(86.0, 0.0, past)[0]


def test_the_same_slots_are_whole_weeks_before_with_their_sides() -> None:
    cells = same_slots(10_000, 672, 3)
    assert cells[:, SIDE].tolist() == [9328, 8656, 7984]
    assert cells[0].tolist() == list(range(9328 - SIDE, 9328 + SIDE + 1))


def test_one_very_strange_count_does_not_make_the_next_ordinary() -> None:
    usual = Usual()
    for _ in range(200):
        usual.ratio(1.0, 60.0)
    usual.ratio(1000.0, 60.0)
    assert usual.mean == pytest.approx(1.0, rel=0.05)


def test_a_closed_shop_does_not_lower_the_bar() -> None:
    usual = Usual()
    for slot in range(2000):
        is_open = 32 <= slot % 96 < 80
        usual.ratio(2.0 if is_open else 0.0, 60.0 if is_open else 0.0)
    assert usual.mean == pytest.approx(2.0, rel=0.1)
