"""A signed link by which a contractor without an account does one job, and sees nothing else.

It is the link's id and a keyed hash of it. It ends by its time, by hand, with the order, and when
the job is given to somebody else.
"""

import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, select

from hub.errors import ConflictError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.kit.records.log import ChangeLog
from hub.maintenance import service
from hub.maintenance.models import OrderLink, WorkOrder

GOOD_FOR = timedelta(days=14)
COLUMN = "work_order_links.link"
RIGHTS = (service.READ, service.UPDATE)
_GONE = T(
    "这个链接已失效，请向派工的人要一个新的。",
    "This link is no longer good; ask whoever gave you the job for a new one.",
)
_NOBODY = T("先把工单派给维修商。", "Assign the order to a contractor first.")


class Hashing(Protocol):
    """The part of the vault that links need."""

    def blind(self, chain_id: UUID, column: str, text: str) -> str:
        """A keyed hash of a text: 32 hex digits."""


class OneStore:
    """The rights of a link: to see and to do work, where its order is."""

    def __init__(self, store_id: UUID) -> None:
        self._reach = frozenset((store_id,))

    def reach(self, right: str) -> frozenset[UUID] | None:
        return self._reach if right in RIGHTS else frozenset()


class OrderLinks:
    """`base_url` is how people reach the hub."""

    def __init__(self, vault: Hashing, base_url: str) -> None:
        self._vault, self._base_url = vault, base_url.rstrip("/")

    def address(self, link: OrderLink) -> str:
        return f"{self._base_url}/o/{link.id.hex}{self._mark(link.chain_id, link.id)}"

    def read(self, connection: Connection, token: str) -> OrderLink:
        """The link of a token, not bound to any session; NotFoundError for any that is not ours,
        over, or revoked."""
        try:
            link_id, mark = UUID(token[:32]), token[32:]
        except ValueError:
            raise NotFoundError(_GONE) from None
        row = connection.execute(select(OrderLink).where(OrderLink.id == link_id)).first()
        if row is None or row.revoked_at is not None or row.expires_at < utc_now():
            raise NotFoundError(_GONE)
        if not hmac.compare_digest(mark.encode(), self._mark(row.chain_id, link_id).encode()):
            raise NotFoundError(_GONE)
        return OrderLink(**row._mapping)

    def _mark(self, chain_id: UUID, link_id: UUID) -> str:
        return self._vault.blind(chain_id, COLUMN, link_id.hex)


def order_of(session: ScopedSession, link: OrderLink) -> WorkOrder:
    """The link's order, as long as it is this contractor's; the first look is written down."""
    order = service.get(session, link.order_id)
    if order.contractor != link.contractor or not order.is_open:
        raise NotFoundError(_GONE)
    return order


def opened(session: ScopedSession, link: OrderLink) -> None:
    """Write down that somebody looked for the first time."""
    kept = session.get_one(OrderLink, link.id)
    if kept.opened_at is None:
        kept.opened_at = utc_now()
        _tell(session, service.get(session, link.order_id), "opened", link)


def make(session: ScopedSession, order_id: UUID) -> OrderLink:
    """A new link for the contractor of an order; those made before are over."""
    order = service.to_change(session, order_id)
    if not order.contractor:
        raise ConflictError(_NOBODY)
    revoke_all(session, order)
    now = utc_now()
    link = OrderLink(
        store_id=order.store_id,
        order_id=order.id,
        contractor=order.contractor,
        created_at=now,
        created_by=asker_of(session).user_id,
        expires_at=now + GOOD_FOR,
    )
    session.add(link)
    session.flush()
    _tell(session, order, "link", link)
    return link


def revoke_all(session: ScopedSession, order: WorkOrder) -> None:
    for link in good(session, order.id):
        link.revoked_at = utc_now()
        _tell(session, order, "revoked", link)


def good(session: ScopedSession, order_id: UUID) -> Sequence[OrderLink]:
    """The links of an order that still open it."""
    found = select(OrderLink).where(
        OrderLink.order_id == order_id,
        OrderLink.revoked_at.is_(None),
        OrderLink.expires_at > utc_now(),
    )
    return session.scalars(found).all()


def _tell(session: ScopedSession, order: WorkOrder, what: str, link: OrderLink) -> None:
    """In the order's story, and in the chained audit."""
    service.note(session, order, what, link.contractor)
    asker = asker_of(session)
    session.add(
        ChangeLog(
            store_id=order.store_id,
            record_type=OrderLink.__tablename__,
            record_id=link.id,
            action=f"order_link_{what}",
            values={},
            reason=f"#{order.number} · {link.contractor}",
            asker_id=asker.user_id,
            asker_name=asker.name,
            address=asker.address,
        )
    )
