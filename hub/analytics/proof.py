"""The proof that what is kept of sales by hour and by article equals the tickets (ANA-13, TSD-09).

Both move with their tickets; this looks whether that was so. A day of a store that differs is told
in the log and made anew from its tickets, and so are days from before articles were kept.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, Table, case, delete, func, insert, select

from hub.analytics.stores import StoreClock, clocks
from hub.analytics.tables import SalesDayItem, SalesHour, TicketLineRow, TicketRow
from hub.analytics.tickets import COUNTS_AS
from hub.kit.clock import utc_now
from hub.kit.db import Database

EVERY_S = 6 * 3600.0
PROVED_DAYS = 35
AT_ONCE = 200  # days of stores that are made anew in one run
log = logging.getLogger(__name__)
_TICKETS: Table = TicketRow.__table__  # type: ignore[assignment]  # declarative says FromClause
_LINES: Table = TicketLineRow.__table__  # type: ignore[assignment]
_HOURS: Table = SalesHour.__table__  # type: ignore[assignment]
_ITEMS: Table = SalesDayItem.__table__  # type: ignore[assignment]
Day = tuple[UUID, date]


@dataclass(frozen=True, slots=True)
class Proof:
    """Days of stores that did not agree, and those that had no articles; all of them do now."""

    hours: frozenset[Day]
    items: frozenset[Day]

    @property
    def is_clean(self) -> bool:
        return not self.hours and not self.items


def prove(db: Database, now: datetime | None = None) -> Proof:
    """Compare the last days, and put right what differs, a day of a store at a time."""
    with db.system_read("proof of sales") as connection:
        hours, items = differences(connection, now or utc_now())
        items |= set(_without_items(connection))
        known = clocks(connection)
    for store_id, day in _few(hours, known):
        log.warning("Sales by hour of store %s on %s differed from its tickets.", store_id, day)
        with db.system("proof of sales") as connection:
            rebuild_hours(connection, known[store_id], day)
    for store_id, day in _few(items, known):
        with db.system("proof of sales") as connection:
            rebuild_items(connection, store_id, day)
    return Proof(frozenset(hours), frozenset(items))


def differences(connection: Connection, now: datetime) -> tuple[set[Day], set[Day]]:
    """Days of stores whose hours, and whose articles, are not what their tickets say."""
    since = now.date() - timedelta(days=PROVED_DAYS)
    hours = _differing(connection, _hours_of_tickets(since), _hours_kept(since))
    items = _differing(connection, _items_of_lines(since), _items_kept(since))
    return hours, items


def _few(days: Iterable[Day], known: Mapping[UUID, StoreClock]) -> Iterator[Day]:
    some = sorted(day for day in days if day[0] in known)
    yield from some[:AT_ONCE]


def _counted_as() -> Any:
    whens = {kind.value: number for kind, number in COUNTS_AS.items()}
    return case(whens, value=_TICKETS.c.kind, else_=0)


def _hours_of_tickets(since: date) -> Select[Any]:
    one = _TICKETS.c
    sums = (one.total_cents, _counted_as(), one.quantity_milli, one.discount_cents)
    return (
        select(one.store_id, one.business_day, one.currency, *(func.sum(x) for x in sums))
        .where(one.is_repeat.is_(False), one.business_day >= since)
        .group_by(one.store_id, one.business_day, one.currency)
    )


def _hours_kept(since: date) -> Select[Any]:
    one = _HOURS.c
    sums = (one.revenue_cents, one.tickets, one.quantity_milli, one.discount_cents)
    return (
        select(one.store_id, one.business_day, one.currency, *(func.sum(x) for x in sums))
        .where(one.business_day >= since)
        .group_by(one.store_id, one.business_day, one.currency)
    )


def _items_of_lines(since: date, *only: Any) -> Select[Any]:
    head, line = _TICKETS.c, _LINES.c
    code = func.coalesce(func.nullif(line.code, ""), line.name)
    return (
        select(
            head.store_id,
            head.business_day,
            code,
            head.currency,
            func.sum(line.quantity_milli),
            func.sum(line.amount_cents),
        )
        .join(_LINES, line.ticket_id == head.id)
        .where(head.is_repeat.is_(False), head.business_day >= since, *only)
        .group_by(head.store_id, head.business_day, code, head.currency)
    )


def _items_kept(since: date) -> Select[Any]:
    one = _ITEMS.c
    return select(
        one.store_id,
        one.business_day,
        one.code,
        one.currency,
        one.quantity_milli,
        one.revenue_cents,
    ).where(one.business_day >= since)


def _differing(connection: Connection, one: Select[Any], other: Select[Any]) -> set[Day]:
    """Store and day of every row that is in one of both alone."""
    found: set[Day] = set()
    for rows in (one.except_(other), other.except_(one)):
        found |= {(row[0], row[1]) for row in connection.execute(rows)}
    return found


def _without_items(connection: Connection) -> list[Day]:
    """Days with lines of tickets from before articles were kept."""
    head, line = _TICKETS.c, _LINES.c
    there = select(_ITEMS.c.code).where(
        _ITEMS.c.store_id == head.store_id, _ITEMS.c.business_day == head.business_day
    )
    wanted = (
        select(head.store_id, head.business_day)
        .join(_LINES, line.ticket_id == head.id)
        .where(head.is_repeat.is_(False), ~there.exists())
        .distinct()
        .limit(AT_ONCE)
    )
    return [(row.store_id, row.business_day) for row in connection.execute(wanted)]


def rebuild_hours(connection: Connection, clock: StoreClock, day: date) -> None:
    """The hours of one business day of one store, from its tickets."""
    one = _TICKETS.c
    wanted = select(
        one.at,
        one.currency,
        one.total_cents,
        _counted_as().label("tickets"),
        one.quantity_milli,
        one.discount_cents,
    ).where(one.store_id == clock.store_id, one.business_day == day, one.is_repeat.is_(False))
    hours: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in connection.execute(wanted):
        key = {"store_id": clock.store_id, "business_day": day}
        key |= {"start_at": clock.hour_of(row.at), "currency": row.currency}
        sums = {"revenue_cents": row.total_cents, "tickets": row.tickets}
        sums |= {"quantity_milli": row.quantity_milli, "discount_cents": row.discount_cents}
        hour = hours.setdefault(tuple(key.values()), key | dict.fromkeys(sums, 0))
        for name, amount in sums.items():
            hour[name] += amount
    gone = delete(_HOURS).where(_HOURS.c.store_id == clock.store_id, _HOURS.c.business_day == day)
    connection.execute(gone)
    if hours:
        rows = [hour | {"chain_id": clock.chain_id} for hour in hours.values()]
        connection.execute(insert(_HOURS), rows)


def rebuild_items(connection: Connection, store_id: UUID, day: date) -> None:
    """The articles of one business day of one store, from the lines of its tickets."""
    head = _TICKETS.c
    whose = (head.store_id == store_id, head.business_day == day)
    told = func.max(_LINES.c.name).label("name")
    wanted = _items_of_lines(day, *whose).add_columns(told, head.chain_id).group_by(head.chain_id)
    gone = delete(_ITEMS).where(_ITEMS.c.store_id == store_id, _ITEMS.c.business_day == day)
    rows = connection.execute(wanted).all()
    connection.execute(gone)
    names = ("store_id", "business_day", "code", "currency", "quantity_milli", "revenue_cents")
    made = [dict(zip((*names, "name", "chain_id"), row, strict=True)) for row in rows]
    if made:
        connection.execute(insert(_ITEMS), made)
