"""How tasks are counted: in the stores that a right reaches, told with the page of the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from hub.analytics.stores import StoreClock
from hub.archive.stores.records import Store
from hub.kit.db import ScopedSession
from hub.security.actor import Actor
from hub.web.services import Services

STORES_MAX = 50  # of more, nobody closes the days alone
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait; `href` is where the first does, if not on the page of its kind."""

    count: int
    href: str = ""


@dataclass(frozen=True)
class Looking:
    """Who looks, and by what."""

    session: ScopedSession
    services: Services
    actor: Actor
    now: datetime

    def count(self, id: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> Waiting:
        """Rows of one table."""
        return Waiting(self.session.scalar(select(func.count(id)).where(*where)) or 0)

    def in_stores(
        self,
        column: InstrumentedAttribute[UUID],
        right: str,
        page: str,
        *where: ColumnElement[bool],
    ) -> Waiting:
        """Rows of the stores where this person has the right; `page` is told the fullest one."""
        reach = self.actor.reach(right)
        here = column.is_not(None) if reach is None else column.in_(reach)
        wanted = select(column, func.count()).where(*where, here).group_by(column)
        rows = [(n, store_id) for store_id, n in self.session.execute(wanted)]
        return Waiting(sum(n for n, _ in rows), f"{page}?store={max(rows)[1]}" if rows else "")

    def yesterdays(self, right: str) -> Sequence[tuple[UUID, date]]:
        """The stores that a right reaches, each with its last full day."""
        wanted = select(Store).where(Store.archived_at.is_(None)).order_by(Store.code)
        found = self.session.scalars(wanted.limit(STORES_MAX + 1)).all()
        stores = [one for one in found if self.actor.may(right, one.id)]
        if len(found) > STORES_MAX:
            return ()
        return [(one.id, StoreClock.of(one).day_of(self.now) - DAY) for one in stores]

    def rows(self, *columns: InstrumentedAttribute[Any]) -> set[tuple[Any, ...]]:
        """(store, day, …) of the table, of yesterday and the day before."""
        recent = columns[1] >= self.now.date() - 2 * DAY
        return {
            tuple(row) for row in self.session.execute(select(*columns).where(recent).distinct())
        }
