"""Doing what a record type declares as its actions: sending an order, ending a contract."""

from typing import Any, TypeVar
from uuid import UUID

from hub.errors import ConflictError, ForbiddenError, NotFoundError, T
from hub.kit.records.access import load, may, right_of
from hub.kit.records.apply import Change, write
from hub.kit.records.declare import RecordAction, store_of
from hub.kit.records.kinds import Choice
from hub.kit.records.log import keep_commit_order
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

M = TypeVar("M", bound=Record)

_NO_ACTION = T("没有这个操作。", "There is no such action.")
_FORBIDDEN = T("您的角色不能这样做（{right}）。", "Your role does not allow this ({right}).")
_ARCHIVED = T("记录已归档，请先恢复。", "This record is archived; restore it first.")
_SEEN_OLD = T("内容刚刚有变化，请看过再操作。", "It has just changed; look at it again first.")
_NOT_NOW = T(
    "现在是“{state}”，不能“{action}”。", "It is “{state}” now, so “{action}” is not possible."
)


def state_of(record: Record) -> Choice:
    """Where the record stands among its actions."""
    state: Choice = getattr(record, type(record).__record__.state)
    return state


def possible(session: ScopedSession, record: Record) -> list[RecordAction[Any]]:
    """The actions that the asker may do to this record as it is now."""
    declared = type(record).__record__.actions
    if not declared or record.archived_at:
        return []
    state, store_id = state_of(record), store_of(record)
    return [
        one
        for one in declared
        if state in one.before and may(session, type(record), one.name, store_id)
    ]


def perform(
    session: ScopedSession, model: type[M], record_id: UUID, name: str, seen: Change | None = None
) -> M:
    """Do it, or nothing. `seen` brings the version that the asker looked at, and a reason.

    Raises NotFoundError, ForbiddenError, ConflictError, and whatever the action itself raises.
    """
    action = next((one for one in model.__record__.actions if one.name == name), None)
    if action is None:
        raise NotFoundError(_NO_ACTION)
    keep_commit_order(session)
    change = seen or Change()
    with session.begin_nested(), session.no_autoflush:
        record = load(session, model, record_id, lock=True)
        if not may(session, model, name, store_of(record)):
            raise ForbiddenError(_FORBIDDEN.format(right=right_of(model, name)))
        _refuse(record, action, change)
        values = dict(action.do(session, record)) | {model.__record__.state: action.after}
        write(session, record, change, name, values)
        return record


def _refuse(record: Record, action: RecordAction[Any], change: Change) -> None:
    if record.archived_at:
        raise ConflictError(_ARCHIVED)
    if change.version is not None and change.version < record.version:
        raise ConflictError(_SEEN_OLD)
    state = state_of(record)
    if state not in action.before:
        zh = _NOT_NOW.zh.format(state=state.label.zh, action=action.label.zh)
        en = _NOT_NOW.en.format(state=state.label.en, action=action.label.en)
        raise ConflictError(T(zh, en))
