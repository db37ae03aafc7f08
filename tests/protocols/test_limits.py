"""The limit rule of the Pi, and that the hub counts the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.detection.defaults import HIGH, LOW, N_TRIGGERS, PARAMS
from hub.detection.triggers import BOOK, Moment, count_time
from protocols.limits import GAP_S, Limit, LimitState, step

WARM = Limit(8.0, hold_s=600, clear_s=300, hysteresis=1.0)


def after(limit: Limit, *said: tuple[float, float]) -> LimitState:
    """The state after (seconds since the last, value)."""
    state = LimitState()
    for dt_s, value in said:
        state = step(limit, state, value, dt_s)
    return state


def test_beyond_for_long_enough_is_an_alarm() -> None:
    assert not after(WARM, (0, 9), (300, 9), (299, 9)).is_active
    assert after(WARM, (0, 9), (300, 9), (300, 9)).is_active


def test_a_door_opened_and_closed_slows_it_and_does_not_start_it_anew() -> None:
    assert after(WARM, (0, 9), (300, 9), (100, 6.5), (10, 9), (350, 9)).is_active


def test_between_limit_and_hysteresis_nothing_moves() -> None:
    assert after(WARM, (0, 9), (300, 9), (500, 7.5)).held_s == 300


def test_it_ends_when_it_was_cold_for_long_enough() -> None:
    warm = [(0.0, 9.0), (600.0, 9.0)]
    assert after(WARM, *warm, (10, 6), (299, 6)).is_active
    assert not after(WARM, *warm, (10, 6), (300, 6)).is_active
    assert after(WARM, *warm, (10, 6), (290, 7.5), (10, 6), (200, 6)).is_active


def test_a_silence_says_nothing() -> None:
    assert not after(WARM, (0, 9), (GAP_S + 1, 9)).is_active


@pytest.mark.parametrize("value", [-6.0, -4.0])
def test_a_low_limit_is_the_mirror(value: float) -> None:
    cold = Limit(-5.0, hold_s=60, is_low=True)
    assert after(cold, (0, value), (60, value)).is_active is (value < -5)


@settings(deadline=None, max_examples=200)
@given(
    said=st.lists(
        st.tuples(st.floats(0, 700), st.floats(0, 16, width=32), st.booleans()), max_size=40
    ),
    is_low=st.booleans(),
    hold_s=st.sampled_from([0.0, 60.0, 600.0]),
    clear_s=st.sampled_from([0.0, 60.0, 600.0]),
    hysteresis=st.sampled_from([0.0, 1.0]),
)
def test_the_hub_counts_the_same(
    said: list[tuple[float, float, bool]],
    is_low: bool,
    hold_s: float,
    clear_s: float,
    hysteresis: float,
) -> None:
    limit = Limit(8.0, hold_s, clear_s, hysteresis, is_low)
    column = LOW if is_low else HIGH
    book, params = np.zeros(1, BOOK), np.zeros(1, PARAMS)
    params["hold_s"], params["clear_s"] = hold_s, clear_s
    book["gone_s"] = -1.0
    state, t_ms = LimitState(), 0.0
    for dt_s, value, rests in said:
        t_ms += dt_s * 1000
        state = step(limit, state, value, dt_s, rests=rests)
        on, off = np.zeros((2, 1, N_TRIGGERS), np.bool_)
        edge = limit.value + hysteresis if is_low else limit.value - hysteresis
        on[:, column] = (value < limit.value if is_low else value > limit.value) and not rests
        off[:, column] = not (value < edge if is_low else value > edge) and not rests
        counted_s = dt_s if dt_s <= GAP_S else 0.0
        now = Moment(
            np.zeros(1, np.intp),
            np.array([int(t_ms)]),
            np.array([value]),
            np.ones(1, np.bool_),
            np.zeros(1),
            np.array([counted_s]),
        )
        count_time(book, params, now, (on, off))
        assert bool(book["is_active"][0, column]) is state.is_active
        assert book["held_s"][0, column] == state.held_s
