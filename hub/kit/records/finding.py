"""Finding the record that people mean by a code, a name, a barcode or the start of one."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, or_, select

from hub.kit.records.access import readable
from hub.kit.records.declare import fields_of, shown, title_of
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.query import Query, rows
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

M = TypeVar("M", bound=Record)

SUGGESTED = 12


def name_in_full(record: Record) -> str:
    """The code and the title: what an input of a reference shows and understands."""
    keys = [f for f in shown(type(record), Show.KEY) if not f.has(Show.TITLE)]
    words = [str(getattr(record, f.name) or "") for f in keys if f.spec.kind is Kind.TEXT]
    return " ".join(word for word in (*words, title_of(record)) if word)


def suggest(session: ScopedSession, model: type[M], typed: str) -> Sequence[M]:
    """Some records that match what has been typed so far, in the order of the list."""
    query = Query(q=typed.strip()[:100], sort=model.__record__.order, size=SUGGESTED)
    return rows(session, model, query, with_lines=False).items


def resolve(session: ScopedSession, model: type[Record], typed: str) -> UUID | None:
    """The one record that this text names, by id, code, title or both; None where none or several.

    A text that only one record is found by, such as the barcode of a variant, names that record.
    """
    text = typed.strip()
    try:
        return UUID(text)
    except ValueError:
        pass
    exact = _exactly(session, model, text)
    if len(exact) == 1:
        return exact[0].id
    found = suggest(session, model, text)
    same = [record for record in found if name_in_full(record) == text]
    found = same or found
    return found[0].id if len(found) == 1 else None


def _exactly(session: ScopedSession, model: type[Record], text: str) -> Sequence[Record]:
    """By a whole code or title, however its letters are written."""
    names = {f.name for f in shown(model, Show.KEY | Show.TITLE) if f.spec.python is str}
    ways = [func.lower(fields_of(model)[n].attribute) == text.lower() for n in sorted(names)]
    if not ways:
        return []
    query = select(model).where(model.archived_at.is_(None), or_(*ways), *readable(session, model))
    return session.scalars(query.limit(2)).all()
