"""ABC classes of a store's items: by what left the shelves at cost, the dearest first (INV-12)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select

from hub.archive.stock.models import MOVEMENTS, MovementKind
from hub.archive.stock.posting import AS_SOLD

SHARE_OF = {"A": (0, 80), "B": (80, 95), "C": (95, 101)}
"""Percent of the value sold that stands before an item of the class, from and below."""


def items_in_class(store_id: UUID, since: datetime, letter: str) -> Select[Any]:
    """The ids of the items of one class; what was not sold at all is C."""
    moved = MOVEMENTS.c
    sold = (
        select(moved.item_id, (-func.sum(_sold())).label("value"))
        .where(moved.store_id == store_id, moved.occurred_at >= since)
        .group_by(moved.item_id)
        .subquery()
    )
    upto = func.sum(sold.c.value).over(order_by=(sold.c.value.desc(), sold.c.item_id))
    before = (upto - sold.c.value).label("before")
    ranked = select(sold.c.item_id, before, func.sum(sold.c.value).over().label("whole")).subquery()
    first, below = SHARE_OF[letter]
    share, whole = ranked.c.before * 100, ranked.c.whole
    return select(ranked.c.item_id).where(share >= first * whole, share < below * whole)


def _sold() -> Any:
    is_sale = MOVEMENTS.c.kind.in_([kind.value for kind in (*AS_SOLD, MovementKind.USE)])
    return case((is_sale, MOVEMENTS.c.value_minor), else_=0)
