"""Opening balances as movements of the ledger: a document a line, in and out in turn."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from hub.archive.stock.items import costs_of
from hub.archive.stock.models import MOVEMENTS, MovementKind
from hub.archive.stock.posting import Movement, post
from hub.kit.clock import utc_now
from hub.kit.rounding import half_up

if TYPE_CHECKING:
    from hub.archive.openings.records import OpeningBalance

DOCUMENT = "opening"


def put_in(
    connection: Connection,
    record: "OpeningBalance",
    item_id: UUID,
    at: datetime,
    user_id: UUID | None,
) -> None:
    """At what the line says one costs, else at what the archive says."""
    cost = record.unit_cost_minor
    if cost is None:
        cost = costs_of(connection, [item_id]).get(item_id, 0)
    movement = Movement(
        chain_id=record.chain_id,
        store_id=record.store_id,
        item_id=item_id,
        kind=MovementKind.OPENING,
        document_type=DOCUMENT,
        document_id=record.id,
        line=len(_movements(connection, record.id)),
        quantity_milli=record.quantity_milli,
        occurred_at=at,
        value_minor=half_up(cost * record.quantity_milli, 1000),
        user_id=user_id,
        reason=record.note or "",
    )
    post(connection, [movement], utc_now())


def take_out(connection: Connection, document_id: UUID, user_id: UUID | None) -> None:
    """Of the item that it was put in as, whatever its code means by now."""
    known = _movements(connection, document_id)
    last = known[-1]
    movement = Movement(
        chain_id=last.chain_id,
        store_id=last.store_id,
        item_id=last.item_id,
        kind=MovementKind.ADJUST,
        document_type=DOCUMENT,
        document_id=document_id,
        line=len(known),
        quantity_milli=-last.quantity_milli,
        occurred_at=last.occurred_at,
        value_minor=-last.value_minor,
        user_id=user_id,
        reason=last.reason,
    )
    post(connection, [movement], utc_now())


def has_one(connection: Connection, store_id: UUID, item_id: UUID) -> bool:
    """Whether this item has an opening balance in this store that was not taken out."""
    columns = MOVEMENTS.c
    here = (columns.store_id == store_id, columns.item_id == item_id)
    summed = select(func.sum(columns.quantity_milli)).where(
        *here, columns.document_type == DOCUMENT
    )
    return bool(connection.scalar(summed))


def _movements(connection: Connection, document_id: UUID) -> Sequence[Row[Any]]:
    """What the document moved so far, in turn in and out."""
    columns = MOVEMENTS.c
    wanted = select(MOVEMENTS).where(columns.document_id == document_id)
    return connection.execute(wanted.order_by(columns.line)).all()
