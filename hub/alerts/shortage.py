"""Items of which a store has too little, as one alert each until there is enough (ALR-01, INV-04).

Near the safety stock it is low, below it medium, nothing left is high: each step tells that store's
purchaser again. What is received, counted or released ends it by itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, func, select

from hub.alerts.models import Alert, AlertStatus
from hub.alerts.standing import Standing, bring_in_line
from hub.archive.products.records import Product, ProductVariant
from hub.archive.stock.limits import LIMITS, Level, Limit, near_milli
from hub.archive.stock.models import BALANCES
from hub.detection.findings import Evidence, Rule, Severity
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.live import Live

EVERY_S = 20.0
HELD = timedelta(hours=24)  # resolved by a person, it comes back after this, or when it gets worse
_SEVERITY = {Level.NEAR: Severity.LOW, Level.LOW: Severity.MEDIUM, Level.OUT: Severity.HIGH}
_PREFIX = "stock/"


@dataclass(frozen=True, slots=True)
class Shortage:
    """One item in one store, in thousandths."""

    chain_id: UUID
    store_id: UUID
    item_id: UUID
    name: str
    limit: Limit
    available_milli: int
    coming_milli: int

    @property
    def source(self) -> str:
        return f"{_PREFIX}{self.item_id}"

    @property
    def severity(self) -> Severity:
        return _SEVERITY[self.limit.level(self.available_milli)]

    def standing(self, now: datetime) -> Standing:
        wanted = self.limit.wanted_milli(self.available_milli, self.coming_milli)
        evidence = Evidence(
            device=self.name[:120],
            value=self.available_milli / 1000,
            limit=self.limit.safety_milli / 1000,
            expected=wanted / 1000,
        )
        return Standing(self.chain_id, self.store_id, self.source, self.severity, now, evidence)


def watch(db: Database, live: Live, now: datetime | None = None) -> int:
    """Bring the alerts in line with the stock; how many changed."""
    at = now or utc_now()
    with db.system_read("stock watch") as connection:
        short = _short(connection)
        settled = _settled(connection, at)
    wanted = [
        one.standing(at)
        for one in short
        if settled.get((one.store_id, one.source), 0) < one.severity
    ]
    return bring_in_line(db, live, Rule.STOCK_LOW, wanted, at)


def _settled(connection: Connection, now: datetime) -> dict[tuple[UUID, str], int]:
    """How bad it was when a person said lately that it is dealt with."""
    wanted = select(Alert.store_id, Alert.source, func.max(Alert.severity)).where(
        Alert.rule == Rule.STOCK_LOW.value,
        Alert.status == AlertStatus.RESOLVED,
        Alert.closed_at > now - HELD,
    )
    rows = connection.execute(wanted.group_by(Alert.store_id, Alert.source))
    return {(store_id, source): severity for store_id, source, severity in rows}


def _short(connection: Connection) -> list[Shortage]:
    """Everything with a limit of which there is little; the database leaves out the rest."""
    limit, held = LIMITS.c, BALANCES.c
    available = func.coalesce(held.on_hand_milli - held.reserved_milli, 0)
    name = func.coalesce(Product.name, "")
    wanted = (
        select(
            limit.chain_id,
            limit.store_id,
            limit.item_id,
            name,
            limit.safety_milli,
            limit.most_milli,
            available,
            func.coalesce(held.in_transit_milli, 0),
        )
        .select_from(LIMITS)
        .outerjoin(BALANCES, (held.store_id == limit.store_id) & (held.item_id == limit.item_id))
        .outerjoin(ProductVariant, ProductVariant.id == limit.item_id)
        .join(Product, Product.id == func.coalesce(ProductVariant.product_id, limit.item_id))
        .where(available < near_milli(limit.safety_milli), Product.archived_at.is_(None))
    )
    return [
        Shortage(chain, store, item, title, Limit(safety, most), int(left), int(coming))
        for chain, store, item, title, safety, most, left, coming in connection.execute(wanted)
    ]
