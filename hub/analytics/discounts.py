"""Mass discounts: a cashier whose hour is discounted far beyond what the store usually gives.

They are told to administrators among what is abnormal (SEC-11, ALR-12). Whoever the cashier's code
belongs to is the subject, and cannot close it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select

from hub.analytics.tables import SalesHour, TicketRow
from hub.archive.staff.records import Employee
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.security.audit.findings import Abnormal, tell_of

EVERY_S = 300.0
RULE = "mass_discounts"
WITHIN, USUAL_WITHIN = timedelta(hours=1), timedelta(days=28)
LEAST_TICKETS = 5
LEAST_PERCENT = 25.0
TIMES_USUAL = 3.0


@dataclass(frozen=True, slots=True)
class Till:
    """What one cashier sold at one till in the last hour."""

    chain_id: UUID
    store_id: UUID
    till: str
    cashier: str
    tickets: int
    discount_cents: int
    total_cents: int

    @property
    def percent(self) -> float:
        return percent(self.discount_cents, self.total_cents)


def percent(discount_cents: int, total_cents: int) -> float:
    """Of the price before the discount."""
    whole = discount_cents + total_cents
    return 100 * discount_cents / whole if whole > 0 else 0.0


def watch(db: Database, now: datetime | None = None) -> int:
    """Look at the last hour; how many were told anew: one a cashier and hour."""
    at = now or utc_now()
    found = []
    with db.system_read("discounts") as connection:
        for one in _tills(connection, at):
            usual = _usual(connection, one.store_id, at)
            if one.percent >= max(LEAST_PERCENT, TIMES_USUAL * usual):
                found.append(_abnormal(connection, one, usual, at))
    return sum(tell_of(db, one) for one in found)


def _tills(connection: Connection, at: datetime) -> Iterator[Till]:
    table = TicketRow
    by = (table.chain_id, table.store_id, table.till, table.cashier)
    sums = (func.count(), func.sum(table.discount_cents), func.sum(table.total_cents))
    query = (
        select(*by, *sums)
        .where(table.at > at - WITHIN, table.at <= at)
        .where(table.kind == "sale", table.is_repeat.is_(False), table.discount_cents > 0)
        .group_by(*by)
        .having(func.count() >= LEAST_TICKETS)
    )
    for chain_id, store_id, till, cashier, *numbers in connection.execute(query):
        tickets, discount, total = (int(number) for number in numbers)
        yield Till(chain_id, store_id, till, cashier or "", tickets, discount, total)


def _usual(connection: Connection, store_id: UUID, at: datetime) -> float:
    """Of the four weeks before."""
    sums = (func.sum(SalesHour.discount_cents), func.sum(SalesHour.revenue_cents))
    query = select(*sums).where(
        SalesHour.store_id == store_id,
        SalesHour.start_at > at - USUAL_WITHIN,
        SalesHour.start_at < at - WITHIN,
    )
    discount, revenue = connection.execute(query).one()
    return percent(int(discount or 0), int(revenue or 0))


def _abnormal(connection: Connection, one: Till, usual: float, at: datetime) -> Abnormal:
    account = select(Employee.user_id).where(
        Employee.store_id == one.store_id, Employee.code == one.cashier
    )
    evidence: dict[str, Any] = {
        "tickets": one.tickets,
        "discount_percent": round(one.percent),
        "usual_percent": round(usual),
        "store": str(one.store_id),
    }
    name = f"{one.cashier} · {one.till}" if one.cashier else one.till
    began = at.replace(minute=0, second=0, microsecond=0)
    subject = connection.scalar(account) if one.cashier else None
    return Abnormal(one.chain_id, RULE, subject, name, began, evidence)
