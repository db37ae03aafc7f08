"""Sales by hour and day from the roll-up, and the usual day they are compared with (TSD-09)."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from hub.analytics.stores import StoreClock
from hub.analytics.tables import SalesHour, TicketRow
from hub.kit.db import ScopedSession

USUAL_WEEKS = 4
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sales:
    """Totals in one currency; `revenue_cents` is its minor units."""

    revenue_cents: int = 0
    tickets: int = 0
    quantity_milli: int = 0
    discount_cents: int = 0

    def __add__(self, other: "Sales") -> "Sales":
        return Sales(
            self.revenue_cents + other.revenue_cents,
            self.tickets + other.tickets,
            self.quantity_milli + other.quantity_milli,
            self.discount_cents + other.discount_cents,
        )

    @property
    def average_ticket_cents(self) -> int | None:
        """客单价; None without tickets."""
        return round(self.revenue_cents / self.tickets) if self.tickets > 0 else None


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in one hour, or up to now: means over the same weekdays before."""

    revenue_cents: float
    tickets: float


@dataclass(frozen=True, slots=True)
class HourOfDay:
    """One hour of the business day; `usual` is None before there is a weekday to compare."""

    start_at: datetime
    sales: Sales
    usual: Usual | None


@dataclass(frozen=True, slots=True)
class DayAgainstUsual:
    """A business day by hour beside the usual one; sums are up to `until`."""

    day: date
    currency: str
    hours: tuple[HourOfDay, ...]
    total: Sales
    usual: Usual | None
    usual_days: int
    until: datetime
    newest_ticket_at: datetime | None

    @property
    def change(self) -> float | None:
        """Revenue against the usual, as a share: -0.35 is 35 % less."""
        if self.usual is None or self.usual.revenue_cents <= 0:
            return None
        return self.total.revenue_cents / self.usual.revenue_cents - 1.0


def day_against_usual(
    session: ScopedSession, clock: StoreClock, now: datetime, day: date | None = None
) -> DayAgainstUsual:
    """A business day, today by default, beside the mean of the same weekdays before.

    The first day with tickets is not compared: nobody knows that it was counted from its opening.
    """
    day = day or clock.day_of(now)
    before = [day - timedelta(weeks=n) for n in range(1, USUAL_WEEKS + 1)]
    by_day = _by_day(session, clock, [day, *before])
    first = _first_day(session, clock)
    compared = [past for past in before if past in by_day and past != first]
    start = clock.start_of(day)
    until = min(now, clock.start_of(day + timedelta(days=1)))
    slots = [
        start + n * HOUR for n in range((clock.start_of(day + timedelta(days=1)) - start) // HOUR)
    ]
    usual_hours = [_usual(by_day, compared, clock, at - start) for at in slots]
    today = by_day.get(day, {})
    hours = tuple(
        HourOfDay(at, today.get(at, Sales()), usual)
        for at, usual in zip(slots, usual_hours, strict=True)
    )
    return DayAgainstUsual(
        day=day,
        currency=clock.currency,
        hours=hours,
        total=sum(today.values(), Sales()),
        usual=_up_to(hours, until),
        usual_days=len(compared),
        until=until,
        newest_ticket_at=newest_ticket(session, clock),
    )


def _first_day(session: ScopedSession, clock: StoreClock) -> date | None:
    found: date | None = session.scalar(
        select(SalesHour.business_day)
        .where(SalesHour.store_id == clock.store_id)
        .order_by(SalesHour.business_day)
        .limit(1)
    )
    return found


def _usual(
    by_day: Mapping[date, Mapping[datetime, Sales]],
    days: Sequence[date],
    clock: StoreClock,
    into_day: timedelta,
) -> Usual | None:
    if not days:
        return None
    found = [by_day[day].get(clock.start_of(day) + into_day, Sales()) for day in days]
    return Usual(
        sum(sales.revenue_cents for sales in found) / len(days),
        sum(sales.tickets for sales in found) / len(days),
    )


def _up_to(hours: Iterable[HourOfDay], until: datetime) -> Usual | None:
    """The usual sum up to an instant; of the hour it falls in, the share that has passed."""
    revenue = tickets = 0.0
    for hour in hours:
        if hour.usual is None:
            return None
        share = min(max((until - hour.start_at) / HOUR, 0.0), 1.0)
        revenue += share * hour.usual.revenue_cents
        tickets += share * hour.usual.tickets
    return Usual(revenue, tickets)


def _by_day(
    session: ScopedSession, clock: StoreClock, days: Sequence[date]
) -> dict[date, dict[datetime, Sales]]:
    """Sales by hour of the days that have any, in the store's currency."""
    rows = session.scalars(
        select(SalesHour).where(
            SalesHour.store_id == clock.store_id,
            SalesHour.business_day.in_(days),
            SalesHour.currency == clock.currency,
        )
    )
    found: dict[date, dict[datetime, Sales]] = defaultdict(dict)
    for row in rows:
        found[row.business_day][row.start_at] = Sales(
            row.revenue_cents, row.tickets, row.quantity_milli, row.discount_cents
        )
    return dict(found)


def by_day(session: ScopedSession, clock: StoreClock, first: date, last: date) -> dict[date, Sales]:
    """Totals of the business days from `first` to `last` that have tickets."""
    found = (
        select(
            SalesHour.business_day,
            func.sum(SalesHour.revenue_cents),
            func.sum(SalesHour.tickets),
            func.sum(SalesHour.quantity_milli),
            func.sum(SalesHour.discount_cents),
        )
        .where(
            SalesHour.store_id == clock.store_id,
            SalesHour.business_day.between(first, last),
            SalesHour.currency == clock.currency,
        )
        .group_by(SalesHour.business_day)
    )
    return {day: Sales(*(int(n) for n in sums)) for day, *sums in session.execute(found)}


def by_edges(
    session: ScopedSession, clock: StoreClock, at: Sequence[datetime], *, is_by_day: bool
) -> list[Sales]:
    """Sales between n + 1 instants. Days and more take a ticket by its business day, as the till
    closed it; hours by when it was made."""
    found = select(SalesHour).where(
        SalesHour.store_id == clock.store_id, SalesHour.currency == clock.currency
    )
    if is_by_day:
        last_day = clock.day_of(at[-1]) - timedelta(days=1)
        found = found.where(SalesHour.business_day.between(clock.day_of(at[0]), last_day))
    else:
        found = found.where(SalesHour.start_at >= at[0], SalesHour.start_at < at[-1])
    sums = [Sales() for _ in at[:-1]]
    for row in session.scalars(found):
        moment = clock.start_of(row.business_day) if is_by_day else row.start_at
        place = min(bisect_right(at, moment) - 1, len(sums) - 1)
        sums[place] += Sales(row.revenue_cents, row.tickets, row.quantity_milli, row.discount_cents)
    return sums


def newest_ticket(session: ScopedSession, clock: StoreClock) -> datetime | None:
    """When the newest ticket was made: how fresh the sales figures are."""
    newest: datetime | None = session.scalar(
        select(TicketRow.at)
        .where(TicketRow.store_id == clock.store_id)
        .order_by(TicketRow.at.desc())
        .limit(1)
    )
    return newest


def tickets_of_hour(
    session: ScopedSession, clock: StoreClock, start_at: datetime
) -> Sequence[TicketRow]:
    """The counted tickets behind one bar of the chart, in order of time."""
    found: Any = select(TicketRow).where(
        TicketRow.store_id == clock.store_id,
        TicketRow.at >= start_at,
        TicketRow.at < start_at + HOUR,
        TicketRow.is_repeat.is_(False),
    )
    rows: Sequence[TicketRow] = session.scalars(found.order_by(TicketRow.at)).all()
    return rows
