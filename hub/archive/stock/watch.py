"""How a store's stock does: what is short, what is too much, what does not sell, how fast it turns.

Demand is what was sold at the store in DEMAND_DAYS days, by day; cover is what is available over
demand; turnover is the cost of what was sold in a year at that pace over the mean stock value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from hub.archive.stock.limits import Level, Limit, StockLimit
from hub.archive.stock.models import MovementKind, StockBalance, StockMovement
from hub.archive.stock.names import ItemName, item_names
from hub.archive.stock.posting import AS_SOLD
from hub.kit.session import ScopedSession
from hub.kit.tables import UtcDateTime

DEMAND_DAYS = 28
SLOW_DAYS = 30  # nothing sold for so long
NEW_DAYS = 30  # what came into the store later is not judged
MOST_COVER_DAYS = 90
YEAR_DAYS = 365
_SOLD = [kind.value for kind in (*AS_SOLD, MovementKind.USE)]


class Show(StrEnum):
    """Which items; an item may be in several."""

    SHORT = "short"
    OVER = "over"
    SLOW = "slow"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Watched:
    """One item in one store; quantities are thousandths, money is minor units."""

    name: ItemName
    available_milli: int
    coming_milli: int
    value_minor: int
    limit: Limit | None
    sold_milli: int
    cost_minor: int
    value_before_minor: int
    sold_at: datetime | None
    is_new: bool

    @property
    def daily_milli(self) -> float:
        return max(0, self.sold_milli) / DEMAND_DAYS

    @property
    def cover_days(self) -> float | None:
        """None where nothing is sold."""
        daily = self.daily_milli
        return max(0, self.available_milli) / daily if daily else None

    @property
    def turnover(self) -> float | None:
        """Times a year; None without stock."""
        mean = (self.value_minor + self.value_before_minor) / 2
        return max(0, self.cost_minor) * YEAR_DAYS / DEMAND_DAYS / mean if mean > 0 else None

    @property
    def level(self) -> Level:
        if self.limit is not None:
            return self.limit.level(self.available_milli)
        is_out = self.available_milli <= 0 and self.sold_milli > 0
        return Level.OUT if is_out else Level.ENOUGH

    @property
    def wanted_milli(self) -> int:
        """What to order: up to the limit's maximum; without one, at least a week of demand."""
        week = max(1, round(self.daily_milli * 7))
        limit = self.limit or Limit(week)
        wanted = limit.wanted_milli(self.available_milli, self.coming_milli)
        if limit.most_milli is not None:
            return wanted
        return max(wanted, week - self.available_milli - self.coming_milli)

    @property
    def is_over(self) -> bool:
        """More than the maximum with what is on its way, or cover for months."""
        if self.limit is not None and self.limit.most_milli is not None:
            return self.available_milli + self.coming_milli > self.limit.most_milli
        cover = self.cover_days
        return not self.is_new and cover is not None and cover > MOST_COVER_DAYS

    def is_slow(self, now: datetime) -> bool:
        if self.available_milli <= 0 or self.is_new:
            return False
        return self.sold_at is None or now - self.sold_at > timedelta(days=SLOW_DAYS)

    def days_unsold(self, now: datetime) -> int | None:
        return (now - self.sold_at).days if self.sold_at else None


def watched(session: ScopedSession, store_id: UUID, now: datetime) -> list[Watched]:
    """Every item that ever moved in the store or has a limit there, by code."""
    held = {one.item_id: one for one in session.scalars(_of(StockBalance, store_id))}
    limits = {one.item_id: one for one in session.scalars(_of(StockLimit, store_id))}
    moved = _moved(session, store_id, now)
    names = item_names(session, held.keys() | limits.keys())
    found = []
    for item, name in names.items():
        one, limit, sums = held.get(item), limits.get(item), moved.get(item)
        value = one.value_minor if one else 0
        found.append(
            Watched(
                name=name,
                available_milli=one.on_hand_milli - one.reserved_milli if one else 0,
                coming_milli=one.in_transit_milli if one else 0,
                value_minor=value,
                limit=Limit(limit.safety_milli, limit.most_milli) if limit else None,
                sold_milli=sums.sold if sums else 0,
                cost_minor=sums.cost if sums else 0,
                value_before_minor=value - (sums.change if sums else 0),
                sold_at=sums.sold_at if sums else None,
                is_new=sums is None or now - sums.first_at < timedelta(days=NEW_DAYS),
            )
        )
    return sorted(found, key=lambda one: (one.name.code, one.name.item_id))


def _of(model: Any, store_id: UUID) -> Any:
    return select(model).where(model.store_id == store_id)


def _moved(session: ScopedSession, store_id: UUID, now: datetime) -> Mapping[UUID, Any]:
    """By item: what was sold and what it cost in the days that make the demand, and since when."""
    moved = StockMovement
    is_sale, is_late = moved.kind.in_(_SOLD), moved.occurred_at >= now - timedelta(DEMAND_DAYS)
    wanted = (
        select(
            moved.item_id,
            (-func.sum(case((is_sale & is_late, moved.quantity_milli), else_=0))).label("sold"),
            (-func.sum(case((is_sale & is_late, moved.value_minor), else_=0))).label("cost"),
            func.sum(case((is_late, moved.value_minor), else_=0)).label("change"),
            func.max(case((is_sale & (moved.quantity_milli < 0), moved.occurred_at))).label(
                "sold_at"
            ),
            func.min(moved.occurred_at).label("first_at"),
        )
        .where(moved.store_id == store_id)
        .group_by(moved.item_id)
    )
    return {row.item_id: row for row in session.execute(wanted)}


@dataclass(frozen=True, slots=True)
class Outage:
    """An item was out from one moment to another; `until` None: it still is."""

    item_id: UUID
    since: datetime
    until: datetime | None

    def lasting(self, now: datetime) -> timedelta:
        return (self.until or now) - self.since


def outages(session: ScopedSession, store_id: UUID, since: datetime) -> list[Outage]:
    """When items were out of stock since then, by the ledger; the longest in order of time."""
    moved = StockMovement
    order: Any = {"partition_by": moved.item_id, "order_by": (moved.occurred_at, moved.seq)}
    steps = (
        select(
            moved.item_id.label("item_id"),
            moved.occurred_at.label("at"),
            func.sum(moved.quantity_milli).over(**order).label("upto"),
            func.sum(moved.quantity_milli).over(partition_by=moved.item_id).label("whole"),
            func.lead(moved.occurred_at, type_=UtcDateTime()).over(**order).label("next_at"),
        )
        .where(moved.store_id == store_id, moved.occurred_at >= since)
        .subquery()
    )
    held = StockBalance
    wanted = (
        select(held.item_id, steps.c.at, steps.c.next_at)
        .join(steps, steps.c.item_id == held.item_id)
        .where(held.store_id == store_id, held.on_hand_milli - steps.c.whole + steps.c.upto <= 0)
        .order_by(held.item_id, steps.c.at)
    )
    found: list[Outage] = []
    for item, began, next_at in session.execute(wanted):
        last = found[-1] if found else None
        if last and last.item_id == item and last.until == began:
            found[-1] = Outage(item, last.since, next_at)
        else:
            found.append(Outage(item, began, next_at))
    return found
