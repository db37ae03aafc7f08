"""ANA-03, ANA-18: best sellers with their change, and the week by the hour."""

from datetime import timedelta

from hub.analytics.sellers import sellers, week
from protocols.pos.ticket import TicketKind
from tests.hub.analytics.conftest import AT, DAY, Register, ticket

WEEK = timedelta(days=7)


def test_what_sells_best_and_how_it_changed(register: Register) -> None:
    register.ring_up(
        ticket("1", 1000),
        ticket("2", 500, kind=TicketKind.RETURN),
        ticket("3", 400, AT - WEEK, day=DAY - WEEK),
    )
    with register.chain.read() as session:
        (milk,) = sellers(session, register.clock, DAY - WEEK + timedelta(days=1), DAY)
        (gone,) = sellers(session, register.clock, DAY + timedelta(days=1), DAY + WEEK)
    assert (milk.quantity_milli, milk.revenue_cents, milk.before_cents) == (0, 500, 400)
    assert milk.growth == 0.25
    assert (gone.name, gone.revenue_cents, gone.growth) == ("鲜牛奶", 0, -1.0)


def test_the_week_by_the_hour(register: Register) -> None:
    register.ring_up(ticket("1", 1000), ticket("2", 3000, AT - WEEK, day=DAY - WEEK))
    with register.chain.read() as session:
        found = week(session, register.clock, AT + timedelta(days=1), 2)
    cell = found[DAY.weekday()][11]
    assert (cell.revenue_cents, cell.tickets, cell.conversion) == (2000.0, 1.0, None)
    assert sum(one.tickets for day in found for one in day) == 1.0
