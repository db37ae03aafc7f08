"""Open alerts against what holds now: after a restart, and for what people resolved too early.

Findings tell of changes. Four things need a look at the state itself: an alert whose end was told
while nobody listened, a resolved alert whose condition goes on past its hold time, a condition
whose cause has been cleared and which must now speak for itself, and a storm that is over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from hub.alerts.families import AFTERMATH, RERAISE_HOLD, UNSENSED, Place
from hub.alerts.models import Alert, AlertEventKind, AlertStatus
from hub.alerts.raising import FIRST_STEP_AFTER, Raising, clear, place_of
from hub.alerts.rows import ALERTS, COLUMNS, AlertState, Batch, Told
from hub.detection.findings import Change, Evidence, Finding, Rule, Severity


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
    """Bring open alerts of these stores in line with all of their conditions that stand; what
    people should hear of."""
    is_open = _open(connection, chain_of)
    holds = {_key(place_of(finding)) for finding in standing}
    over = [
        _end(one.place, now)
        for one in is_open
        if one.place.rule not in UNSENSED and one.clears_at is None and _key(one.place) not in holds
    ]
    places = {_key(one.place) for one in is_open}
    missing = [
        finding
        for finding in standing
        if _key(place_of(finding)) not in places
        and not any(one.place.explains(place_of(finding)) for one in is_open)
    ]
    due = [*over, *_due(missing, _recently_closed(connection, now), now)]
    told = Raising(connection, chain_of).post(due, now) if due else []
    return told + _families(connection, chain_of, now)


def _families(connection: Connection, chain_of: Mapping[UUID, UUID], now: datetime) -> list[Told]:
    """Storms without children end; children whose parent is gone for good stand for themselves."""
    is_open = _open(connection, chain_of)
    batch = Batch(now)
    parents = {one.id for one in is_open}
    children = [one for one in is_open if one.parent_id is not None]
    for one in is_open:
        is_over = not any(child.parent_id == one.id for child in children)
        if one.place.rule is Rule.STORM and is_over:
            clear(batch, one, now, {})
    orphans = [one for one in children if one.parent_id not in parents]
    for one, closed_at in _closings(connection, orphans):
        if now - closed_at >= AFTERMATH:
            one.parent_id, one.step, one.step_at = None, 0, now + FIRST_STEP_AFTER
            batch.tell(one, AlertEventKind.RELEASED, {})
    batch.write(connection)
    return batch.told


def _closings(
    connection: Connection, orphans: Sequence[AlertState]
) -> list[tuple[AlertState, datetime]]:
    if not orphans:
        return []
    found = select(ALERTS.c.id, ALERTS.c.closed_at).where(
        ALERTS.c.id.in_({one.parent_id for one in orphans})
    )
    closed = {row.id: row.closed_at for row in connection.execute(found)}
    return [(one, closed[one.parent_id]) for one in orphans if one.parent_id in closed]


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


def _open(connection: Connection, chain_of: Mapping[UUID, UUID]) -> list[AlertState]:
    rows = select(*COLUMNS).where(ALERTS.c.closed_at.is_(None))
    states = (AlertState.of(row) for row in connection.execute(rows))
    return [state for state in states if state.place.store_id in chain_of]


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


def _key(place: Place) -> tuple[UUID, str, Rule]:
    return place.store_id, place.source, place.rule
