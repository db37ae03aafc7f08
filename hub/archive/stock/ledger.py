"""What the ledger says: quantities at a date, the life of an item, and whether it adds up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select

from hub.archive.stock.models import BALANCES, MOVEMENTS


def quantities_at(connection: Connection, store_id: UUID, at: datetime) -> dict[UUID, int]:
    """What a store had of each item at an instant, by when things happened (thousandths)."""
    columns = MOVEMENTS.c
    summed = (
        select(columns.item_id, func.sum(columns.quantity_milli))
        .where(columns.store_id == store_id, columns.occurred_at <= at)
        .group_by(columns.item_id)
    )
    return {item: int(quantity) for item, quantity in connection.execute(summed)}


def value_at(connection: Connection, store_id: UUID, at: datetime) -> int:
    """What the stock of a store was worth as the books knew it then (minor units)."""
    columns = MOVEMENTS.c
    summed = select(func.sum(columns.value_minor)).where(
        columns.store_id == store_id, columns.posted_at <= at
    )
    return int(connection.scalar(summed) or 0)


def disagreements(connection: Connection) -> list[tuple[UUID, UUID]]:
    """Stores and items whose balance is not the sum of its movements: always none."""
    moved, balance = MOVEMENTS.c, BALANCES.c
    sums = (
        select(
            moved.store_id,
            moved.item_id,
            func.sum(moved.quantity_milli).label("quantity"),
            func.sum(moved.value_minor).label("value"),
        )
        .group_by(moved.store_id, moved.item_id)
        .subquery()
    )
    both = BALANCES.outerjoin(
        sums, (sums.c.store_id == balance.store_id) & (sums.c.item_id == balance.item_id)
    )
    differs = (balance.on_hand_milli != func.coalesce(sums.c.quantity, 0)) | (
        balance.value_minor != func.coalesce(sums.c.value, 0)
    )
    wrong = select(balance.store_id, balance.item_id).select_from(both).where(differs)
    return [(store_id, item_id) for store_id, item_id in connection.execute(wrong)]
