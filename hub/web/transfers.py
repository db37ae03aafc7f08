"""Transfers for API and pages: which of them somebody may see, and who may do the next step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from hub.archive.stock.names import ItemName, item_names
from hub.archive.stores.records import Store
from hub.archive.transfers import posting
from hub.archive.transfers.models import Transfer, TransferLine, TransferStatus
from hub.archive.transfers.posting import Arrived, Asked
from hub.errors import ForbiddenError, NotFoundError, T
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.live import Event, EventKind
from hub.security.actor import Actor
from hub.web.services import Services
from hub.web.stock_stores import CORRECT, READ

LISTED = 100
_NONE = T("没有这张调拨单。", "There is no such transfer.")
_NO_STORE = T("没有这家门店。", "There is no such store.")
_NOT_YOURS = T("这一步由另一家门店来做。", "The other store does this step.")
_STEP = T("没有这个操作。", "There is no such action.")
GIVING, GETTING = "from_store_id", "to_store_id"
STEPS: Mapping[str, tuple[TransferStatus, str]] = {
    "approve": (TransferStatus.REQUESTED, GIVING),
    "ship": (TransferStatus.APPROVED, GIVING),
    "receive": (TransferStatus.SHIPPED, GETTING),
}
"""Each step: from where, and whose right it takes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A transfer with its lines and their names, and what the one who looks may do."""

    head: Transfer
    lines: list[tuple[TransferLine, ItemName | None]]
    can: frozenset[str]


def listed(session: ScopedSession, actor: Actor, store_id: UUID | None = None) -> list[Transfer]:
    """The newest of the stores whose stock the actor may see."""
    wanted = select(Transfer).order_by(Transfer.id.desc()).limit(LISTED)
    stores = actor.reach(READ)
    here = [store_id] if store_id else (list(stores) if stores is not None else None)
    if here is not None:
        wanted = wanted.where(or_(Transfer.from_store_id.in_(here), Transfer.to_store_id.in_(here)))
    return [one for one in session.scalars(wanted) if _may_see(actor, one)]


def _may_see(actor: Actor, one: Transfer) -> bool:
    return actor.may(READ, one.from_store_id) or actor.may(READ, one.to_store_id)


def seen(session: ScopedSession, actor: Actor, transfer_id: UUID) -> Seen:
    """NotFoundError for whoever sees the stock of neither store."""
    head = session.get(Transfer, transfer_id)
    if head is None or not _may_see(actor, head):
        raise NotFoundError(_NONE)
    wanted = select(TransferLine).where(TransferLine.transfer_id == head.id)
    lines = session.scalars(wanted.order_by(TransferLine.line)).all()
    names = item_names(session, [one.item_id for one in lines])
    can = {
        step
        for step, (status, side) in STEPS.items()
        if head.status == status.value and actor.may(CORRECT, getattr(head, side))
    }
    if head.status in ("requested", "approved"):
        sides = (head.from_store_id, head.to_store_id)
        can |= {"cancel"} if any(actor.may(CORRECT, side) for side in sides) else set()
    return Seen(head, [(one, names.get(one.item_id)) for one in lines], frozenset(can))


def ask(services: Services, actor: Actor, asked: Asked) -> None:
    """By whoever sees both stores and keeps stock in one; promised at once where that one gives."""
    gives = actor.may(CORRECT, asked.from_store_id)
    with services.db.read(actor.scope) as session:
        wanted = select(Store.id).where(Store.id.in_((asked.from_store_id, asked.to_store_id)))
        if len(set(session.scalars(wanted))) < len({asked.from_store_id, asked.to_store_id}):
            raise NotFoundError(_NO_STORE)
    if not gives:
        actor.demand(CORRECT, asked.to_store_id)
    with services.db.system("transfer") as connection:
        posting.ask(connection, asked, utc_now(), is_approved=gives)
    tell(services, asked.id, asked.from_store_id, asked.to_store_id)


def do(
    services: Services,
    actor: Actor,
    found: Seen,
    step: str,
    arrived: Mapping[int, Arrived] | None = None,
    reason: str = "",
) -> None:
    """One step on; ForbiddenError where it is not the actor's to do."""
    head, user, now = found.head, actor.user_id, utc_now()
    if step not in (*STEPS, "cancel"):
        raise NotFoundError(_STEP)
    side = STEPS[step][1] if step in STEPS else GIVING
    if step not in found.can and not actor.may(CORRECT, getattr(head, side)):
        raise ForbiddenError(_NOT_YOURS)
    with services.db.system("transfer") as connection:
        done: Any = {
            "approve": lambda: posting.approve(connection, head.id, user, now),
            "ship": lambda: posting.ship(connection, head.id, user, now),
            "cancel": lambda: posting.cancel(connection, head.id),
            "receive": lambda: posting.receive(
                connection, head.id, arrived or {}, (user, reason), now
            ),
        }[step]
        done()
    tell(services, head.id, head.from_store_id, head.to_store_id)


def tell(services: Services, transfer_id: UUID, *store_ids: UUID) -> None:
    for store_id in store_ids:
        about = {"type": "stock_transfers", "id": str(transfer_id)}
        services.live.publish(Event(EventKind.RECORD, store_id, about))
