"""Looking back: whose rights are still right this quarter, and who was touched by an account."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from hub.errors import ConflictError, T
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.log import TABLE as CHANGES
from hub.kit.records.log import note
from hub.security.people import People, Person
from hub.security.privacy.models import AccessReview

UNUSED_AFTER = timedelta(days=90)
MOST_TOUCHED = 200_000
_ONCE = T("这个人本季度已经复核过。", "This person was reviewed in this quarter already.")


def quarter_of(day: date) -> date:
    """The first day of the quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


@dataclass(frozen=True, slots=True)
class Due:
    """A person whose rights nobody has confirmed in this quarter."""

    person: Person
    is_unused: bool


class Reviews:
    """The quarterly review of rights (SEC-22)."""

    def __init__(self, db: Database, people: People) -> None:
        self._db, self._people = db, people

    def due(self, chain_id: UUID) -> list[Due]:
        """Whoever may sign in and is not reviewed yet, the unused first."""
        query = select(AccessReview.user_id).where(
            AccessReview.chain_id == chain_id,
            AccessReview.quarter == quarter_of(utc_now().date()),
        )
        with self._db.system_read("review") as connection:
            done = set(connection.scalars(query))
        since = utc_now() - UNUSED_AFTER
        found = [
            Due(person, person.seen_at is None or person.seen_at < since)
            for person in self._people.listed(chain_id)
            if person.archived_at is None and person.id not in done
        ]
        return sorted(found, key=lambda one: not one.is_unused)

    def judge(self, chain_id: UUID, user_id: UUID, asker: Asker, *, keep: bool) -> None:
        """Rights that are not kept end with the account; nobody reviews themselves."""
        if asker.user_id is None or asker.user_id == user_id:
            raise ConflictError(T("自己的权限由别人复核。", "Others review your own rights."))
        self._people.get(chain_id, user_id)
        row = {"quarter": quarter_of(utc_now().date()), "user_id": user_id, "is_kept": keep}
        who = {"reviewer_id": asker.user_id, "reviewer_name": asker.name}
        if not keep:
            self._people.shut_out(chain_id, user_id, asker)
        try:
            with self._db.system("review") as connection:
                connection.execute(insert(AccessReview).values(chain_id=chain_id, **row, **who))
                about = {"chain_id": chain_id, "record_type": "users", "record_id": user_id}
                kept = {"kept": [None, keep]}
                note(connection, "access_reviewed", asker, **about, values=kept)
        except IntegrityError as error:
            raise ConflictError(_ONCE) from error


@dataclass(frozen=True, slots=True)
class Touch:
    """What an account did to one record: how often, and whether secrets were looked at."""

    record_type: str
    record_id: UUID
    times: int
    reveals: int
    first_at: datetime
    last_at: datetime


def touched(
    db: Database,
    chain_id: UUID,
    who: UUID | None,
    start: datetime,
    end: datetime,
    address: str = "",
) -> list[Touch]:
    """Every record that was changed or looked into by an account or from an address (PIPL 57)."""
    table = CHANGES.c
    query = (
        select(
            table.record_type,
            table.record_id,
            func.count().label("times"),
            func.count().filter(table.action == "reveal").label("reveals"),
            func.min(table.at).label("first_at"),
            func.max(table.at).label("last_at"),
        )
        .where(table.chain_id == chain_id, table.at >= start, table.at < end)
        .where(table.record_id.is_not(None), table.record_type.not_in(("sessions", "changes")))
        .group_by(table.record_type, table.record_id)
        .order_by(func.max(table.at).desc())
        .limit(MOST_TOUCHED)
    )
    if who is not None:
        query = query.where(table.asker_id == who)
    if address:
        query = query.where(table.address == address)
    with db.system_read("touched") as connection:
        rows: list[Row[*tuple[Any, ...]]] = list(connection.execute(query))
    return [Touch(*row) for row in rows]
