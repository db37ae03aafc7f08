"""Flushing records: the one place where a session lets them through to the database."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from hub.errors import ConflictError, T
from hub.kit.records.declare import Field, fields_of, fields_of_line, shown
from hub.kit.records.kinds import Kind, Show
from hub.kit.session import CORRIDOR, ScopedSession
from hub.kit.tables import Record

_TAKEN = T("已有同样的{label}。", "This {label} is taken.")
STALE = T("别人刚刚改过这条记录，请重试。", "Somebody changed this just now; try again.")


@contextmanager
def corridor(session: ScopedSession) -> Iterator[None]:
    """Inside of it `session` accepts changed records."""
    session.info[CORRIDOR] = True
    try:
        yield
    finally:
        session.info[CORRIDOR] = False


def flush(session: ScopedSession, record: Record) -> None:
    """Write what changed; ConflictError where a value must be unique and is not."""
    with corridor(session):
        try:
            session.flush()
        except IntegrityError as error:
            raise _taken(type(record), str(error.orig)) from error
        except StaleDataError as error:
            raise ConflictError(STALE) from error


def _taken(model: type[Record], message: str) -> ConflictError:
    """Which field is not unique: engines name the index `uq_<table>_<field>`, or its columns."""
    fields = fields_of(model).values()
    keys = shown(model, Show.KEY | Show.UNIQUE) or fields
    found = [(f.name, f) for f in keys if _is_named(model, f, message)]
    for owner in fields:
        if owner.spec.kind is Kind.LINES:
            line = owner.spec.line
            inner: Iterable[Field] = fields_of_line(line).values()
            found += [(owner.name, f) for f in inner if _is_named(line, f, message)]
    if not found:
        return ConflictError(STALE)
    name, field = found[0]
    label = field.label
    text = T(_TAKEN.zh.format(label=label.zh), _TAKEN.en.format(label=label.en.lower()))
    return ConflictError(text, {name: text})


def _is_named(owner: Any, field: Field, message: str) -> bool:
    table = owner.__tablename__
    return f"uq_{table}_{field.name}" in message or f"{table}.{field.name}" in message
