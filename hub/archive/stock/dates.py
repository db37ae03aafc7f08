"""What a store had on a day that is past: quantities by when things happened, values by the books.

The page and the file are made of the same rows (INV-18, ANA-14).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from hub.archive.stock.models import StockMovement
from hub.archive.stock.names import ItemName, item_names
from hub.kit.session import ScopedSession


@dataclass(frozen=True, slots=True)
class DatedRow:
    """One item at an instant; thousandths and minor units."""

    name: ItemName
    quantity_milli: int
    value_minor: int


def stock_at(session: ScopedSession, store_id: UUID, at: datetime) -> list[DatedRow]:
    """Everything that was there or owed before `at`, by code; spare parts are left out."""
    moved = StockMovement
    quantity = func.sum(_if(moved.occurred_at < at, moved.quantity_milli))
    value = func.sum(_if(moved.posted_at < at, moved.value_minor))
    wanted = (
        select(moved.item_id, quantity, value)
        .where(moved.store_id == store_id)
        .group_by(moved.item_id)
        .having((quantity != 0) | (value != 0))
    )
    found = {item: (int(q), int(v)) for item, q, v in session.execute(wanted)}
    names = item_names(session, found)
    rows = [DatedRow(names[item], *sums) for item, sums in found.items() if item in names]
    return sorted(rows, key=lambda row: (row.name.code, row.name.item_id))


def _if(condition: Any, number: Any) -> Any:
    return case((condition, number), else_=0)
