"""How many records match: known from the page itself, or counted at most once in a minute."""

from collections.abc import Hashable
from dataclasses import replace

from hub.kit.asker import asker_of
from hub.kit.db import Record, ScopedSession
from hub.kit.records.access import right_of
from hub.kit.records.owning import is_limited
from hub.kit.records.query import Query, Rows, total
from hub.web.recent import Recent

TOTAL_AGE_S = 60


def shared_key(
    session: ScopedSession, model: type[Record], query: Query, what: str
) -> tuple[Hashable, ...]:
    """Names a figure of a list for all who may see the same of it."""
    reach = asker_of(session).rights.reach(right_of(model, "read"))
    plain = replace(query, cursor="", sort="", size=0)
    who = asker_of(session).user_id if is_limited(session, model) else None
    return (what, model.__tablename__, session.scope, reach, who, plain)


def known_total(
    recent: Recent, session: ScopedSession, model: type[Record], query: Query, found: Rows[Record]
) -> int | str | None:
    """The total of the list that `found` is a page of, if it costs nothing to say; else None."""
    if not query.cursor and found.next is None:
        return len(found.items)
    known: int | str | None = recent.peek(shared_key(session, model, query, "total"), TOTAL_AGE_S)
    return known


def total_of(
    recent: Recent, session: ScopedSession, model: type[Record], query: Query
) -> int | str:
    """The total, counted if nobody asked within the last minute."""
    key = shared_key(session, model, query, "total")
    return recent.get(key, TOTAL_AGE_S, lambda: total(session, model, query))
