"""EDG-07: mean power by the quarter; a missed reading is no zero, a new meter no negative."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.energy import QUARTER_S, Demand, Quarter

BEGIN_S = 1_790_000_100 // QUARTER_S * QUARTER_S


def read(demand: Demand, *readings: tuple[float, float]) -> list[Quarter]:
    """Readings as (seconds since BEGIN_S, kWh)."""
    found = [demand.take(kwh, BEGIN_S + at_s) for at_s, kwh in readings]
    return [one for one in found if one is not None]


def steady(until_s: float, every_s: float = 10.0, kw: float = 12.0) -> list[tuple[float, float]]:
    return [
        (n * every_s - 5.0, 100 + kw * n * every_s / 3600) for n in range(int(until_s / every_s))
    ]


def test_a_steady_load_is_its_own_mean_whatever_the_beat() -> None:
    for every_s in (1.0, 7.0, 60.0, 110.0):
        quarters = read(Demand(), *steady(4 * QUARTER_S + 200, every_s))
        assert [q.end_s - BEGIN_S for q in quarters] == [900, 1800, 2700, 3600]
        assert [round(q.mean_kw, 6) for q in quarters] == [12.0] * 4


def test_the_first_quarter_counts_only_from_its_beginning() -> None:
    late = [(at_s + 300, kwh) for at_s, kwh in steady(2 * QUARTER_S)]
    assert [q.end_s - BEGIN_S for q in read(Demand(), *late)] == [1800]


def test_missed_readings_are_not_zero() -> None:
    readings = [one for one in steady(4 * QUARTER_S) if not 1000 < one[0] < 1400]
    assert [q.end_s - BEGIN_S for q in read(Demand(), *readings)] == [900, 2700]


@pytest.mark.parametrize("after", [0.0, 99.0])
def test_a_meter_that_was_changed_begins_anew(after: float) -> None:
    readings = [(s, k if s < 1200 else k - 104 + after) for s, k in steady(4 * QUARTER_S)]
    quarters = read(Demand(), *readings)
    assert [q.end_s - BEGIN_S for q in quarters] == [900, 2700]
    assert all(q.mean_kw > 0 for q in quarters)


def test_a_reading_that_comes_again_changes_nothing() -> None:
    readings = steady(2 * QUARTER_S + 20)
    doubled = [one for reading in readings for one in (reading, reading)]
    assert read(Demand(), *doubled) == read(Demand(), *readings)


@given(st.lists(st.tuples(st.floats(1, 100), st.floats(0, 5)), min_size=2, max_size=300))
def test_quarters_add_up_to_the_meter(steps: list[tuple[float, float]]) -> None:
    """Never negative, never twice, and together what the meter counted between their edges."""
    at_s, kwh, readings = -50.0, 0.0, []
    for wait_s, used in steps:
        readings.append((at_s, kwh))
        at_s, kwh = at_s + wait_s, kwh + used
    quarters = read(Demand(), *readings)
    ends = [q.end_s for q in quarters]
    assert ends == sorted(set(ends))
    assert all(q.mean_kw >= 0 for q in quarters)
    assert sum(q.mean_kw for q in quarters) / 4 <= kwh + 1e-6
