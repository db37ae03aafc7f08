"""What drove a drop of sales: visitors, conversion or the ticket (ANA-04)."""

from datetime import timedelta

import pytest

from hub.analytics import footfall
from hub.analytics.drivers import Driver, Drivers, drivers
from hub.analytics.footfall import SlotCount
from tests.hub.analytics.conftest import AT, DAY, Register, ticket

WEEK = timedelta(weeks=1)


def enter(register: Register, people: int, weeks_ago: int = 0) -> None:
    """So many people in the hour of AT."""
    clock = register.clock
    at = clock.hour_of(AT) - weeks_ago * WEEK
    slots = [
        SlotCount(
            clock.chain_id, clock.store_id, "door-1", at + n * footfall.SLOT, people // 4, 0, 1.0
        )
        for n in range(4)
    ]
    with register.chain.db.system("test") as connection:
        footfall.write(connection, slots)


@pytest.fixture
def usual(register: Register) -> Register:
    """40 visitors, 10 tickets of 2,000 fen in the hour, on four weeks."""
    for n in range(1, 5):
        enter(register, 40, n)
        at, day = AT - n * WEEK, DAY - n * WEEK
        register.ring_up(*(ticket(f"{i}", 2000, at, day=day) for i in range(10)))
    return register


def told(register: Register) -> Drivers | None:
    with register.chain.read() as session:
        return drivers(session, register.clock, AT, AT + timedelta(minutes=20))


@pytest.mark.parametrize(
    ("visitors", "tickets", "fen", "main"),
    [
        (12, 3, 2000, Driver.VISITORS),
        (40, 3, 2000, Driver.CONVERSION),
        (40, 10, 700, Driver.TICKET),
        (20, 5, 400, Driver.TICKET),
        (40, 10, 2000, None),
    ],
)
def test_the_main_driver_explains_most_of_the_change(
    usual: Register, visitors: int, tickets: int, fen: int, main: Driver | None
) -> None:
    enter(usual, visitors)
    usual.ring_up(*(ticket(f"{i}", fen) for i in range(tickets)))
    found = told(usual)
    assert found is not None
    assert found.main is main
    assert (found.revenue_minor, found.usual_minor) == (tickets * fen, 20_000)
    if main is not None:
        assert sum(part.share or 0.0 for part in found.parts) == pytest.approx(1.0)


def test_without_anything_usual_nothing_is_said(register: Register) -> None:
    enter(register, 40)
    assert told(register) is None


def test_doors_that_could_not_count_say_nothing(usual: Register) -> None:
    usual.ring_up(ticket("1", 500))
    assert told(usual) is None
