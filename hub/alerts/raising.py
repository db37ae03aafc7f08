"""Findings into alert rows, in the transaction of the caller and in batches.

Writing the same findings again changes nothing: an open alert is unique by store, source and rule,
an occurrence by these and its beginning.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.dml import Insert

from hub.alerts.families import Place, rank
from hub.alerts.models import Alert, AlertEvent, AlertEventKind, AlertStatus
from hub.detection.findings import Change, Finding, Rule, Severity
from hub.kit.ids import uuid7

_ALERTS: Table = Alert.__table__  # type: ignore[assignment]  # declarative says FromClause
_EVENTS: Table = AlertEvent.__table__  # type: ignore[assignment]
_BATCH = 500


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
class _Open:
    """An open alert as the batch knows it."""

    id: UUID
    chain_id: UUID
    place: Place
    severity: int
    status: str
    events: int
    began_at: datetime


@dataclass(slots=True)
class _Batch:
    """Rows to be written together."""

    now: datetime
    alerts: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def tell(
        self, alert: _Open, kind: AlertEventKind, finding: Finding, *, at: datetime, loud: bool
    ) -> None:
        """Add a line to the alert's history."""
        alert.events += 1
        place = alert.place
        self.events.append(
            {
                "id": uuid7(),
                "chain_id": alert.chain_id,
                "store_id": place.store_id,
                "alert_id": alert.id,
                "seq": alert.events,
                "kind": kind,
                "at": at,
                "user_id": None,
                "user_name": "",
                "note": "",
                "severity": alert.severity,
                "detail": _detail(finding),
            }
        )
        if loud:
            status = AlertStatus(alert.status)
            severity = Severity(alert.severity)
            told = Told(alert.id, place.store_id, kind, place.rule, severity, status, place.source)
            self.told.append(told)

    def change(self, alert: _Open, closed_at: datetime | None, evidence: dict[str, Any]) -> None:
        self.changes.append(
            {
                "alert": alert.id,
                "severity": alert.severity,
                "status": alert.status,
                "closed_at": closed_at,
                "evidence": evidence,
                "events": alert.events,
            }
        )


class Raising:
    """Writes findings; `chain_of` gives the chain of a store."""

    def __init__(self, connection: Connection, chain_of: Mapping[UUID, UUID]) -> None:
        self._connection = connection
        self._chain_of = chain_of
        self._open: dict[tuple[UUID, str, str], _Open] = {}
        self._evidence: dict[UUID, dict[str, Any]] = {}

    def post(self, findings: Iterable[Finding], now: datetime) -> list[Told]:
        """Write findings of stores that `chain_of` knows; what people should hear of."""
        known = [finding for finding in findings if finding.store_id in self._chain_of]
        self._load({finding.store_id for finding in known})
        told: list[Told] = []
        for group in _rounds(known):
            batch = _Batch(now)
            for finding in group:
                self._take(batch, finding)
            told += self._write(batch)
        return told

    def _take(self, batch: _Batch, finding: Finding) -> None:
        found = self._open.get(_key(finding))
        is_earlier = found is not None and _instant(finding.at_ms) < found.began_at
        if is_earlier and finding.change is not Change.PAST:
            return  # of an occurrence before, which was told before a restart
        match finding.change:
            case Change.RAISED | Change.STEPPED if found is not None:
                self._step(batch, found, finding, AlertEventKind.STEPPED)
            case Change.RAISED | Change.STEPPED:
                self._raise(batch, finding)
            case Change.CLEARED if found is not None:
                self._clear(batch, found, finding)
            case Change.PAST if finding.severity >= Severity.HIGH:
                self._record(batch, finding)

    def _raise(self, batch: _Batch, finding: Finding) -> None:
        place = place_of(finding)
        cause = next((a for a in self._open.values() if a.place.explains(place)), None)
        if cause is not None:
            self._step(batch, cause, finding, AlertEventKind.ALSO)
            return
        began_ms = finding.since_ms if finding.change is Change.RAISED else finding.at_ms
        alert = self._new(batch, finding, _instant(began_ms), None)
        self._open[_key(finding)] = alert
        batch.tell(alert, AlertEventKind.RAISED, finding, at=batch.now, loud=True)

    def _step(self, batch: _Batch, alert: _Open, finding: Finding, kind: AlertEventKind) -> None:
        is_worse = finding.severity > alert.severity
        if kind is AlertEventKind.STEPPED and not is_worse:
            return
        alert.severity = max(alert.severity, int(finding.severity))
        batch.tell(alert, kind, finding, at=batch.now, loud=is_worse)
        if kind is AlertEventKind.STEPPED:
            self._evidence[alert.id] = finding.evidence.to_json()
        batch.change(alert, None, self._evidence[alert.id])

    def _clear(self, batch: _Batch, alert: _Open, finding: Finding) -> None:
        alert.status = AlertStatus.CLEARED
        at = min(_instant(finding.at_ms), batch.now)
        batch.tell(alert, AlertEventKind.CLEARED, finding, at=at, loud=True)
        batch.change(alert, at, self._evidence[alert.id])
        del self._open[_key(finding)]

    def _record(self, batch: _Batch, finding: Finding) -> None:
        """An excursion that was over when the hub heard of it: in the record, not in the list."""
        ended = _instant(finding.at_ms)
        alert = self._new(batch, finding, _instant(finding.since_ms), ended)
        batch.tell(alert, AlertEventKind.CLEARED, finding, at=ended, loud=False)

    def _new(
        self, batch: _Batch, finding: Finding, began_at: datetime, ended_at: datetime | None
    ) -> _Open:
        status = AlertStatus.CLEARED if ended_at else AlertStatus.RAISED
        chain_id = self._chain_of[finding.store_id]
        severity = int(finding.severity)
        alert = _Open(uuid7(), chain_id, place_of(finding), severity, status, 0, began_at)
        self._evidence[alert.id] = finding.evidence.to_json()
        batch.alerts.append(
            {
                "id": alert.id,
                "chain_id": chain_id,
                "store_id": finding.store_id,
                "source": finding.source,
                "rule": finding.rule.value,
                "severity": severity,
                "status": status,
                "device": finding.evidence.device,
                "metric": finding.evidence.metric,
                "began_at": began_at,
                "raised_at": ended_at or batch.now,
                "closed_at": ended_at,
                "evidence": self._evidence[alert.id],
                "events": 1,
            }
        )
        return alert

    def _write(self, batch: _Batch) -> list[Told]:
        connection = self._connection
        refused = self._insert(batch.alerts)
        if batch.changes:
            connection.execute(_CHANGE, batch.changes)
        events = [row for row in batch.events if row["alert_id"] not in refused]
        if events:
            connection.execute(_EVENTS.insert(), events)
        return [told for told in batch.told if told.alert_id not in refused]

    def _insert(self, alerts: list[dict[str, Any]]) -> set[UUID]:
        """Insert what is new; ids of what was there already, as open alert or occurrence."""
        if not alerts:
            return set()
        statement = _insert(self._connection, _ALERTS).returning(_ALERTS.c.id)
        written = set(self._connection.execute(statement, alerts).scalars())
        refused = {row["id"] for row in alerts} - written
        self._open = {key: alert for key, alert in self._open.items() if alert.id not in refused}
        return refused

    def _load(self, store_ids: set[UUID]) -> None:
        for stores in _chunks(sorted(store_ids, key=str)):
            rows = select(
                _ALERTS.c.id,
                _ALERTS.c.chain_id,
                _ALERTS.c.store_id,
                _ALERTS.c.device,
                _ALERTS.c.source,
                _ALERTS.c.rule,
                _ALERTS.c.severity,
                _ALERTS.c.status,
                _ALERTS.c.events,
                _ALERTS.c.began_at,
                _ALERTS.c.evidence,
            ).where(_ALERTS.c.closed_at.is_(None), _ALERTS.c.store_id.in_(stores))
            for row in self._connection.execute(rows.with_for_update()):
                place = Place(row.store_id, row.device, row.source, Rule(row.rule))
                state = (row.severity, row.status, row.events, row.began_at)
                alert = _Open(row.id, row.chain_id, place, *state)
                self._open[row.store_id, row.source, row.rule] = alert
                self._evidence[row.id] = row.evidence


_CHANGE = (
    update(_ALERTS)
    .where(_ALERTS.c.id == bindparam("alert"))
    .values(
        severity=bindparam("severity"),
        status=bindparam("status"),
        closed_at=bindparam("closed_at"),
        evidence=bindparam("evidence"),
        events=bindparam("events"),
    )
)


def place_of(finding: Finding) -> Place:
    return Place(finding.store_id, finding.evidence.device, finding.source, finding.rule)


def _insert(connection: Connection, table: Table) -> Insert:
    """An insert that skips rows which break a unique constraint."""
    if connection.dialect.name == "postgresql":
        return pg_insert(table).on_conflict_do_nothing()
    return sqlite_insert(table).on_conflict_do_nothing()


def _rounds(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings in order, cut where a source and rule comes again; in each cut causes first."""
    rounds: list[list[Finding]] = []
    seen: set[tuple[UUID, str, str]] = set()
    for finding in findings:
        if not rounds or _key(finding) in seen:
            rounds.append([])
            seen.clear()
        seen.add(_key(finding))
        rounds[-1].append(finding)
    return [sorted(group, key=lambda finding: rank(finding.rule)) for group in rounds]


def _chunks(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[first : first + _BATCH] for first in range(0, len(ids), _BATCH)]


def _key(finding: Finding) -> tuple[UUID, str, str]:
    return finding.store_id, finding.source, finding.rule.value


def _detail(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule.value, "source": finding.source} | finding.evidence.to_json()


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
