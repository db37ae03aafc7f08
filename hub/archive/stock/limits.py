"""What a store should have of an item, and where between too little and too much it stands.

Limits are per item and store (INV-04, INV-11). Near is the band above the safety stock in which one
should think of ordering.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Connection, Table, delete
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import InvalidError, T
from hub.kit.tables import Base, StoreScoped
from hub.kit.upsert import replace_row

NEAR_PERCENT = 20
MOST_MILLI = 10**12
_ORDER = T("上限要高于安全库存。", "The maximum must be above the safety stock.")
_BELOW = T("安全库存要大于 0。", "The safety stock must be more than 0.")


class StockLimit(StoreScoped, Base):
    """`most_milli` None: there is no too much by number."""

    __tablename__ = "stock_limits"
    __table_args__ = (CheckConstraint("safety_milli > 0", name="safety"),)

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    safety_milli: Mapped[int] = mapped_column(BigInteger)
    most_milli: Mapped[int | None] = mapped_column(BigInteger)
    set_by: Mapped[UUID | None]
    set_at: Mapped[datetime]


LIMITS: Table = StockLimit.__table__  # type: ignore[assignment]  # declarative says FromClause


class Level(IntEnum):
    """How little there is; the higher the worse."""

    ENOUGH = 0
    NEAR = 1
    LOW = 2
    OUT = 3


@dataclass(frozen=True, slots=True)
class Limit:
    safety_milli: int
    most_milli: int | None = None

    def level(self, available_milli: int) -> Level:
        if available_milli <= 0:
            return Level.OUT
        if available_milli < self.safety_milli:
            return Level.LOW
        return Level.NEAR if available_milli < near_milli(self.safety_milli) else Level.ENOUGH

    def wanted_milli(self, available_milli: int, coming_milli: int) -> int:
        """What fills it up, with what is on its way counted in: to the maximum, or twice safety."""
        target = self.most_milli or 2 * self.safety_milli
        return max(0, target - available_milli - coming_milli)


def near_milli(safety: Any) -> Any:
    return safety * (100 + NEAR_PERCENT) // 100


def set_limit(
    connection: Connection, place: Mapping[str, UUID], limit: Limit | None, by: UUID, now: datetime
) -> None:
    """`place` is chain_id, store_id and item_id. None takes the limit away."""
    columns = LIMITS.c
    if limit is None:
        which = (columns.store_id == place["store_id"], columns.item_id == place["item_id"])
        connection.execute(delete(LIMITS).where(*which))
        return
    if not 0 < limit.safety_milli <= MOST_MILLI:
        raise InvalidError(_BELOW, {"safety": _BELOW})
    if limit.most_milli is not None and not limit.safety_milli < limit.most_milli <= MOST_MILLI:
        raise InvalidError(_ORDER, {"most": _ORDER})
    values: dict[str, Any] = {"safety_milli": limit.safety_milli, "set_by": by, "set_at": now}
    values["most_milli"] = limit.most_milli
    connection.execute(replace_row(connection, LIMITS, list(values)), [dict(place) | values])
