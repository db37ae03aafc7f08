"""Who may see and do what with records: rights on top of the session's scope.

A record of a store asks for the right in that store. A record of the chain is read with the right
in any store, and changed only with a right that reaches the whole chain.
"""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, false, select

from hub.errors import ForbiddenError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.records.declare import store_of
from hub.kit.records.owning import own_only
from hub.kit.session import ScopedSession
from hub.kit.tables import Record, StoreScoped

M = TypeVar("M", bound=Record)

_NONE = T("没有这条{one}记录。", "There is no such {one}.")
_FORBIDDEN = T("您的角色不能这样做（{right}）。", "Your role does not allow this ({right}).")


def right_of(model: type[Record], action: str) -> str:
    return f"{model.__record__.rights}.{action}"


def readable(session: ScopedSession, model: type[Record]) -> list[ColumnElement[bool]]:
    """Criteria that leave what the asker may read; the scope alone may reach further."""
    reach = asker_of(session).rights.reach(right_of(model, "read"))
    if reach is not None and not reach:
        return [false()]
    own = own_only(session, model)
    if reach is None:
        return own
    return [model.store_id.in_(reach), *own] if issubclass(model, StoreScoped) else own


def may(session: ScopedSession, model: type[Record], action: str, store_id: UUID | None) -> bool:
    """Whether the asker may do this to a record of this store, or of the chain (None)."""
    reach = asker_of(session).rights.reach(right_of(model, action))
    if reach is None:
        return True
    if store_id is None:
        return bool(reach) and (action == "read" or model.__record__.is_open)
    return store_id in reach


def may_see(session: ScopedSession, model: type[Record], guard: str, store_id: UUID | None) -> bool:
    """Whether the asker sees the fields that need `<rights>.<guard>` in this store."""
    reach = asker_of(session).rights.reach(right_of(model, guard))
    return reach is None or (store_id in reach if store_id else bool(reach))


def demand(session: ScopedSession, record: Record, action: str) -> None:
    """Raise ForbiddenError when the asker may not do this to the record."""
    if not may(session, type(record), action, store_of(record)):
        right = right_of(type(record), action)
        raise ForbiddenError(_FORBIDDEN.format(right=right))


def demand_somewhere(session: ScopedSession, model: type[Record], action: str) -> None:
    """Raise ForbiddenError when the asker may do this to no record at all."""
    right = right_of(model, action)
    reach = asker_of(session).rights.reach(right)
    if reach is not None and not reach:
        raise ForbiddenError(_FORBIDDEN.format(right=right))


def not_found(model: type[Record]) -> NotFoundError:
    one = model.__record__.one
    return NotFoundError(T(_NONE.zh.format(one=one.zh), _NONE.en.format(one=one.en.lower())))


def load(session: ScopedSession, model: type[M], record_id: UUID, *, lock: bool = False) -> M:
    """The record, archived or not; NotFoundError when there is none that the asker may read."""
    record = session.get(model, record_id, with_for_update=lock or None)
    if record is None or not may(session, model, "read", store_of(record)):
        raise not_found(model)
    if own := own_only(session, model):
        mine = select(model.id).where(model.id == record_id, *own)
        if session.scalars(mine).first() is None:
            raise not_found(model)
    return record
