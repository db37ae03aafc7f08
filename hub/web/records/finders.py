"""Inputs of references with many choices: typed as text, understood when they come back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hub.kit.db import Record, ScopedSession
from hub.kit.records.custom import fields_in
from hub.kit.records.declare import Field, fields_of_line, path_of
from hub.kit.records.finding import name_in_full, resolve
from hub.kit.records.kinds import Kind
from hub.kit.records.models import model_of
from hub.kit.records.names import named


def find_href(field: Field) -> str:
    """Where the input asks for names that match what is typed."""
    return f"/archive/{path_of(model_of(field.spec.target))}/suggest"


def as_typed(session: ScopedSession, field: Field, value: str) -> str:
    """An id as its record's code and name; anything else stays as somebody typed it."""
    try:
        wanted = UUID(value)
    except ValueError:
        return value
    return next((name_in_full(r) for r in named(session, field, [wanted])), "")


def resolved(
    session: ScopedSession, model: type[Record], values: Mapping[str, Any]
) -> dict[str, Any]:
    """The values with ids where names were typed; what names nothing stays, and is refused."""
    fields = fields_in(session, model)
    made = dict(values)
    for name, value in values.items():
        field = fields[name]
        if field.spec.kind is Kind.REFERENCE:
            made[name] = _id(session, field, value)
        elif field.spec.kind is Kind.LINES:
            inner = fields_of_line(field.spec.line)
            made[name] = [_line(session, inner, line) for line in value]
    return made


def _line(
    session: ScopedSession, inner: Mapping[str, Field], line: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        name: _id(session, inner[name], value)
        if name in inner and inner[name].spec.kind is Kind.REFERENCE
        else value
        for name, value in line.items()
    }


def _id(session: ScopedSession, field: Field, typed: str) -> str:
    found = resolve(session, model_of(field.spec.target), typed) if typed.strip() else None
    return str(found) if found else typed
