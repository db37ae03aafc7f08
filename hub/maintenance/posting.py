"""Spare parts that a job uses leave the store's stock through the one ledger (STO-10, INV-01)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from hub.archive.equipment.records import SparePart
from hub.archive.stock.models import MOVEMENTS, MovementKind, StockBalance
from hub.archive.stock.posting import Movement, post
from hub.errors import InvalidError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.maintenance import service
from hub.maintenance.models import WorkOrder

DOCUMENT = "work_order"
MOST = 200  # parts that a form offers
_NO_PART = T("没有这个备件。", "There is no such spare part.")
_NOTHING = T("数量要大于 0。", "The quantity must be more than 0.")


@dataclass(frozen=True, slots=True)
class Stocked:
    """A spare part, and how much of it the store has."""

    part: SparePart
    on_hand_milli: int


def use_spare(
    session: ScopedSession, order_id: UUID, part_id: UUID, quantity_milli: int
) -> WorkOrder:
    """Take a part from the store's stock for a job; it costs what the stock of it is worth.

    A fact posts whatever the books say: what was built in was there.
    """
    if quantity_milli <= 0:
        raise InvalidError(_NOTHING, {"quantity": _NOTHING})
    order = service.to_change(session, order_id)
    part = session.get(SparePart, part_id)
    if part is None or part.archived_at is not None:
        raise NotFoundError(_NO_PART)
    line = len(order.parts)
    movement = Movement(
        chain_id=order.chain_id,
        store_id=order.store_id,
        item_id=part.id,
        kind=MovementKind.USE,
        document_type=DOCUMENT,
        document_id=order.id,
        line=line,
        quantity_milli=-quantity_milli,
        occurred_at=utc_now(),
        unit_cost_minor=part.cost_minor or 0,
        user_id=asker_of(session).user_id,
        reason=f"#{order.number}",
    )
    connection = session.bare_connection()
    post(connection, [movement], utc_now())
    wanted = select(MOVEMENTS.c.value_minor).where(
        MOVEMENTS.c.document_id == order.id, MOVEMENTS.c.line == line
    )
    cost = -int(connection.execute(wanted).scalar_one())
    return service.book_part(session, order, (part.name, quantity_milli, cost), part.id)


def stocked(session: ScopedSession, order: WorkOrder) -> Sequence[Stocked]:
    """The chain's spare parts, those that this store has first."""
    parts = session.scalars(
        select(SparePart).where(SparePart.archived_at.is_(None)).order_by(SparePart.code)
    ).all()[:MOST]
    held = _held(session, order.store_id, [part.id for part in parts])
    found = [Stocked(part, held.get(part.id, 0)) for part in parts]
    return sorted(found, key=lambda one: one.on_hand_milli <= 0)


def _held(session: ScopedSession, store_id: UUID, items: Sequence[UUID]) -> Mapping[UUID, int]:
    found = select(StockBalance).where(
        StockBalance.store_id == store_id, StockBalance.item_id.in_(items)
    )
    return {row.item_id: row.on_hand_milli for row in session.scalars(found)}
