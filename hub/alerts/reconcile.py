"""Open alerts against what holds now: after a restart, and for what people resolved too early.

Findings tell of changes. Three things need a look at the state itself: an alert whose end was told
while nobody listened, a resolved alert whose condition goes on past its hold time, and a condition
whose cause has been cleared and which must now speak for itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, insert, select, update

from hub.alerts.families import AFTERMATH, RERAISE_HOLD, Place
from hub.alerts.models import Alert, AlertEvent, AlertEventKind, AlertStatus
from hub.alerts.raising import Raising, Told, place_of
from hub.detection.findings import Change, Evidence, Finding, Rule, Severity
from hub.kit.ids import uuid7


@dataclass(frozen=True, slots=True)
class _Closed:
    """An alert that was closed a short while ago."""

    place: Place
    closed_at: datetime
    is_resolved: bool


def reconcile(
    connection: Connection,
    standing: Sequence[Finding],
    chain_of: Mapping[UUID, UUID],
    now: datetime,
) -> list[Told]:
    """Bring open alerts in line with all conditions that stand; what people should hear of."""
    told = _unshelve(connection, now)
    is_open = _open(connection)
    holds = {_key(place_of(finding)) for finding in standing}
    over = [_end(place, now) for place in is_open if _key(place) not in holds]
    missing = [
        finding
        for finding in standing
        if _key(place_of(finding)) not in {_key(place) for place in is_open}
        and not any(place.explains(place_of(finding)) for place in is_open)
    ]
    due = [*over, *_due(missing, _recently_closed(connection, now), now)]
    return told + Raising(connection, chain_of).post(due, now) if due else told


def _due(missing: Iterable[Finding], closed: Sequence[_Closed], now: datetime) -> Iterable[Finding]:
    """What may speak now: not just resolved, and not the aftermath of a cause just gone."""
    now_ms = int(now.timestamp() * 1000)
    for finding in missing:
        place = place_of(finding)
        is_held = any(
            (past.is_resolved and past.place == place)
            or (past.place.explains(place) and now - past.closed_at < AFTERMATH)
            for past in closed
        )
        if not is_held:
            yield replace(finding, change=Change.RAISED, since_ms=now_ms, at_ms=now_ms)


def _end(place: Place, now: datetime) -> Finding:
    at_ms = int(now.timestamp() * 1000)
    evidence = Evidence(trigger="over", device=place.device)
    return Finding(
        Change.CLEARED,
        place.store_id,
        place.source,
        place.rule,
        Severity.LOW,
        at_ms,
        at_ms,
        evidence,
    )


def _open(connection: Connection) -> list[Place]:
    found = select(Alert.store_id, Alert.device, Alert.source, Alert.rule)
    rows = connection.execute(found.where(Alert.closed_at.is_(None)))
    return [Place(row.store_id, row.device, row.source, Rule(row.rule)) for row in rows]


def _recently_closed(connection: Connection, now: datetime) -> list[_Closed]:
    found = select(
        Alert.store_id, Alert.device, Alert.source, Alert.rule, Alert.closed_at, Alert.status
    ).where(Alert.closed_at > now - RERAISE_HOLD)
    return [
        _Closed(
            Place(row.store_id, row.device, row.source, Rule(row.rule)),
            row.closed_at,
            row.status == AlertStatus.RESOLVED,
        )
        for row in connection.execute(found)
    ]


def _unshelve(connection: Connection, now: datetime) -> list[Told]:
    """Alerts whose time on the shelf is over come back as they were before."""
    due = select(Alert).where(
        Alert.closed_at.is_(None),
        Alert.status == AlertStatus.SHELVED,
        Alert.shelved_until <= now,
    )
    told = []
    for row in connection.execute(due.with_for_update()).mappings().all():
        status = _status_before(row["assigned_to"], row["acknowledged_at"])
        connection.execute(
            update(Alert)
            .where(Alert.id == row["id"])
            .values(status=status, shelved_until=None, events=row["events"] + 1)
        )
        connection.execute(insert(AlertEvent).values(_unshelved(row, now)))
        told.append(
            Told(
                row["id"],
                row["store_id"],
                AlertEventKind.UNSHELVED,
                row["rule"],
                Severity(row["severity"]),
                status,
                row["source"],
            )
        )
    return told


def _unshelved(row: RowMapping, now: datetime) -> dict[str, object]:
    return {
        "id": uuid7(),
        "chain_id": row["chain_id"],
        "store_id": row["store_id"],
        "alert_id": row["id"],
        "seq": row["events"] + 1,
        "kind": AlertEventKind.UNSHELVED,
        "at": now,
        "user_name": "",
        "note": "",
        "severity": row["severity"],
        "detail": {},
    }


def _status_before(assigned_to: UUID | None, acknowledged_at: datetime | None) -> AlertStatus:
    if assigned_to is not None:
        return AlertStatus.ASSIGNED
    return AlertStatus.ACKNOWLEDGED if acknowledged_at else AlertStatus.RAISED


def _key(place: Place) -> tuple[UUID, str, Rule]:
    return place.store_id, place.source, place.rule
