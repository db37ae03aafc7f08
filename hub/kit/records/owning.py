"""Whose record it is: some people see and change only what they are responsible for (SEC-07).

A type says by `own` which of its references leads to that person, over other types if need be.
Whoever lacks `<rights>.all` gets the others' neither in lists, searches, totals, exports and jobs,
nor by their id, nor as the target of a reference.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from hub.errors import ForbiddenError, InvalidError, T
from hub.kit.asker import asker_of
from hub.kit.records.declare import fields_of
from hub.kit.records.models import model_of
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

ALL = "all"
_NOBODY = T(
    "您的账号没有关联员工档案，请店长关联后再登记。",
    "Your account belongs to no employee yet; ask your manager to link it first.",
)
_YOURS = T("只能登记到自己名下。", "It can only be your own.")
_HAND_OVER = T("换负责人请店长操作。", "Your manager hands it over to somebody else.")


def is_limited(session: ScopedSession, model: type[Record]) -> bool:
    """Whether the asker sees only the records that they are responsible for."""
    if not model.__record__.own:
        return False
    reach = asker_of(session).rights.reach(f"{model.__record__.rights}.{ALL}")
    return reach is not None and not reach


def own_only(session: ScopedSession, model: type[Record]) -> list[ColumnElement[bool]]:
    """The criterion that leaves the asker's own, where they see no more than that."""
    if not is_limited(session, model):
        return []
    return [_is_own(model, asker_of(session).user_id)]


def with_owner(
    session: ScopedSession, model: type[Record], values: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of a new record, which is the asker's own where they see no others."""
    person = _person(model)
    if person is None or not is_limited(session, model):
        return dict(values)
    name, account = model.__record__.own, person.__record__.account
    mine = select(person.id).where(getattr(person, account) == asker_of(session).user_id)
    ids = session.scalars(mine.order_by(person.id)).all()
    if not ids:
        raise InvalidError(_NOBODY, {name: _NOBODY})
    if values.get(name) not in (None, *ids):
        raise InvalidError(_YOURS, {name: _YOURS})
    return dict(values) | {name: values.get(name) or ids[0]}


def refuse_hand_over(session: ScopedSession, record: Record, changed: Mapping[str, Any]) -> None:
    """Who sees only their own gives none of it away: it would be out of their own sight."""
    model = type(record)
    name = model.__record__.own
    if name in changed and _person(model) and is_limited(session, model):
        raise ForbiddenError(_HAND_OVER)


def _person(model: type[Record]) -> type[Record] | None:
    """The type of who is responsible, where the record names them itself."""
    name = model.__record__.own
    target = model_of(fields_of(model)[name].spec.target) if name else None
    return target if target and target.__record__.account else None


def _is_own(model: type[Record], user_id: UUID | None) -> ColumnElement[bool]:
    name = model.__record__.own
    target = model_of(fields_of(model)[name].spec.target)
    account = target.__record__.account
    mine = getattr(target, account) == user_id if account else _is_own(target, user_id)
    found: ColumnElement[bool] = getattr(model, name).in_(select(target.id).where(mine))
    return found
