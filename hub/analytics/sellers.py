"""What sells best and least, and when of the week it is sold (ANA-03, ANA-13, ANA-18)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from hub.analytics import footfall
from hub.analytics.stores import StoreClock
from hub.analytics.tables import SalesDayItem, SalesHour
from hub.kit.db import ScopedSession

HOURS, WEEKDAYS = 24, 7


@dataclass(frozen=True, slots=True)
class Seller:
    """One article by what the till calls it, with the period of the same length before."""

    code: str
    name: str
    quantity_milli: int
    revenue_cents: int
    before_cents: int

    @property
    def growth(self) -> float | None:
        """Revenue against the period before; None where there was none."""
        return self.revenue_cents / self.before_cents - 1.0 if self.before_cents > 0 else None


def sellers(session: ScopedSession, clock: StoreClock, first: date, last: date) -> list[Seller]:
    """Every article sold from `first` to `last`, or before and no more; the most revenue first."""
    now = _sums(session, clock, first, last)
    length = last - first + timedelta(days=1)
    before = _sums(session, clock, first - length, last - length)
    found = []
    for code in now.keys() | before.keys():
        name, quantity, revenue = now.get(code, (before.get(code, ("",))[0], 0, 0))
        past = before.get(code, ("", 0, 0))
        found.append(Seller(code, name, quantity, revenue, past[2]))
    return sorted(found, key=lambda one: (-one.revenue_cents, one.code))


def _sums(
    session: ScopedSession, clock: StoreClock, first: date, last: date
) -> Mapping[str, tuple[str, int, int]]:
    one = SalesDayItem
    wanted = (
        select(
            one.code,
            func.max(one.name),
            func.sum(one.quantity_milli),
            func.sum(one.revenue_cents),
        )
        .where(
            one.store_id == clock.store_id,
            one.business_day.between(first, last),
            one.currency == clock.currency,
        )
        .group_by(one.code)
    )
    rows = session.execute(wanted)
    return {code: (name, int(milli), int(cents)) for code, name, milli, cents in rows}


@dataclass(frozen=True, slots=True)
class WeekHour:
    """An hour of the week on average: revenue, tickets, visitors; None where nobody counted."""

    revenue_cents: float
    tickets: float
    visitors: float | None

    @property
    def conversion(self) -> float | None:
        """Tickets a visitor; None without visitors."""
        return self.tickets / self.visitors if self.visitors else None


def week(
    session: ScopedSession, clock: StoreClock, now: datetime, weeks: int
) -> tuple[tuple[WeekHour, ...], ...]:
    """By weekday (0 = Monday) and hour, over the last full weeks; visitors as the heat map of the
    store has them."""
    last = clock.day_of(now) - timedelta(days=1)
    wanted = select(SalesHour).where(
        SalesHour.store_id == clock.store_id,
        SalesHour.currency == clock.currency,
        SalesHour.business_day.between(last - timedelta(days=7 * weeks - 1), last),
    )
    revenue = [[0] * HOURS for _ in range(WEEKDAYS)]
    tickets = [[0] * HOURS for _ in range(WEEKDAYS)]
    for row in session.scalars(wanted):
        local = row.start_at.astimezone(clock.zone)
        revenue[local.weekday()][local.hour] += row.revenue_cents
        tickets[local.weekday()][local.hour] += row.tickets
    seen = footfall.heatmap(session, clock, now, 7 * weeks).entries
    return tuple(
        tuple(
            WeekHour(revenue[d][h] / weeks, tickets[d][h] / weeks, seen[d][h]) for h in range(HOURS)
        )
        for d in range(WEEKDAYS)
    )
