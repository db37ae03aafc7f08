"""Alert rows while a batch of findings is written: what is open, what changes, what is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, bindparam, insert, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.dml import Insert

from hub.alerts.families import Place
from hub.alerts.models import Alert, AlertEvent, AlertEventKind, AlertStatus, earliest
from hub.detection.findings import Rule, Severity
from hub.kit.ids import uuid7

ALERTS: Table = Alert.__table__  # type: ignore[assignment]  # declarative says FromClause
EVENTS: Table = AlertEvent.__table__  # type: ignore[assignment]
_ONLY_FOR_PEOPLE = {"metric", "acknowledged_by", "resolved_by", "next_at"}
COLUMNS = tuple(column for column in ALERTS.columns if column.name not in _ONLY_FOR_PEOPLE)
_CHANGING = (
    "severity",
    "status",
    "closed_at",
    "evidence",
    "events",
    "parent_id",
    "since_at",
    "returns",
    "clears_at",
    "shelved_until",
    "step",
    "step_at",
    "told_severity",
    "next_at",
)


@dataclass(frozen=True, slots=True)
class Told:
    """A change that was written and that people should hear of once it is committed."""

    alert_id: UUID
    store_id: UUID
    kind: AlertEventKind
    rule: str
    severity: Severity
    status: AlertStatus
    source: str


@dataclass(slots=True)
class AlertState:
    """An alert as the batch knows it: columns of the same names, its place in one."""

    id: UUID
    chain_id: UUID
    place: Place
    severity: int
    status: str
    events: int
    began_at: datetime
    since_at: datetime
    raised_at: datetime
    evidence: dict[str, Any]
    closed_at: datetime | None = None
    parent_id: UUID | None = None
    returns: int = 0
    clears_at: datetime | None = None
    shelved_until: datetime | None = None
    step: int = 0
    step_at: datetime | None = None
    told_severity: int = 0
    acknowledged_at: datetime | None = None
    assigned_to: UUID | None = None

    @staticmethod
    def of(row: Any) -> "AlertState":
        """From a row of COLUMNS."""
        values = {**row._mapping}
        place = Place(
            values.pop("store_id"),
            values.pop("device"),
            values.pop("source"),
            Rule(values.pop("rule")),
        )
        return AlertState(place=place, **values)

    @property
    def key(self) -> tuple[UUID, str, str]:
        return self.place.store_id, self.place.source, self.place.rule.value

    @property
    def unshelved_status(self) -> AlertStatus:
        """What an open alert is when it is not shelved."""
        if self.assigned_to is not None:
            return AlertStatus.ASSIGNED
        return AlertStatus.ACKNOWLEDGED if self.acknowledged_at else AlertStatus.RAISED

    def changed(self) -> dict[str, Any]:
        """Values for CHANGE."""
        return {
            "alert": self.id,
            "severity": self.severity,
            "status": self.status,
            "closed_at": self.closed_at,
            "evidence": self.evidence,
            "events": self.events,
            "parent_id": self.parent_id,
            "since_at": self.since_at,
            "returns": self.returns,
            "clears_at": self.clears_at,
            "shelved_until": self.shelved_until,
            "step": self.step,
            "step_at": self.step_at,
            "told_severity": self.told_severity,
            "next_at": earliest(self.clears_at, self.shelved_until, self.step_at),
        }

    def inserted(self) -> dict[str, Any]:
        """Values of a new row."""
        row = self.changed()
        row["id"] = row.pop("alert")
        return row | {
            "chain_id": self.chain_id,
            "store_id": self.place.store_id,
            "source": self.place.source,
            "rule": self.place.rule.value,
            "device": self.place.device,
            "metric": self.evidence.get("metric"),
            "began_at": self.began_at,
            "raised_at": self.raised_at,
        }


CHANGE = (
    update(ALERTS)
    .where(ALERTS.c.id == bindparam("alert"))
    .values({name: bindparam(name) for name in _CHANGING})
)


@dataclass(slots=True)
class Batch:
    """Rows to be written together, in a transaction of the caller."""

    now: datetime
    new: dict[UUID, AlertState] = field(default_factory=dict)
    changed: dict[UUID, AlertState] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def tell(
        self,
        alert: AlertState,
        kind: AlertEventKind,
        detail: Mapping[str, Any],
        *,
        at: datetime | None = None,
        note: str = "",
    ) -> None:
        """Add a line to the alert's history and write its columns; everybody hears of it."""
        self.record(alert, kind, detail, at=at, note=note)
        place = alert.place
        self.told.append(
            Told(
                alert.id,
                place.store_id,
                kind,
                place.rule,
                Severity(alert.severity),
                AlertStatus(alert.status),
                place.source,
            )
        )

    def record(
        self,
        alert: AlertState,
        kind: AlertEventKind,
        detail: Mapping[str, Any],
        *,
        at: datetime | None = None,
        note: str = "",
    ) -> None:
        """The same without a word to those who watch."""
        alert.events += 1
        self.events.append(
            {
                "id": uuid7(),
                "chain_id": alert.chain_id,
                "store_id": alert.place.store_id,
                "alert_id": alert.id,
                "seq": alert.events,
                "kind": kind,
                "at": at or self.now,
                "user_id": None,
                "user_name": "",
                "note": note,
                "severity": alert.severity,
                "detail": dict(detail),
            }
        )
        if alert.id not in self.new:
            self.changed[alert.id] = alert

    def write(self, connection: Connection) -> set[UUID]:
        """Write it all; ids of new alerts that were there already, as open alert or occurrence."""
        refused: set[UUID] = set()
        if self.new:
            parents_first = sorted(self.new.values(), key=lambda one: one.parent_id is not None)
            rows = [alert.inserted() for alert in parents_first]
            statement = _insert_new(connection).returning(ALERTS.c.id)
            refused = self.new.keys() - set(connection.execute(statement, rows).scalars())
        changes = [alert.changed() for alert in self.changed.values()]
        if changes:
            connection.execute(CHANGE, changes)
        events = [row for row in self.events if row["alert_id"] not in refused]
        if events:
            connection.execute(insert(EVENTS), events)
        self.told = [told for told in self.told if told.alert_id not in refused]
        return refused


def _insert_new(connection: Connection) -> Insert:
    """An insert that skips rows which break a unique constraint."""
    if connection.dialect.name == "postgresql":
        return pg_insert(ALERTS).on_conflict_do_nothing()
    return sqlite_insert(ALERTS).on_conflict_do_nothing()
