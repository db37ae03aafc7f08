"""The one corridor for writes: form, cell, import, undo and API all end in `apply`."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from hub.errors import ConflictError, ForbiddenError, InvalidError, T
from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.records.access import demand, demand_somewhere, load, not_found
from hub.kit.records.corridor import flush
from hub.kit.records.custom import (
    CUSTOM,
    PREFIX,
    as_told,
    checked_custom,
    custom_fields,
    fields_in,
    own_words,
    set_custom,
    split,
)
from hub.kit.records.declare import (
    amounts_of,
    fields_of,
    guarded,
    is_secret,
    store_of,
    written_fields,
)
from hub.kit.records.kinds import Kind
from hub.kit.records.lines import completed, put, value_of
from hub.kit.records.log import ChangeLog, keep_commit_order, row_of, tell
from hub.kit.records.owning import refuse_hand_over, with_owner
from hub.kit.records.pointers import pointer_problems
from hub.kit.records.ports import Secrets, Wish, ports_of
from hub.kit.records.reveal import opened, opened_past, sealed, subject_of
from hub.kit.records.schemas import SOME_WRONG, as_json, checked, schemas_of
from hub.kit.records.search import keep_search_words
from hub.kit.records.sight import is_hidden, told_changes
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

M = TypeVar("M", bound=Record)
Diff = Mapping[str, list[Any]]
"""{field: [before, after]}."""

_ARCHIVED = T("记录已归档，请先恢复。", "This record is archived; restore it first.")
_NO_UNDO = T("这一步不能撤销。", "This step cannot be undone.")
_COSTS = T("您的角色不能改“{label}”。", "Your role does not change “{label}”.")
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

    `own` are values of READONLY fields, typed, which only the hub's own code gives. Without a
    version the change is made whatever happened since. All changes of one import or bulk edit share
    a `batch_id`.
    """

    record_id: UUID | None = None
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    version: int | None = None
    reason: str = ""
    batch_id: UUID | None = None
    action: Action | None = None  # None: create without a record_id, else update
    own: Mapping[str, Any] = dataclasses.field(default_factory=dict)


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


def undo(
    session: ScopedSession, model: type[M], record_id: UUID, seq: int, *, past_locks: bool = False
) -> M:
    """Take one change of a record back; VersionConflictError where a later one built on it.

    `past_locks` is for changes that the hub itself made to records in a locked state.
    """
    record = load(session, model, record_id)
    row = session.get(ChangeLog, seq)
    if row is None or row.record_id != record_id or row.record_type != model.__tablename__:
        raise not_found(model)
    if row.action not in set(Action):
        raise ConflictError(_NO_UNDO)
    reason = f"undo {seq}"
    inverse = {
        Action.CREATE: Action.ARCHIVE,
        Action.ARCHIVE: Action.RESTORE,
        Action.RESTORE: Action.ARCHIVE,
    }.get(Action(row.action))
    if inverse:
        return apply(session, model, Change(record_id, reason=reason, action=inverse))
    before = {n: _plain(session, record, n, values[0]) for n, values in row.values.items()}
    kept = {n: v for n, v in before.items() if not _is_gone(session, model, n)}
    own = {n: v for n, v in kept.items() if n not in written_fields(model) and n[:2] != PREFIX}
    before = {n: v for n, v in kept.items() if n not in own}
    change = Change(record_id, before, row.version, reason, own=own)
    if not past_locks:
        return apply(session, model, change)
    plain, given = split(session, model, before)
    values = completed(model, checked(schemas_of(model).update, plain, partial=True)) | own
    values |= checked_custom(session, record, given, is_new=False)[0]
    with session.begin_nested(), session.no_autoflush:
        write(session, record, change, Action.UPDATE, values)
    return record


def _is_gone(session: ScopedSession, model: type[Record], name: str) -> bool:
    """Whether the chain has taken this field of its own away since."""
    return name.startswith(PREFIX) and name not in custom_fields(session, model)


def _plain(session: ScopedSession, record: Record, name: str, value: Any) -> Any:
    """A value of the history as it was written; secrets are in it sealed."""
    field = fields_of(type(record)).get(name)
    return opened_past(session, record, field, value) if field and field.is_secret else value


def built(session: ScopedSession, model: type[M], change: Change) -> tuple[M, Diff]:
    """The new record that a change asks for, checked and not yet in the session."""
    plain, own = split(session, model, change.values)
    given = checked(schemas_of(model).create, plain, partial=False)
    given.pop(CUSTOM)
    record = model(id=change.record_id or uuid7(), chain_id=session.scope.chain_id)
    demand_somewhere(session, model, Action.CREATE)
    given = with_owner(session, model, completed(model, given) | dict(change.own))
    kept = sealed(session, record, given)
    values = kept.values
    _set(session, record, values)
    values |= _own_values(session, record, own, is_new=True)
    demand(session, record, Action.CREATE)
    _refuse_costs(session, record, {n for n in change.values if values.get(n) is not None})
    _refuse_problems(session, record, values)
    _ask_approval(session, record, Action.CREATE, values)
    some = {name: [None, value] for name, value in values.items() if value not in (None, [])}
    return record, some | kept.past


def _create(session: ScopedSession, model: type[M], change: Change) -> M:
    record, diff = built(session, model, change)
    keep_search_words(record, own_words(session, record))
    session.add(record)
    flush(session, record)
    _log(session, record, change, Action.CREATE, diff)
    return record


def revised(session: ScopedSession, record: Record, change: Change) -> Diff:
    """Set on a record what a change asks for, checked and not yet flushed; {} where nothing is."""
    model = type(record)
    plain, own = split(session, model, change.values)
    values = checked(schemas_of(model).update, plain, partial=True)
    values |= _checked_own(session, record, own, is_new=False)
    values.pop("version", None)
    values.pop("reason", None)
    demand(session, record, Action.UPDATE)
    reason = _ARCHIVED if record.archived_at else record.locked()
    if reason:
        raise ConflictError(reason)
    values = completed(model, values) | dict(change.own)
    diff = _rewritten(session, record, change, Action.UPDATE, values)
    demand(session, record, Action.UPDATE)  # it may have moved to another store
    return diff


def _update(session: ScopedSession, record: M, change: Change) -> M:
    diff = revised(session, record, change)
    if diff:
        flush(session, record)
        _log(session, record, change, Action.UPDATE, diff)
    return record


def write(
    session: ScopedSession, record: Record, change: Change, action: str, values: Mapping[str, Any]
) -> None:
    """Give the record these values, with every check but that of the right, and log it."""
    diff = _rewritten(session, record, change, action, values)
    if diff:
        flush(session, record)
        _log(session, record, change, action, diff)


def _rewritten(
    session: ScopedSession, record: Record, change: Change, action: str, values: Mapping[str, Any]
) -> Diff:
    model = type(record)
    kept = sealed(session, record, values)
    old = {name: value_of(record, field) for name, field in fields_in(session, model).items()}
    diff = {name: [old[name], new] for name, new in kept.values.items() if new != old[name]}
    if not diff:
        return {}
    _refuse_costs(session, record, set(diff))
    refuse_hand_over(session, record, diff)
    _refuse_overlap(session, record, change, diff)
    changed = {name: new for name, (_, new) in diff.items()}
    _set(session, record, changed)
    record.updated_at = utc_now()  # and so the version moves when only lines have changed
    _refuse_problems(session, record, changed)
    _ask_approval(session, record, action, changed)
    keep_search_words(record, own_words(session, record))
    return diff | kept.past


def _refuse_costs(session: ScopedSession, record: Record, names: set[str]) -> None:
    """Who does not see a cost does not change it either."""
    model, store_id = type(record), store_of(record)
    for field in guarded(model):
        if field.name in names and is_hidden(session, model, field, store_id):
            zh, en = field.label.zh, field.label.en.lower()
            raise ForbiddenError(T(_COSTS.zh.format(label=zh), _COSTS.en.format(label=en)))


def _set(session: ScopedSession, record: Record, values: Mapping[str, Any]) -> None:
    """Lines first: they may need a flush of their own."""
    fields = fields_in(session, type(record))
    lines = {name for name in values if fields[name].spec.kind is Kind.LINES}
    for name in lines:
        put(session, record, fields[name], values[name])
    own = {name: values[name] for name in values if fields[name].code}
    if own:
        set_custom(record, fields, own)
    for name in values.keys() - lines - own.keys():
        setattr(record, name, values[name])


def _own_values(
    session: ScopedSession, record: Record, given: Mapping[str, Any], *, is_new: bool
) -> dict[str, Any]:
    """The chain's own fields, checked and set."""
    values = _checked_own(session, record, given, is_new=is_new)
    if values:
        set_custom(record, custom_fields(session, type(record)), values)
    return values


def _checked_own(
    session: ScopedSession, record: Record, given: Mapping[str, Any], *, is_new: bool
) -> dict[str, Any]:
    values, wrong = checked_custom(session, record, given, is_new=is_new)
    if wrong:
        raise InvalidError(SOME_WRONG, wrong)
    return values


def _archive(session: ScopedSession, record: M, change: Change, action: Action) -> M:
    demand(session, record, Action.ARCHIVE)
    wanted = action is Action.ARCHIVE
    if bool(record.archived_at) != wanted:
        _ask_approval(session, record, action, {})
        if wanted:
            record.leaving(session)
        record.archived_at = utc_now() if wanted else None
        flush(session, record)
        _log(session, record, change, action, {})
    return record


def _ask_approval(
    session: ScopedSession, record: Record, action: str, values: Mapping[str, Any]
) -> None:
    """Secrets are nobody's to judge: the gate is told their names, and opens what it keeps."""
    model = type(record)
    hidden = [one for one in guarded(model) if one.is_secret and one.name in values]
    names = {field.name for field in hidden}
    open_ones = {name: value for name, value in values.items() if name not in names}
    secrets = Secrets(
        tuple(sorted(names)),
        lambda: {field.name: opened(session, record, field) for field in hidden},
        subject_of(record),
    )
    about = (model.__tablename__, record.id, store_of(record), str(action), open_ones)
    amounts = {} if action in set(Action) else amounts_of(record)
    wish = Wish(*about, record.version, amounts, secrets if hidden else None)
    ports_of(session).approvals.demand(session, wish)


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
        now = _as_json(session, model, {name: diff[name][0] for name in both})
        yours = _as_json(session, model, {name: diff[name][1] for name in both})
        pairs = {name: [now[name], yours[name]] for name in diff if name in both}
        told = told_changes(session, model, store_of(record), pairs)
        clashes = {name: Clash(*pair) for name, pair in told.items()}
        raise VersionConflictError(record.version, clashes)


def _refuse_problems(session: ScopedSession, record: Record, values: Mapping[str, Any]) -> None:
    """The type's own rules, and its references."""
    found = pointer_problems(session, record, set(values))
    for name, text in record.problems():
        found.setdefault(name, text)
    if found:
        raise InvalidError(SOME_WRONG, found)


def _log(session: ScopedSession, record: Record, change: Change, action: str, diff: Diff) -> None:
    row = log_row(session, record, change, action, diff)
    session.add(row)
    session.flush()
    tell(session, [row])


def log_row(
    session: ScopedSession, record: Record, change: Change, action: str, diff: Diff
) -> ChangeLog:
    """The row of `changes` for what is flushed already; secrets are in `diff` as sealed for it."""
    model = type(record)
    secret = {name: list(pair) for name, pair in diff.items() if is_secret(model, name)}
    before = _as_json(session, model, {n: p[0] for n, p in diff.items() if n not in secret})
    after = _as_json(session, model, {n: p[1] for n, p in diff.items() if n not in secret})
    values = {n: secret.get(n) or [before[n], after[n]] for n in diff}
    return row_of(session, record, action, values, reason=change.reason, batch_id=change.batch_id)


def _as_json(
    session: ScopedSession, model: type[Record], values: Mapping[str, Any]
) -> dict[str, Any]:
    declared = {n: v for n, v in values.items() if not n.startswith(PREFIX)}
    own = {n: v for n, v in values.items() if n.startswith(PREFIX)}
    told = as_json(model, declared)
    return told | as_told(custom_fields(session, model).values(), own) if own else told
