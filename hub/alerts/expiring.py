"""Contracts, licences and certificates that end soon, as alerts until somebody decided (SUP-12).

Each lead time that passes makes the alert worse, so people are told again: of 60, 30 and 7 days the
first is low, the next medium, the last high. A decision, a new date or the archive ends it. One
that a person resolved undecided comes back at the next lead time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Connection, select

from hub.alerts.standing import Standing, bring_in_line
from hub.archive.contracts.lead_times import days_of
from hub.archive.contracts.records import Contract, Decision
from hub.archive.documents.records import Document
from hub.archive.person_requests.records import PersonRequest, RequestState, due
from hub.archive.safety.records import CaseState, Drill, DrillState, SecurityCase
from hub.archive.staff.records import Certificate, Employee
from hub.archive.stores.records import Store
from hub.detection.findings import Evidence, Rule, Severity
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.live import Live

EVERY_S = 300.0
USUAL_DAYS = "60, 30, 7"
REQUEST_DAYS = "14, 7, 3"
_LEVELS = (Severity.HIGH, Severity.MEDIUM, Severity.LOW)  # of the last lead time, the one before, …


@dataclass(frozen=True, slots=True)
class Ending:
    """Something of one store that ends on a day; `of` is its place in the archive."""

    store_id: UUID
    of: str
    name: str
    ends_on: date
    days: str

    @property
    def source(self) -> str:
        """Another day is another alert."""
        return f"{self.of}/{self.ends_on}"

    def level(self, today: date) -> tuple[Severity, date] | None:
        """How urgent it is and since which day; None while nobody need think of it."""
        leads = sorted(days_of(self.days))
        for severity, lead in zip(_LEVELS, leads, strict=False):
            since = self.ends_on - timedelta(days=lead)
            if today >= since:
                return severity, since
        for lead in leads[len(_LEVELS) :]:
            if today >= self.ends_on - timedelta(days=lead):
                return Severity.LOW, self.ends_on - timedelta(days=lead)
        return None

    def standing(self, chain_id: UUID, now: datetime) -> Standing | None:
        level = self.level(now.date())
        if level is None:
            return None
        severity, day = level
        evidence = Evidence(device=f"{self.name} · {self.ends_on}"[:120])
        since = datetime.combine(day, time(), UTC)
        return Standing(chain_id, self.store_id, self.source, severity, since, evidence)


def remind(db: Database, live: Live, now: datetime | None = None) -> int:
    """Bring the alerts in line with what ends soon; how many changed."""
    at = now or utc_now()
    with db.system_read("what ends soon") as connection:
        chains = {row.id: row.chain_id for row in connection.execute(_STORES)}
        endings = [one for one in _endings(connection) if one.store_id in chains]
    wanted = [one.standing(chains[one.store_id], at) for one in endings]
    return bring_in_line(db, live, Rule.EXPIRING, [one for one in wanted if one], at)


_STORES = select(Store.id, Store.chain_id).where(Store.archived_at.is_(None)).order_by(Store.code)


_REQUESTS = select(
    PersonRequest.chain_id, PersonRequest.id, PersonRequest.kind, PersonRequest.received_on
).where(PersonRequest.archived_at.is_(None), PersonRequest.state == RequestState.OPEN)
_DRILLS = select(Drill.chain_id, Drill.id, Drill.title, Drill.planned_on.label("ends_on")).where(
    Drill.archived_at.is_(None), Drill.state == DrillState.PLANNED
)
_CASES = select(
    SecurityCase.chain_id, SecurityCase.id, SecurityCase.title, SecurityCase.due_on.label("ends_on")
).where(
    SecurityCase.archived_at.is_(None),
    SecurityCase.state != CaseState.CLOSED,
    SecurityCase.due_on.is_not(None),
)


def _endings(connection: Connection) -> Iterator[Ending]:
    """Everything undecided that has an end."""
    document = select(
        Document.store_id, Document.id, Document.title, Document.valid_until, Document.reminder_days
    ).where(Document.archived_at.is_(None), Document.valid_until.is_not(None))
    for row in connection.execute(document):
        of = f"documents/{row.id}"
        yield Ending(row.store_id, of, row.title, row.valid_until, row.reminder_days)
    certificate = (
        select(
            Certificate.store_id,
            Certificate.id,
            Certificate.name,
            Certificate.valid_until,
            Employee.name.label("employee"),
        )
        .join(Employee, Employee.id == Certificate.employee_id)
        .where(
            Certificate.archived_at.is_(None),
            Employee.archived_at.is_(None),
            Certificate.valid_until.is_not(None),
        )
    )
    for row in connection.execute(certificate):
        name = f"{row.employee} {row.name}"
        yield Ending(row.store_id, f"certificates/{row.id}", name, row.valid_until, USUAL_DAYS)
    yield from _contracts(connection)
    yield from _of_the_chain(connection)


def _of_the_chain(connection: Connection) -> Iterator[Ending]:
    """Requests of persons, drills and security cases; told of in the chain's first store.

    A request is told of by what is asked for: no name of a person stands in an alert.
    """
    first: dict[UUID, UUID] = {}
    for store in connection.execute(_STORES):
        first.setdefault(store.chain_id, store.id)
    for one in connection.execute(_REQUESTS):
        if one.chain_id in first:
            place, name = f"person-requests/{one.id}", f"{one.kind.label.zh} / {one.kind.label.en}"
            yield Ending(first[one.chain_id], place, name, due(one.received_on), REQUEST_DAYS)
    for path, query, days in (("drills", _DRILLS, "30, 7"), ("security-cases", _CASES, "7, 2")):
        for chain_id, of, title, ends_on in connection.execute(query):
            if chain_id in first and ends_on:
                yield Ending(first[chain_id], f"{path}/{of}", title, ends_on, days)


def _contracts(connection: Connection) -> Iterator[Ending]:
    """A contract is told of in the first store it is for; without one, in the chain's first."""
    stores: dict[UUID, list[UUID]] = {}
    for row in connection.execute(_STORES):
        stores.setdefault(row.chain_id, []).append(row.id)
    undecided = select(
        Contract.chain_id,
        Contract.id,
        Contract.title,
        Contract.number,
        Contract.valid_until,
        Contract.reminder_days,
        Contract.stores,
    ).where(Contract.archived_at.is_(None), Contract.decision == Decision.OPEN)
    for one in connection.execute(undecided):
        its = stores.get(one.chain_id, [])
        named = [store_id for store_id in one.stores or () if store_id in its] or its[:1]
        name = f"{one.title} {one.number}"
        for store_id in named[:1]:
            yield Ending(store_id, f"contracts/{one.id}", name, one.valid_until, one.reminder_days)
