"""Two records made one: a choice a field, references moved, the other archived; undone as a whole.

All of it is one transaction of ordinary changes with one `batch_id`, in the name of whoever asked.
What points to the record that goes is moved whatever its own rights and locks say, for it means the
same person or thing as before; so a merge asks for rights in the whole chain.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import inspect, or_, select

from hub.errors import ConflictError, ForbiddenError, NotFoundError, T
from hub.kit.asker import EveryRight, asker_of, bind_asker
from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.merging import attached
from hub.kit.records.access import load, may
from hub.kit.records.apply import Action, Change, apply, undo, write
from hub.kit.records.custom import custom_fields, fields_in
from hub.kit.records.declare import Field, fields_of, fields_of_line, title_of, written_fields
from hub.kit.records.kinds import Kind
from hub.kit.records.labels import kept
from hub.kit.records.lines import value_of
from hub.kit.records.log import ChangeLog
from hub.kit.records.models import model_of
from hub.kit.session import ScopedSession
from hub.kit.tables import Base, Record

M = TypeVar("M", bound=Record)
UNDO_WITHIN = timedelta(days=30)
LISTED = 20
REASON = "merge"  # the history's reason: `merge <id of the record that stays>`
_SAME = T("同一条记录不能与自己合并。", "A record cannot be merged with itself.")
_WHOLE_CHAIN = T(
    "合并会改动全公司的记录，需要管辖整个公司的“修改”和“归档”权限。",
    "A merge changes records of the whole chain; it needs the rights to change and archive in all.",
)
_ARCHIVED = T("其中一条已归档，请先恢复。", "One of the two is archived; restore it first.")
_BOTH = T(
    "两条记录各有一条“{one}”，只能留一条：请先归档“{title}”。",
    "Both have a {one} of their own, and only one can stay: archive “{title}” first.",
)
_NO_MERGE = T("没有这次合并，或已过 30 天。", "There is no such merge, or it is over 30 days old.")


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge that can still be undone."""

    batch_id: UUID
    at: datetime
    by: str
    kept: Record
    gone: Record


def choices(session: ScopedSession, model: type[Record]) -> list[Field]:
    """The fields whose value is chosen; lines are joined, secrets stay those of who stays."""
    unchosen = (Kind.LINES, Kind.SECRET)
    every = (*written_fields(model).values(), *custom_fields(session, model).values())
    return [one for one in every if one.spec.kind not in unchosen]


def merge(
    session: ScopedSession,
    model: type[M],
    stays: UUID,
    goes: UUID,
    take: Sequence[str] = (),
) -> UUID:
    """Make two records one; `take` names the fields whose value comes from the one that goes.

    Returns the batch for `undo_merge`. Raises ConflictError where what must be unique would not be,
    as two cards of one customer.
    """
    if stays == goes:
        raise ConflictError(_SAME)
    keep, gone = load(session, model, stays, lock=True), load(session, model, goes, lock=True)
    demand_merges(session, model)
    if keep.archived_at or gone.archived_at:
        raise ConflictError(_ARCHIVED)
    batch = uuid7()
    change = Change(reason=f"{REASON} {keep.id}", batch_id=batch)
    chosen = [field for field in choices(session, model) if field.name in take]
    values = {field.name: value_of(gone, field) for field in chosen}
    with _with_every_right(session):
        for other in pointing_to(session, model, gone.id):
            moved = _moved(session, other, model, gone.id, keep.id)
            _move(session, other, replace(change, record_id=other.id), moved)
        lines = _joined_lines(session, keep, gone, change)
        apply(session, model, replace(change, record_id=gone.id, action=Action.ARCHIVE))
        if values or lines:
            own = replace(change, record_id=keep.id)
            _write(session, keep, own, {**values, **lines})
        attached.move(session, gone, keep, batch)
    return batch


def _move(session: ScopedSession, other: Record, change: Change, values: Mapping[str, Any]) -> None:
    one, title = other.__record__.one, title_of(other)
    try:
        _write(session, other, change, values)
    except ConflictError as error:
        raise ConflictError(
            T(
                _BOTH.zh.format(one=one.zh, title=title),
                _BOTH.en.format(one=one.en.lower(), title=title),
            )
        ) from error


def _write(
    session: ScopedSession, record: Record, change: Change, values: Mapping[str, Any]
) -> None:
    with session.begin_nested(), session.no_autoflush:
        write(session, record, change, Action.UPDATE, values)


def undo_merge(session: ScopedSession, model: type[Record], batch_id: UUID) -> Record:
    """Take a merge back, the newest change first, or nothing of it; returns who came back.

    VersionConflictError where somebody has changed the same fields since.
    """
    demand_merges(session, model)
    steps = session.scalars(
        select(ChangeLog)
        .where(ChangeLog.batch_id == batch_id, ChangeLog.at >= utc_now() - UNDO_WITHIN)
        .order_by(ChangeLog.seq.desc())
    ).all()
    gone = [one for one in steps if one.action == Action.ARCHIVE]
    if not gone or not gone[0].reason.startswith(REASON) or gone[0].record_id is None:
        raise NotFoundError(_NO_MERGE)
    if load(session, model, gone[0].record_id).archived_at is None:
        raise NotFoundError(_NO_MERGE)
    with _with_every_right(session):
        for step in steps:
            if step.action == attached.MOVED:
                attached.move_back(session, step)
            elif step.record_id:
                undo(session, model_of(step.record_type), step.record_id, step.seq, past_locks=True)
    return load(session, model, gone[0].record_id)


def recent(session: ScopedSession, model: type[Record]) -> list[Merged]:
    """The last merges of this type that can be undone, the newest first."""
    steps = session.scalars(
        select(ChangeLog)
        .where(
            ChangeLog.record_type == model.__tablename__,
            ChangeLog.action == Action.ARCHIVE,
            ChangeLog.reason.startswith(f"{REASON} "),
            ChangeLog.at >= utc_now() - UNDO_WITHIN,
        )
        .order_by(ChangeLog.seq.desc())
        .limit(LISTED)
    )
    found = []
    for step in steps:
        gone = session.get(model, step.record_id)
        stays = session.get(model, UUID(step.reason.removeprefix(REASON).strip()))
        if gone and stays and gone.archived_at and step.batch_id:
            found.append(Merged(step.batch_id, step.at, step.asker_name, stays, gone))
    return found


def pointing_to(session: ScopedSession, model: type[Record], record_id: UUID) -> list[Record]:
    """Every record, archived or not, that names this one by itself, in a list or in a line."""
    found: list[Record] = []
    for other in _record_types():
        ways = [
            way
            for field in fields_in(session, other).values()
            for way in _ways(other, field, model.__tablename__, record_id)
        ]
        if ways:
            found += session.scalars(select(other).where(or_(*ways))).all()
    return [one for one in found if one.id != record_id]


def _record_types() -> list[type[Record]]:
    return [one.class_ for one in Base.registry.mappers if issubclass(one.class_, Record)]


def _ways(other: type[Record], field: Field, table: str, record_id: UUID) -> Iterator[Any]:
    match field.spec.kind:
        case Kind.REFERENCE if field.spec.target == table:
            yield field.attribute == record_id
        case Kind.REFERENCES if field.spec.target == table:
            yield field.attribute.contains(kept([str(record_id)]), autoescape=True)
        case Kind.LINES:
            for inner in fields_of_line(field.spec.line).values():
                if inner.spec.target == table:
                    (owner,) = inspect(other).relationships[field.name].remote_side
                    of_line = select(getattr(field.spec.line, str(owner.key)))
                    yield other.id.in_(of_line.where(inner.attribute == record_id))


def _moved(
    session: ScopedSession, other: Record, model: type[Record], goes: UUID, stays: UUID
) -> dict[str, Any]:
    """The values of its references once they name who stays; nobody names himself."""
    to = stays if other.id != stays else None
    values: dict[str, Any] = {}
    for name, field in fields_in(session, type(other)).items():
        now = value_of(other, field)
        if field.spec.kind is Kind.LINES:
            new: Any = [_moved_line(field, line, model.__tablename__, goes, stays) for line in now]
        elif field.spec.target != model.__tablename__:
            continue
        elif isinstance(now, list):
            new = list(dict.fromkeys(stays if one == goes else one for one in now))
        else:
            new = to if now == goes else now
        if new != now:
            values[name] = new
    return values


def _moved_line(
    field: Field, line: Mapping[str, Any], table: str, goes: UUID, stays: UUID
) -> dict[str, Any]:
    inner = fields_of_line(field.spec.line)
    named = {name for name, one in inner.items() if one.spec.target == table}
    return {n: stays if n in named and value == goes else value for n, value in line.items()}


def _joined_lines(
    session: ScopedSession, keep: Record, gone: Record, change: Change
) -> dict[str, Any]:
    """The lines of both, the moved ones as new rows; they leave the one that goes at once."""
    joined: dict[str, Any] = {}
    for name, field in fields_of(type(keep)).items():
        if field.spec.kind is Kind.LINES and (more := value_of(gone, field)):
            fresh = [{**line, "id": uuid7()} for line in more]
            joined[name] = [*value_of(keep, field), *fresh]
    if joined:
        emptied: dict[str, Any] = {name: [] for name in joined}
        _write(session, gone, replace(change, record_id=gone.id), emptied)
    return joined


def demand_merges(session: ScopedSession, model: type[Record]) -> None:
    """ForbiddenError for whoever has not both rights in the whole chain."""
    whole = session.scope.store_ids is None
    reach = asker_of(session).rights.reach
    rights = [f"{model.__record__.rights}.{action}" for action in ("update", "archive")]
    if not whole or any(reach(right) is not None for right in rights):
        raise ForbiddenError(_WHOLE_CHAIN)


def may_merge(session: ScopedSession, model: type[Record]) -> bool:
    """Whether the asker is offered merges of this type."""
    if not model.__record__.twins or session.scope.store_ids is not None:
        return False
    return all(may(session, model, one, None) for one in ("update", "archive"))


@contextmanager
def _with_every_right(session: ScopedSession) -> Iterator[None]:
    asker = asker_of(session)
    bind_asker(session, replace(asker, rights=EveryRight()))
    try:
        yield
    finally:
        bind_asker(session, asker)
