"""Stores whose stock somebody may see, and people by their ids: what pages of goods begin with."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select

from hub.archive.stores.records import Store
from hub.errors import NotFoundError, T
from hub.kit.db import ScopedSession
from hub.security.actor import Actor
from hub.security.records import User

READ, CORRECT = "stock.read", "stock.create"
_NO_STORE = T("没有这家门店。", "There is no such store.")


def stores_with(session: ScopedSession, actor: Actor, right: str = READ) -> list[Store]:
    wanted = select(Store).where(Store.archived_at.is_(None)).order_by(Store.code)
    return [one for one in session.scalars(wanted) if actor.may(right, one.id)]


def chosen(stores: Sequence[Store], store_id: UUID | None) -> Store:
    """The store that an address names, or the first; NotFoundError where it is not among them."""
    for one in stores:
        if store_id in (None, one.id):
            return one
    raise NotFoundError(_NO_STORE)


def people(session: ScopedSession, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    known = {one for one in ids if one}
    return {one.id: one.name for one in session.scalars(select(User).where(User.id.in_(known)))}
