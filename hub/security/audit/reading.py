"""Reading the audit: what was done, filtered, newest first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from operator import eq, ge, lt
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select

from hub.kit.db import Database
from hub.kit.records.log import TABLE as CHANGES
from hub.security.actor import Actor

PAGE = 50
MOST_EXPORTED = 100_000


@dataclass(frozen=True, slots=True)
class Sought:
    """Filters; empty ones do not narrow. `before` is the `seq` of the last row seen."""

    who: UUID | None = None
    what: str = ""
    action: str = ""
    record_id: UUID | None = None
    address: str = ""
    start: datetime | None = None
    end: datetime | None = None
    before: int | None = None


def page(
    db: Database, actor: Actor, sought: Sought, size: int = PAGE
) -> list[Row[*tuple[Any, ...]]]:
    """Up to `size` rows of what the actor may read of the audit."""
    query = _query(actor, sought).limit(size)
    with db.system_read("audit") as connection:
        return list(connection.execute(query))


def everything(db: Database, actor: Actor, sought: Sought) -> Iterator[Row[*tuple[Any, ...]]]:
    """All rows that the filters leave, in pages, for an export."""
    left, before = MOST_EXPORTED, sought.before
    while left > 0:
        rows = page(db, actor, replace(sought, before=before), min(500, left))
        if not rows:
            return
        yield from rows
        left -= len(rows)
        before = rows[-1].seq


def actions(db: Database, actor: Actor) -> tuple[list[str], list[str]]:
    """The actions and the types of records that occur, for the filters."""
    found = []
    with db.system_read("audit") as connection:
        for column in (CHANGES.c.action, CHANGES.c.record_type):
            query = select(column).where(CHANGES.c.chain_id == actor.chain_id).distinct()
            found.append(sorted(connection.scalars(query)))
    return found[0], found[1]


def _query(actor: Actor, sought: Sought) -> Select[*tuple[Any, ...]]:
    table = CHANGES.c
    query = select(CHANGES).where(table.chain_id == actor.chain_id).order_by(table.seq.desc())
    reach = actor.reach("audit.read")
    if reach is not None:
        query = query.where(table.store_id.in_(reach))
    given: tuple[tuple[Any, Any, Callable[[Any, Any], Any]], ...] = (
        (sought.who, table.asker_id, eq),
        (sought.what, table.record_type, eq),
        (sought.action, table.action, eq),
        (sought.record_id, table.record_id, eq),
        (sought.address, table.address, eq),
        (sought.start, table.at, ge),
        (sought.end, table.at, lt),
        (sought.before, table.seq, lt),
    )
    for value, column, compare in given:
        if value:
            query = query.where(compare(column, value))
    return query
