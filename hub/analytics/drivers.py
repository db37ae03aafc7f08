"""What drove a change of sales: visitors, how many of them buy, how much each buys (ANA-04).

The hours of an alert beside the same hours of the four weeks before. Revenue is visitors × tickets
a visitor × revenue a ticket, so the logarithms of the three changes add up to the whole one. What
stands beside it (a till that is off line, shelves that are empty) says why.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select

from hub.alerts.models import Alert
from hub.analytics import footfall
from hub.analytics.stores import StoreClock
from hub.analytics.tables import SalesHour
from hub.detection.findings import Rule
from hub.kit.db import ScopedSession

WEEKS = 4
HOUR = timedelta(hours=1)
SMALL = 0.05  # a change so small drives nothing
TILLS = (Rule.DEVICE_OFFLINE, Rule.TILL_SILENT)


class Driver(StrEnum):
    VISITORS = "visitors"
    CONVERSION = "conversion"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Part:
    """One factor: now, usually, and its share of the change of revenue (None: nothing to share)."""

    driver: Driver
    now: float
    usual: float
    share: float | None

    @property
    def change(self) -> float | None:
        return self.now / self.usual - 1.0 if self.usual > 0 else None


@dataclass(frozen=True, slots=True)
class Drivers:
    """`parts` in the order of the product; `main` is the one that explains most of the change."""

    start: datetime
    end: datetime
    revenue_minor: float
    usual_minor: float
    parts: tuple[Part, ...]
    main: Driver | None
    tills: tuple[Alert, ...]
    short: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class _Trade:
    visitors: float
    tickets: float
    revenue: float


def drivers(
    session: ScopedSession, clock: StoreClock, start: datetime, end: datetime
) -> Drivers | None:
    """What drove the change in the full hours of [start, end); None where too little is known."""
    begin = clock.hour_of(start)
    stop = max(clock.hour_of(end), begin + HOUR)
    now = _trade(session, clock, begin, stop)
    if math.isnan(now.visitors):
        return None  # the doors could not count
    weeks = [timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    past = [_trade(session, clock, begin - week, stop - week) for week in weeks]
    known = [one for one in past if one.visitors > 0 and one.tickets]
    if not known:
        return None
    usual = _Trade(
        sum(one.visitors for one in known) / len(known),
        sum(one.tickets for one in known) / len(known),
        sum(one.revenue for one in known) / len(known),
    )
    parts = _parts(now, usual)
    told = [part for part in parts if part.share is not None and abs(part.change or 0) > SMALL]
    main = max(told, key=lambda part: part.share or 0.0).driver if told else None
    beside = _beside(session, clock, begin, stop)
    return Drivers(
        begin,
        stop,
        now.revenue,
        usual.revenue,
        parts,
        main,
        tuple(one for one in beside if one.rule_name in TILLS),
        tuple(one for one in beside if one.rule_name is Rule.STOCK_LOW),
    )


def _trade(session: ScopedSession, clock: StoreClock, start: datetime, end: datetime) -> _Trade:
    (visitors,) = footfall.entries(session, clock, [start, end])
    sold = session.execute(
        select(func.sum(SalesHour.tickets), func.sum(SalesHour.revenue_cents)).where(
            SalesHour.store_id == clock.store_id,
            SalesHour.start_at >= start,
            SalesHour.start_at < end,
            SalesHour.currency == clock.currency,
        )
    ).one()
    return _Trade(visitors, float(sold[0] or 0), float(sold[1] or 0))


def _parts(now: _Trade, usual: _Trade) -> tuple[Part, ...]:
    pairs = (
        (Driver.VISITORS, now.visitors, usual.visitors),
        (Driver.CONVERSION, _per(now.tickets, now.visitors), _per(usual.tickets, usual.visitors)),
        (Driver.TICKET, _per(now.revenue, now.tickets), _per(usual.revenue, usual.tickets)),
    )
    is_whole = now.revenue > 0 and all(is_now > 0 for _, is_now, _ in pairs)
    whole = math.log(now.revenue / usual.revenue) if is_whole and usual.revenue > 0 else 0.0
    return tuple(
        Part(driver, is_now, was, math.log(is_now / was) / whole if whole and was > 0 else None)
        for driver, is_now, was in pairs
    )


def _per(many: float, each: float) -> float:
    return many / each if each else 0.0


def _beside(
    session: ScopedSession, clock: StoreClock, start: datetime, end: datetime
) -> Sequence[Alert]:
    """Tills that were off line and shelves that were empty in these hours."""
    wanted = [rule.value for rule in (*TILLS, Rule.STOCK_LOW)]
    found = select(Alert).where(
        Alert.store_id == clock.store_id,
        Alert.rule.in_(wanted),
        Alert.began_at < end,
        Alert.closed_at.is_(None) | (Alert.closed_at > start),
    )
    alerts = session.scalars(found.order_by(Alert.began_at).limit(20)).all()
    return [
        one
        for one in alerts
        if one.rule_name is not Rule.DEVICE_OFFLINE or (one.device or "").startswith("till")
    ]
