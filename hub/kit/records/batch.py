"""Many new records at once, by the rules of `apply`: checked while reading, written in one go.

What takes time is done before anybody waits at the write gate. The uniqueness that only the
database can judge is judged there: where a row of the go is refused, each goes through `apply`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Table, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import class_mapper
from sqlalchemy.orm.attributes import instance_dict

from hub.errors import HubError, NotFoundError, T
from hub.kit.records.apply import Action, Change, Diff, apply, built, log_row
from hub.kit.records.corridor import flush
from hub.kit.records.custom import own_words
from hub.kit.records.declare import fields_of, store_of
from hub.kit.records.kinds import Kind
from hub.kit.records.log import TABLE as CHANGES
from hub.kit.records.log import ChangeLog, keep_commit_order, tell
from hub.kit.records.search import keep_search_words
from hub.kit.session import SYSTEM, ScopedSession
from hub.kit.tables import Record

M = TypeVar("M", bound=Record)
_SYSTEM = {SYSTEM: "batch of records"}
_NO_STORE = T("没有这家门店。", "There is no such store.")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A new record that keeps every rule but uniqueness, and its row of `changes`."""

    change: Change
    record: Record
    log: ChangeLog


def try_out(session: ScopedSession, model: type[M], change: Change) -> tuple[M, Diff]:
    """The record that a change would make; raises HubError as `apply` does.

    The session may be one that reads. References are looked up by their id: hold the records they
    name in the session, and it costs no query.
    """
    with session.no_autoflush:
        record, diff = built(session, model, change)
    store_id = store_of(record)
    if store_id and store_id != record.id and not session.scope.has_store(store_id):
        raise NotFoundError(_NO_STORE)
    return record, diff


def prepare(session: ScopedSession, model: type[Record], change: Change) -> Prepared:
    """All of a new record but the writing, for `create_many`; raises HubError as `apply` does."""
    record, diff = try_out(session, model, change)
    keep_search_words(record, own_words(session, record))
    record.version = 1
    log = log_row(session, record, change, Action.CREATE, diff)
    log.chain_id = session.scope.chain_id
    return Prepared(change, record, log)


def create_many(session: ScopedSession, prepared: Sequence[Prepared]) -> list[HubError | None]:
    """Write records of one type; None where it is written, else why not, in the order given."""
    if not prepared:
        return []
    keep_commit_order(session)
    model = type(prepared[0].record)
    try:
        with session.begin_nested():
            if _has_lines(model):
                _by_session(session, prepared)
            else:
                _by_table(session, model, prepared)
    except (HubError, IntegrityError):
        return [_alone(session, model, one.change) for one in prepared]
    return [None] * len(prepared)


def _has_lines(model: type[Record]) -> bool:
    return any(field.spec.kind is Kind.LINES for field in fields_of(model).values())


def _by_session(session: ScopedSession, prepared: Sequence[Prepared]) -> None:
    session.add_all([one.record for one in prepared])
    flush(session, prepared[0].record)
    session.add_all([one.log for one in prepared])
    session.flush()
    tell(session, [one.log for one in prepared])


def _by_table(session: ScopedSession, model: type[Record], prepared: Sequence[Prepared]) -> None:
    """A fifth of what the unit of work takes. Rows of `changes` get their `seq` unseen."""
    rows = [_columns(one.record) for one in prepared]
    session.execute(insert(cast(Table, model.__table__)), rows, execution_options=_SYSTEM)
    logs = [_columns(one.log) for one in prepared]
    session.execute(insert(CHANGES), logs, execution_options=_SYSTEM)


def _columns(row: Record | ChangeLog) -> dict[str, Any]:
    """What is set, by column; the defaults of the others are the statement's business."""
    state = instance_dict(row)
    names = _attributes(type(row))
    return {column: state[name] for name, column in names if name in state}


@cache
def _attributes(model: type[Record] | type[ChangeLog]) -> tuple[tuple[str, str], ...]:
    attributes = class_mapper(model).column_attrs
    return tuple((one.key, one.columns[0].key) for one in attributes)


def _alone(session: ScopedSession, model: type[Record], change: Change) -> HubError | None:
    try:
        apply(session, model, change)
    except HubError as error:
        return error
    return None
