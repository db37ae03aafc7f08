"""EDG-05: counter reset and roll-over never produce negative or huge counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.footfall.codec import BURST, MOST_PER_S, Change, EventFilter, Step, Total, step

U16 = 2**16


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, 500, Step(0, Change.FIRST)),
        (500, 500, Step(0, Change.GROWN)),
        (500, 512, Step(12, Change.GROWN)),
        (65_530, 4, Step(10, Change.ROLLED_OVER)),
        (40_000, 0, Step(0, Change.RESET)),
        (40_000, 7, Step(7, Change.RESET)),
        (40_000, 39_000, Step(0, Change.RESET)),
        (500, 60_000, Step(0, Change.IMPLAUSIBLE)),
    ],
)
def test_ten_seconds_later(before: int | None, after: int, expected: Step) -> None:
    first = None if before is None else Total(before, 100.0)
    assert step(first, Total(after, 110.0), U16) == expected


def test_a_long_gap_allows_for_more_people() -> None:
    assert step(Total(0, 0), Total(900, 600), U16) == Step(900, Change.GROWN)
    assert step(Total(0, 0), Total(900, 10), U16).count == 0


def test_a_clock_that_steps_back_counts_no_less_than_a_burst() -> None:
    assert step(Total(10, 50.0), Total(12, 20.0), U16) == Step(2, Change.GROWN)


@given(before=st.integers(0, U16 - 1), after=st.integers(0, U16 - 1), elapsed=st.floats(0, 3600))
def test_no_pair_of_totals_gives_a_negative_or_huge_count(
    before: int, after: int, elapsed: float
) -> None:
    count = step(Total(before, 0.0), Total(after, elapsed), U16).count
    assert 0 <= count <= BURST + MOST_PER_S * elapsed


@given(st.lists(st.integers(0, 20), min_size=1, max_size=200), st.integers(0, U16 - 1))
def test_people_are_counted_over_any_number_of_roll_overs(people: list[int], start: int) -> None:
    total, counted = Total(start, 0.0), 0
    for second, came in enumerate(people, 1):
        after = Total((total.value + came) % U16, float(second))
        counted += step(total, after, U16).count
        total = after
    assert counted == sum(people)


def test_an_event_counts_once_and_memory_is_bounded() -> None:
    events = EventFilter(most=3)
    assert [events.is_new(name) for name in "abacd"] == [True, True, False, True, True]
    assert not events.is_new("d")
    assert events.is_new("a")  # forgotten: the fourth since
