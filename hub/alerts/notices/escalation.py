"""The ladder: who hears of an alert now, who next if nobody takes it; rows of the outbox.

The due time is a column of the alert, so a restart goes on where it stopped (R23, ALR-14).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from hub.alerts.models import AlertEventKind
from hub.alerts.notices.models import STEPS, Notice, NoticeSettings, NoticeState
from hub.alerts.notices.routing import people_of, steps_for
from hub.alerts.rows import ALERTS, COLUMNS, AlertState, Batch, Told
from hub.detection.findings import Severity
from hub.kit.ids import uuid7
from hub.security.records import User

CHUNK = 200
_NOTICES: Table = Notice.__table__  # type: ignore[assignment]  # declarative says FromClause
DIGEST_AT = 8 * 60
ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Manner:
    """When a person wants to hear of what."""

    from_severity: int = Severity.LOW
    quiet_from: int | None = 22 * 60
    quiet_to: int | None = 7 * 60
    quiet_severity: int = Severity.HIGH
    digest_at: int = DIGEST_AT
    zone: str = ZONE

    def due(self, severity: int, now: datetime) -> datetime | None:
        """When to say it: now, at the end of the quiet hours, with the digest, or never."""
        if severity < self.from_severity:
            return None
        local = now.astimezone(ZoneInfo(self.zone))
        if severity <= Severity.LOW:
            return _next(local, self.digest_at)
        is_quiet = severity < self.quiet_severity and self._is_quiet(local)
        return _next(local, self.quiet_to or 0) if is_quiet else now

    def _is_quiet(self, local: datetime) -> bool:
        if self.quiet_from is None or self.quiet_to is None:
            return False
        minute = local.hour * 60 + local.minute
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= minute < self.quiet_to
        return minute >= self.quiet_from or minute < self.quiet_to


def _next(local: datetime, minute: int) -> datetime:
    """The next time the local clock shows this minute of the day."""
    at = local.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    return at if at > local else at + timedelta(days=1)


def escalate(connection: Connection, now: datetime) -> list[Told]:
    """Take every due alert one step further."""
    due = select(*COLUMNS).where(
        ALERTS.c.step_at <= now, ALERTS.c.next_at <= now, ALERTS.c.closed_at.is_(None)
    )
    rows = connection.execute(due.order_by(ALERTS.c.step_at).limit(CHUNK).with_for_update())
    batch = Batch(now)
    for alert in [AlertState.of(row) for row in rows]:
        _one(connection, batch, alert)
    batch.write(connection)
    return batch.told


def _one(connection: Connection, batch: Batch, alert: AlertState) -> None:
    """The step that is due; steps that mean nobody are passed over."""
    ladder = steps_for(connection, alert, batch.now)
    people: Sequence[UUID] = ()
    while alert.step < len(ladder) and not people:
        people = people_of(connection, alert, ladder[alert.step].whom, batch.now)
        alert.step += 1
    done = alert.step
    alert.step_at = batch.now + ladder[done].after if done < len(ladder) else None
    alert.told_severity = max(alert.told_severity, alert.severity)
    batch.changed[alert.id] = alert
    names = _queue(connection, alert, people, batch.now, done)
    if names:
        detail = {"to": "、".join(names), "step": done}
        batch.tell(alert, AlertEventKind.NOTIFIED, detail)


def _queue(
    connection: Connection, alert: AlertState, people: Sequence[UUID], now: datetime, step: int
) -> list[str]:
    """Rows of the outbox for these people; the names of those who will hear of it."""
    if not people:
        return []
    manners = _manners(connection, people)
    found = connection.execute(select(User.id, User.name).where(User.id.in_(people)))
    names = {row.id: row.name for row in found}
    rows = []
    told = []
    for user_id in people:
        at = manners.get(user_id, Manner()).due(alert.severity, now)
        if at is not None:
            rows.append(_row(alert, user_id, step, at, now))
            told.append(names[user_id])
    if rows:
        make = pg_insert if connection.dialect.name == "postgresql" else sqlite_insert
        connection.execute(make(_NOTICES).on_conflict_do_nothing(), rows)
    return told


def _row(
    alert: AlertState, user_id: UUID, step: int, at: datetime, now: datetime
) -> dict[str, object]:
    return {
        "id": uuid7(),
        "chain_id": alert.chain_id,
        "store_id": alert.place.store_id,
        "alert_id": alert.id,
        "step": alert.severity * STEPS + min(step, STEPS - 1),
        "user_id": user_id,
        "severity": alert.severity,
        "state": NoticeState.QUEUED,
        "created_at": now,
        "due_at": at,
        "way": 0,
        "attempts": 0,
        "trouble": "",
    }


def _manners(connection: Connection, people: Sequence[UUID]) -> Mapping[UUID, Manner]:
    rows = connection.execute(
        select(
            NoticeSettings.user_id,
            NoticeSettings.from_severity,
            NoticeSettings.quiet_from,
            NoticeSettings.quiet_to,
            NoticeSettings.quiet_severity,
            NoticeSettings.digest_at,
            NoticeSettings.zone,
        ).where(NoticeSettings.user_id.in_(people))
    )
    return {row[0]: Manner(*row[1:]) for row in rows}
