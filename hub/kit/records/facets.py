"""Facets: how many records of a list have each value of one field, counted when somebody asks."""

from collections import Counter
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from hub.kit.records.declare import Field
from hub.kit.records.kinds import Kind
from hub.kit.records.query import Query, matching
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

FACET_KINDS = (Kind.CHOICE, Kind.REFERENCE, Kind.YES_NO, Kind.LABELS, Kind.REFERENCES)
FACETS_MAX = 50


def has_facets(field: Field) -> bool:
    """Whether a field has few enough values to be counted one by one."""
    return field.spec.kind in FACET_KINDS


def facets(
    session: ScopedSession, model: type[Record], query: Query, field: Field
) -> list[tuple[Any, int]]:
    """(value, records) for up to FACETS_MAX values, the most frequent first.

    Counted with every filter of the list but those of this field itself.
    """
    others = tuple(one for one in query.filters if one.field != field.name)
    plain = replace(query, filters=others, cursor="")
    column = field.attribute
    some = matching(session, select(column.label("v")), model, plain)
    inner = some.where(column.is_not(None)).subquery()
    counted = select(inner.c.v, func.count()).group_by(inner.c.v)
    rows = session.execute(counted).all()
    if field.spec.kind in (Kind.LABELS, Kind.REFERENCES):
        words: Counter[Any] = Counter()
        for labels, count in rows:
            words.update(dict.fromkeys(labels, count))
        return words.most_common(FACETS_MAX)
    found = sorted(((value, count) for value, count in rows), key=lambda one: -one[1])
    return found[:FACETS_MAX]
