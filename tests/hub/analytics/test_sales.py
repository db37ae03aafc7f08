"""Sales by hour and day, and beside the usual day (TSD-09)."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.analytics import sales
from tests.hub.analytics.conftest import AT, DAY, Register, ticket

WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def four_weeks(register: Register) -> Register:
    """1,000 and 3,000 fen at 11:30 and 12:30 on each of four Tuesdays, half of it today."""
    for n in range(1, 5):
        at, day = AT - n * WEEK, DAY - n * WEEK
        register.ring_up(ticket("1", 1000, at, day=day), ticket("2", 3000, at + HOUR, day=day))
    register.ring_up(ticket("1", 500), ticket("2", 1500, AT + HOUR))
    return register


def test_today_beside_the_usual_weekday(four_weeks: Register) -> None:
    now = AT + 2 * HOUR
    with four_weeks.chain.read() as session:
        found = sales.day_against_usual(session, four_weeks.clock, now)
    assert (found.day, found.usual_days, found.currency) == (DAY, 3, "CNY")
    assert found.total.revenue_cents == 2000
    assert found.usual is not None
    assert (found.usual.revenue_cents, found.usual.tickets) == (4000, 2)
    assert found.change == -0.5
    busy = {hour.start_at.hour: hour for hour in found.hours if hour.sales.tickets}
    assert sorted(busy) == [3, 4]  # UTC
    assert busy[4].usual is not None
    assert busy[4].usual.revenue_cents == 3000
    assert len(found.hours) == 24
    assert found.newest_ticket_at == AT + HOUR


def test_the_usual_is_taken_up_to_the_same_moment(four_weeks: Register) -> None:
    half_past_twelve = datetime(2026, 3, 17, 4, 30, tzinfo=UTC)
    with four_weeks.chain.read() as session:
        found = sales.day_against_usual(session, four_weeks.clock, half_past_twelve)
    assert found.usual is not None
    assert found.usual.revenue_cents == 1000 + 3000 / 2


def test_without_a_day_to_compare_there_is_no_usual(register: Register) -> None:
    register.ring_up(ticket())
    with register.chain.read() as session:
        found = sales.day_against_usual(session, register.clock, AT)
    assert (found.usual, found.change, found.usual_days) == (None, None, 0)


def test_the_first_day_ever_counted_is_no_usual_day(register: Register) -> None:
    """TSD-11: a day that was counted from its afternoon on would halve what is usual."""
    register.ring_up(ticket(at=AT - WEEK, day=DAY - WEEK))
    register.ring_up(ticket())
    with register.chain.read() as session:
        found = sales.day_against_usual(session, register.clock, AT)
    assert (found.usual, found.usual_days) == (None, 0)


def test_totals_by_day_and_by_edges_agree(four_weeks: Register) -> None:
    clock = four_weeks.clock
    with four_weeks.chain.read() as session:
        by_day = sales.by_day(session, clock, DAY - 4 * WEEK, DAY)
        edges = [clock.start_of(DAY - WEEK + timedelta(days=n)) for n in range(9)]
        by_edges = sales.by_edges(session, clock, edges, is_by_day=True)
        hourly = sales.by_edges(session, clock, [AT - HOUR, AT, AT + HOUR], is_by_day=False)
    assert {day: one.revenue_cents for day, one in by_day.items()} == {
        DAY: 2000,
        **{DAY - n * WEEK: 4000 for n in range(1, 5)},
    }
    assert [one.revenue_cents for one in by_edges] == [4000, 0, 0, 0, 0, 0, 0, 2000]
    assert sum(one.revenue_cents for one in hourly) == 2000
    assert by_day[DAY].average_ticket_cents == 1000


def test_the_tickets_behind_a_bar(four_weeks: Register) -> None:
    with four_weeks.chain.read() as session:
        found = sales.tickets_of_hour(session, four_weeks.clock, four_weeks.clock.hour_of(AT))
    assert [row.total_cents for row in found] == [500]


def test_another_store_has_none_of_it(four_weeks: Register) -> None:
    other = frozenset({four_weeks.chain.stores[1].id})
    with four_weeks.chain.read(stores=other) as session:
        assert sales.by_day(session, four_weeks.clock, DAY - 4 * WEEK, DAY) == {}
