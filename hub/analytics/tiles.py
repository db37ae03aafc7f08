"""The few figures that a manager looks at first, each with what is usual and how old it is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from hub.analytics import footfall, sales
from hub.analytics.stores import StoreClock
from hub.kit.db import ScopedSession

STALE = timedelta(minutes=30)  # a counter silent for longer greys its tile out


class Figure(StrEnum):
    """What a tile shows; money is minor units, shares are 0…1."""

    REVENUE = "revenue_cents"
    TICKETS = "tickets"
    AVERAGE_TICKET = "average_ticket_cents"
    VISITORS = "visitors"
    OCCUPANCY = "occupancy"
    CONVERSION = "conversion"


@dataclass(frozen=True, slots=True)
class Tile:
    """`usual` is of the same weekdays up to the same time; None: nothing to compare with."""

    figure: Figure
    value: float | None
    usual: float | None
    as_of: datetime | None
    coverage: float
    is_stale: bool = False


def tiles(session: ScopedSession, clock: StoreClock, now: datetime) -> list[Tile]:
    """Figures of the business day so far."""
    today = sales.day_against_usual(session, clock, now)
    visitors = _visitors(session, clock, now)
    present = footfall.occupancy(session, clock, now)
    usual = today.usual
    usual_revenue, usual_tickets = (usual.revenue_cents, usual.tickets) if usual else (None, None)
    usual_ticket = _share(usual_revenue, usual_tickets)
    newest = today.newest_ticket_at
    is_stale = present.as_of is None or now - present.as_of > STALE
    conversion = _share(today.total.tickets, visitors.value)
    usual_conversion = _share(usual_tickets, visitors.usual)
    average = today.total.average_ticket_cents
    seen, share = present.as_of, visitors.coverage
    return [
        Tile(Figure.REVENUE, today.total.revenue_cents, usual_revenue, newest, 1.0),
        Tile(Figure.TICKETS, today.total.tickets, usual_tickets, newest, 1.0),
        Tile(Figure.AVERAGE_TICKET, average, usual_ticket, newest, 1.0),
        Tile(Figure.VISITORS, visitors.value, visitors.usual, seen, share, is_stale),
        Tile(Figure.OCCUPANCY, present.people, None, seen, share, is_stale),
        Tile(Figure.CONVERSION, conversion, usual_conversion, seen, share, is_stale),
    ]


@dataclass(frozen=True, slots=True)
class _Visitors:
    value: float | None
    usual: float | None
    coverage: float


def _visitors(session: ScopedSession, clock: StoreClock, now: datetime) -> _Visitors:
    day = clock.day_of(now)
    today = _entries(session, clock, day, now)
    into_day = now - clock.start_of(day)
    before = [day - timedelta(weeks=n) for n in range(1, sales.USUAL_WEEKS + 1)]
    past = [_entries(session, clock, d, clock.start_of(d) + into_day) for d in before]
    known = [flow.entries for flow in past if flow.entries is not None and flow.coverage > 0.8]
    return _Visitors(today.entries, sum(known) / len(known) if known else None, today.coverage)


def _entries(
    session: ScopedSession, clock: StoreClock, day: date, until: datetime
) -> footfall.Flow:
    start = clock.start_of(day)
    if until <= start:
        return footfall.Flow(start, start, None, None, 0.0)
    return footfall.flows(session, clock, [start, until])[0]


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None
