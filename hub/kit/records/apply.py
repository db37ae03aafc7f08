"""The one corridor for writes: form, cell, import, undo and API all end in `apply`."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from hub.errors import ConflictError, InvalidError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.records.access import demand, load, not_found
from hub.kit.records.corridor import flush
from hub.kit.records.declare import Field, fields_of, store_of
from hub.kit.records.kinds import Kind
from hub.kit.records.lines import completed, put, value_of
from hub.kit.records.log import ChangeLog, keep_commit_order
from hub.kit.records.models import model_of
from hub.kit.records.ports import Wish, ports_of
from hub.kit.records.schemas import SOME_WRONG, as_json, checked, schemas_of
from hub.kit.records.search import keep_search_words
from hub.kit.session import Changed, ScopedSession
from hub.kit.tables import Record, StoreScoped

M = TypeVar("M", bound=Record)
Diff = Mapping[str, list[Any]]
"""{field: [before, after]}."""

_GONE = T("请从列表中选择。", "Choose from the list.")
_ELSEWHERE = T("属于另一家门店。", "Belongs to another store.")
_ARCHIVED = T("记录已归档，请先恢复。", "This record is archived; restore it first.")
_OVERLAP = T("别人同时改了同样的内容。", "Somebody else changed the same fields meanwhile.")


class Action(StrEnum):
    """What a change does; also the word in the history."""

    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Change:
    """A wish. `values` are typed or in JSON form; `version` is the one the asker saw.

    Without a version the change is made whatever happened since. All changes of one import or bulk
    edit share a `batch_id`.
    """

    record_id: UUID | None = None
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    version: int | None = None
    reason: str = ""
    batch_id: UUID | None = None
    action: Action | None = None  # None: create without a record_id, else update


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two people changed: what it is now and what was asked for, in JSON form."""

    now: Any
    yours: Any


class VersionConflictError(ConflictError):
    """Since the asker looked, somebody changed the same fields; `version` is the present one."""

    def __init__(self, version: int, clashes: dict[str, Clash]) -> None:
        super().__init__(_OVERLAP)
        self.version = version
        self.clashes = clashes

    def members(self) -> dict[str, object]:
        clashes = {name: {"now": c.now, "yours": c.yours} for name, c in self.clashes.items()}
        return {"version": self.version, "conflicts": clashes}


def apply(session: ScopedSession, model: type[M], change: Change) -> M:
    """Make one change and its row in `changes`, or neither.

    A refused change leaves the session as it was, so an import may go on with the next. Raises
    NotFoundError, ForbiddenError, InvalidError (a sentence a field), ConflictError.
    """
    action = change.action or (Action.UPDATE if change.record_id else Action.CREATE)
    keep_commit_order(session)  # before any row is locked, so that no two writers wait crosswise
    with session.begin_nested(), session.no_autoflush:
        if action is Action.CREATE:
            return _create(session, model, change)
        if change.record_id is None:
            raise not_found(model)
        record = load(session, model, change.record_id, lock=True)
        if action is Action.UPDATE:
            return _update(session, record, change)
        return _archive(session, record, change, action)


def undo(session: ScopedSession, model: type[M], record_id: UUID, seq: int) -> M:
    """Take one change of a record back; VersionConflictError where a later one built on it."""
    load(session, model, record_id)
    row = session.get(ChangeLog, seq)
    if row is None or row.record_id != record_id or row.record_type != model.__tablename__:
        raise not_found(model)
    reason = f"undo {seq}"
    inverse = {
        Action.CREATE: Action.ARCHIVE,
        Action.ARCHIVE: Action.RESTORE,
        Action.RESTORE: Action.ARCHIVE,
    }.get(Action(row.action))
    if inverse:
        return apply(session, model, Change(record_id, reason=reason, action=inverse))
    before = {name: values[0] for name, values in row.values.items()}
    return apply(session, model, Change(record_id, before, row.version, reason))


def built(session: ScopedSession, model: type[M], change: Change) -> tuple[M, Diff]:
    """The new record that a change asks for, checked and not yet in the session."""
    values = checked(schemas_of(model).create, dict(change.values), partial=False)
    values = completed(model, values)
    record = model(id=change.record_id or uuid7(), chain_id=session.scope.chain_id)
    _set(session, record, values)
    demand(session, record, Action.CREATE)
    _refuse_problems(session, record, values)
    _ask_approval(session, record, Action.CREATE, values)
    given = {name: value for name, value in values.items() if value not in (None, [])}
    return record, {name: [None, value] for name, value in given.items()}


def _create(session: ScopedSession, model: type[M], change: Change) -> M:
    record, diff = built(session, model, change)
    keep_search_words(record)
    session.add(record)
    flush(session, record)
    _log(session, record, change, Action.CREATE, diff)
    return record


def revised(session: ScopedSession, record: Record, change: Change) -> Diff:
    """Set what a change asks for, checked and not yet flushed; empty where nothing is new."""
    model = type(record)
    values = checked(schemas_of(model).update, dict(change.values), partial=True)
    values.pop("version", None)
    values.pop("reason", None)
    demand(session, record, Action.UPDATE)
    if record.archived_at:
        raise ConflictError(_ARCHIVED)
    values = completed(model, values)
    old = {name: value_of(record, field) for name, field in fields_of(model).items()}
    diff = {name: [old[name], new] for name, new in values.items() if new != old[name]}
    if not diff:
        return {}
    _refuse_overlap(session, record, change, diff)
    _set(session, record, {name: new for name, (_, new) in diff.items()})
    record.updated_at = utc_now()  # and so the version moves when only lines have changed
    demand(session, record, Action.UPDATE)  # it may have moved to another store
    changed = {name: new for name, (_, new) in diff.items()}
    _refuse_problems(session, record, changed)
    _ask_approval(session, record, Action.UPDATE, changed)
    keep_search_words(record)
    return diff


def _update(session: ScopedSession, record: M, change: Change) -> M:
    diff = revised(session, record, change)
    if diff:
        flush(session, record)
        _log(session, record, change, Action.UPDATE, diff)
    return record


def _set(session: ScopedSession, record: Record, values: Mapping[str, Any]) -> None:
    """Lines first: they may need a flush of their own."""
    fields = fields_of(type(record))
    lines = {name for name in values if fields[name].spec.kind is Kind.LINES}
    for name in lines:
        put(session, record, fields[name], values[name])
    for name in values.keys() - lines:
        setattr(record, name, values[name])


def _archive(session: ScopedSession, record: M, change: Change, action: Action) -> M:
    demand(session, record, Action.ARCHIVE)
    wanted = action is Action.ARCHIVE
    if bool(record.archived_at) != wanted:
        _ask_approval(session, record, action, {})
        record.archived_at = utc_now() if wanted else None
        flush(session, record)
        _log(session, record, change, action, {})
    return record


def _ask_approval(
    session: ScopedSession, record: Record, action: Action, values: Mapping[str, Any]
) -> None:
    about = (type(record).__tablename__, record.id, store_of(record))
    ports_of(session).approvals.demand(session, Wish(*about, action.value, values))


def _refuse_overlap(
    session: ScopedSession, record: Record, change: Change, diff: Mapping[str, list[Any]]
) -> None:
    """Changes of other fields merge; of the same fields they clash."""
    if change.version is None or change.version >= record.version:
        return
    later = select(ChangeLog.values).where(
        ChangeLog.record_id == record.id, ChangeLog.version > change.version
    )
    touched = {name for values in session.scalars(later) for name in values}
    both = touched & diff.keys()
    if both:
        model = type(record)
        now = as_json(model, {name: diff[name][0] for name in both})
        yours = as_json(model, {name: diff[name][1] for name in both})
        clashes = {name: Clash(now[name], yours[name]) for name in diff if name in both}
        raise VersionConflictError(record.version, clashes)


def _refuse_problems(session: ScopedSession, record: Record, values: Mapping[str, Any]) -> None:
    """The type's own rules, and its references: each is looked for in the asker's scope."""
    has_moved = "store_id" in values
    found: dict[str, T] = {}
    for name, field in fields_of(type(record)).items():
        if field.spec.kind is Kind.REFERENCE and (name in values or has_moved):
            found |= _reference_problem(session, record, field)
    for name, text in record.problems():
        found.setdefault(name, text)
    if found:
        raise InvalidError(SOME_WRONG, found)


def _reference_problem(session: ScopedSession, record: Record, field: Field) -> dict[str, T]:
    value = getattr(record, field.name)
    if value is None:
        return {}
    target = session.get(model_of(field.spec.target), value)
    if target is None or target.archived_at:
        return {field.name: _GONE}
    of_chain = store_of(record) is None  # the chain's own records may name any store's
    if isinstance(target, StoreScoped) and not of_chain and store_of(target) != store_of(record):
        return {field.name: _ELSEWHERE}
    return {}


def _log(
    session: ScopedSession, record: Record, change: Change, action: Action, diff: Diff
) -> None:
    row = log_row(session, record, change, action, diff)
    session.add(row)
    session.flush()
    tell(session, [row])


def log_row(
    session: ScopedSession, record: Record, change: Change, action: Action, diff: Diff
) -> ChangeLog:
    """The row of `changes` for what is flushed already."""
    model, asker = type(record), asker_of(session)
    before = as_json(model, {name: pair[0] for name, pair in diff.items()})
    after = as_json(model, {name: pair[1] for name, pair in diff.items()})
    return ChangeLog(
        store_id=store_of(record),
        record_type=model.__tablename__,
        record_id=record.id,
        action=action.value,
        version=record.version,
        values={name: [before[name], after[name]] for name in diff},
        reason=change.reason,
        batch_id=change.batch_id,
        asker_id=asker.user_id,
        asker_name=asker.name,
        address=asker.address,
    )


def tell(session: ScopedSession, rows: Iterable[ChangeLog]) -> None:
    """Note flushed rows of `changes`: whoever watches hears of them after the commit."""
    session.changed.extend(
        Changed(row.seq, row.action, row.record_type, row.record_id, row.store_id)
        for row in rows
        if row.record_id
    )
