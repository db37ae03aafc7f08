"""Promises may be refused: what is reserved for somebody is gone for everybody else at once.

One statement an item asks and takes together, in the order of the items: the last piece is promised
once, however many ask for it in the same moment (SAL-13).
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, select, update

from hub.archive.stock.models import BALANCES, NOT_ENOUGH
from hub.errors import ConflictError


def reserve(connection: Connection, store_id: UUID, wanted_milli: Mapping[UUID, int]) -> None:
    """All of it; ConflictError where too little is available: then roll back what came before."""
    columns = BALANCES.c
    for item_id in sorted(wanted_milli):
        wanted = wanted_milli[item_id]
        taken = (
            update(BALANCES)
            .where(
                columns.store_id == store_id,
                columns.item_id == item_id,
                columns.on_hand_milli - columns.reserved_milli >= wanted,
            )
            .values(reserved_milli=columns.reserved_milli + wanted)
        )
        if connection.execute(taken).rowcount != 1:
            available = available_milli(connection, store_id, item_id) / 1000
            raise ConflictError(
                NOT_ENOUGH.format(available=f"{available:g}", wanted=f"{wanted / 1000:g}")
            )


def release(connection: Connection, store_id: UUID, held_milli: Mapping[UUID, int]) -> None:
    """Give back what was reserved, when the order is dropped or its goods have left."""
    columns = BALANCES.c
    for item_id in sorted(held_milli):
        connection.execute(
            update(BALANCES)
            .where(columns.store_id == store_id, columns.item_id == item_id)
            .values(reserved_milli=columns.reserved_milli - held_milli[item_id])
        )


def available_milli(connection: Connection, store_id: UUID, item_id: UUID) -> int:
    """On hand less reserved; what was never there is none."""
    columns = BALANCES.c
    found = select(columns.on_hand_milli - columns.reserved_milli).where(
        columns.store_id == store_id, columns.item_id == item_id
    )
    return int(connection.scalar(found) or 0)
