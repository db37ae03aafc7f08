"""How many records match: known from the page itself, or counted at most once in a minute."""

from dataclasses import replace

from hub.kit.asker import asker_of
from hub.kit.db import Record, ScopedSession
from hub.kit.records.access import right_of
from hub.kit.records.query import Query, Rows, total
from hub.web.recent import Recent

TOTAL_AGE_S = 60


def total_of(
    recent: Recent, session: ScopedSession, model: type[Record], query: Query, found: Rows[Record]
) -> int | str:
    """The total of the list that `found` is a page of; shared by those who may see the same."""
    if not query.cursor and found.next is None:
        return len(found.items)
    reach = asker_of(session).rights.reach(right_of(model, "read"))
    plain = replace(query, cursor="", sort="", size=0)
    key = ("total", model.__tablename__, session.scope, reach, plain)
    return recent.get(key, TOTAL_AGE_S, lambda: total(session, model, query))
