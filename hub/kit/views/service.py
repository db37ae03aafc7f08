"""Saved views: kept, shared, renamed and thrown away by those who made them.

A view is found by its name, for it is a name in addresses: own ones first, then what others share.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_, select

from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.records.custom import fields_in
from hub.kit.records.query import parse
from hub.kit.records.schemas import SOME_WRONG
from hub.kit.session import ScopedSession
from hub.kit.tables import Record
from hub.kit.views.models import NAME_MAX, QUERY_MAX, SavedView

MAX_VIEWS = 40  # of one person and record type: more tabs than anybody can tell apart

_NONE = T("没有这个视图。", "There is no such view.")
_NAME = T("请写一个不超过 40 个字的名称。", "Give it a name of up to 40 letters.")
_TAKEN = T("已有同名的视图，请换一个名称。", "A view has this name; choose another.")
_MANY = T("视图太多了，请先删除不用的。", "There are too many views; delete some first.")
_LONG = T("条件太多，存不下。", "These are too many filters to keep.")


def views_for(session: ScopedSession, model: type[Record]) -> Sequence[SavedView]:
    """What the asker may choose from, in the order of making; own ones first."""
    me = asker_of(session).user_id
    found = session.scalars(
        select(SavedView)
        .where(
            SavedView.record_type == model.__tablename__,
            or_(SavedView.owner_id == me, SavedView.is_shared),
        )
        .order_by(SavedView.created_at)
    ).all()
    return sorted(found, key=lambda view: view.owner_id != me)


def find_view(views: Sequence[SavedView], name: str) -> SavedView:
    """The one of this name; NotFoundError when it is gone, or was never shared."""
    for view in views:
        if view.name == name:
            return view
    raise NotFoundError(_NONE)


def save_view(
    session: ScopedSession,
    model: type[Record],
    name: str,
    pairs: Sequence[tuple[str, str]],
    query: str,
    *,
    is_shared: bool = False,
) -> SavedView:
    """Keep a list; the same owner's view of this name is replaced. `pairs` are what the engine
    must understand of `query`: a view that opens with an error is worse than none."""
    asker = asker_of(session)
    if asker.user_id is None:
        raise NotFoundError(_NONE)
    parse(model, pairs, fields_in(session, model))
    if len(query) > QUERY_MAX:
        raise InvalidError(_LONG)
    name = _plain(name)
    mine = [v for v in views_for(session, model) if v.owner_id == asker.user_id]
    view = next((one for one in mine if one.name == name), None)
    if view is None and len(mine) >= MAX_VIEWS:
        raise ConflictError(_MANY)
    if is_shared:
        _refuse_twin(session, model, asker.user_id, name)
    if view is None:
        view = SavedView(record_type=model.__tablename__, owner_id=asker.user_id, name=name)
        session.add(view)
    view.owner_name, view.query, view.is_shared = asker.name, query, is_shared
    session.flush()
    return view


def delete_view(session: ScopedSession, view_id: UUID, *, may_tidy: bool = False) -> None:
    """By its owner; of a shared one also by who `may_tidy` for the chain."""
    view = session.get(SavedView, view_id)
    me = asker_of(session).user_id
    if view is None or not (view.owner_id == me or (view.is_shared and may_tidy)):
        raise NotFoundError(_NONE)
    session.delete(view)
    session.flush()


def _plain(name: str) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > NAME_MAX:
        raise InvalidError(SOME_WRONG, {"name": _NAME})
    return plain


def _refuse_twin(session: ScopedSession, model: type[Record], owner_id: UUID, name: str) -> None:
    """Two shared views of one name would be one address for two lists."""
    twins = session.scalar(
        select(func.count(SavedView.id)).where(
            SavedView.record_type == model.__tablename__,
            SavedView.is_shared,
            SavedView.name == name,
            SavedView.owner_id != owner_id,
        )
    )
    if twins:
        raise ConflictError(_TAKEN, {"name": _TAKEN})
