"""What people see of alerts and do with them; in a scoped session, with the asker's rights."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from hub.alerts.models import Alert, AlertEvent, AlertEventKind, AlertStatus
from hub.alerts.playbook import PLAYBOOK
from hub.archive.stores.records import Store
from hub.detection.findings import Severity
from hub.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, T
from hub.kit.asker import Asker, asker_of
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession

READ, UPDATE = "alerts.read", "alerts.update"
COUNTED = 10_000
NOTE_LENGTH = 2000
UNDOABLE = (
    "status",
    "acknowledged_at",
    "acknowledged_by",
    "assigned_to",
    "shelved_until",
    "closed_at",
    "resolved_by",
    "step_at",
)
_NONE = T("没有这条预警。", "There is no such alert.")
_CLOSED = T("这条预警已经关闭。", "This alert is closed already.")
_FORBIDDEN = T("您的角色不能处理预警。", "Your role may not handle alerts.")
_LATE = T("搁置的结束时间要在以后。", "An alert can only be shelved until a later time.")


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """What a list shows; empty means all. `status` may be `open` or `closed` too."""

    statuses: tuple[str, ...] = ("open",)
    severities: tuple[Severity, ...] = ()
    rules: tuple[str, ...] = ()
    store_ids: tuple[UUID, ...] = ()
    text: str = ""  # in the name of the store, what is wrong (both languages), or its source
    is_grouped: bool = False  # without those that stand under another alert
    before: tuple[datetime, UUID] | None = None  # the last row of the page before
    size: int = 50


def open_alerts(
    session: ScopedSession, store_id: UUID | None = None, limit: int = 200
) -> Sequence[Alert]:
    """Open alerts of one store or of all, the worst and newest first."""
    found = select(Alert).where(
        Alert.closed_at.is_(None), Alert.parent_id.is_(None), *readable(session)
    )
    if store_id is not None:
        found = found.where(Alert.store_id == store_id)
    return session.scalars(
        found.order_by(Alert.severity.desc(), Alert.raised_at.desc(), Alert.id.desc()).limit(limit)
    ).all()


def count_open(session: ScopedSession) -> dict[UUID, dict[Severity, int]]:
    """How many are open, by store and severity; of a family only the one on top counts."""
    counted = (
        select(Alert.store_id, Alert.severity, func.count(Alert.id))
        .where(Alert.closed_at.is_(None), Alert.parent_id.is_(None), *readable(session))
        .group_by(Alert.store_id, Alert.severity)
    )
    found: dict[UUID, dict[Severity, int]] = {}
    for store_id, severity, number in session.execute(counted):
        found.setdefault(store_id, {})[Severity(severity)] = number
    return found


def find(session: ScopedSession, query: AlertQuery) -> Sequence[Alert]:
    """One page, the newest first; `size` + 1 rows when there is a next page."""
    found = select(Alert).where(*_criteria(session, query))
    if query.before is not None:
        raised_at, alert_id = query.before
        found = found.where(
            or_(
                Alert.raised_at < raised_at,
                and_(Alert.raised_at == raised_at, Alert.id < alert_id),
            )
        )
    newest = found.order_by(Alert.raised_at.desc(), Alert.id.desc())
    return session.scalars(newest.limit(query.size + 1)).all()


def total(session: ScopedSession, query: AlertQuery) -> int | str:
    """How many match: exact up to COUNTED, then "10000+"."""
    some = select(Alert.id).where(*_criteria(session, query)).limit(COUNTED + 1).subquery()
    number = session.scalar(select(func.count()).select_from(some)) or 0
    return number if number <= COUNTED else f"{COUNTED}+"


def get(session: ScopedSession, alert_id: UUID) -> Alert:
    alert = session.scalar(select(Alert).where(Alert.id == alert_id, *readable(session)))
    if alert is None:
        raise NotFoundError(_NONE)
    return alert


def history(session: ScopedSession, alert_id: UUID) -> Sequence[AlertEvent]:
    """All that happened to an alert, the oldest first."""
    return session.scalars(
        select(AlertEvent).where(AlertEvent.alert_id == alert_id).order_by(AlertEvent.seq)
    ).all()


def acknowledge(session: ScopedSession, alert_id: UUID, note: str = "") -> Alert:
    """Somebody has seen it; again changes nothing. Also for one that cleared by itself."""
    alert, asker = to_change(session, alert_id)
    if alert.status == AlertStatus.RESOLVED:
        raise ConflictError(_CLOSED)
    if alert.acknowledged_at is not None:
        return alert
    before = state_of(alert)
    alert.acknowledged_at, alert.acknowledged_by = utc_now(), asker.user_id
    if alert.status == AlertStatus.RAISED:
        alert.status = AlertStatus.ACKNOWLEDGED
    alert.step_at, alert.told_severity = None, max(alert.severity, alert.told_severity)
    tell(session, alert, AlertEventKind.ACKNOWLEDGED, note, {"before": before})
    return alert


def assign(session: ScopedSession, alert_id: UUID, user_id: UUID, note: str = "") -> Alert:
    """Somebody is to take care of it; that acknowledges it too."""
    alert, asker = to_change(session, alert_id, is_open=True)
    if alert.assigned_to == user_id:
        return alert
    before = state_of(alert)
    if alert.acknowledged_at is None:
        alert.acknowledged_at, alert.acknowledged_by = utc_now(), asker.user_id
    alert.assigned_to, alert.status = user_id, AlertStatus.ASSIGNED
    alert.shelved_until = alert.step_at = None
    alert.told_severity = max(alert.severity, alert.told_severity)
    detail = {"user_id": str(user_id), "before": before}
    tell(session, alert, AlertEventKind.ASSIGNED, note, detail)
    return alert


def shelve(session: ScopedSession, alert_id: UUID, until: datetime, reason: str) -> Alert:
    """Put it aside, with a reason, until an instant at which it comes back."""
    alert, _ = to_change(session, alert_id, is_open=True)
    if until <= utc_now():
        raise InvalidError(_LATE, {"until": _LATE})
    detail = {"until": until.isoformat(), "before": state_of(alert)}
    alert.shelved_until, alert.status = until, AlertStatus.SHELVED
    alert.step_at = None
    tell(session, alert, AlertEventKind.SHELVED, reason, detail)
    return alert


def unshelve(session: ScopedSession, alert_id: UUID) -> Alert:
    """Take it back before its time; of one that is not shelved: nothing."""
    alert, _ = to_change(session, alert_id, is_open=True)
    if alert.status == AlertStatus.SHELVED:
        before = state_of(alert)
        alert.shelved_until, alert.status = None, status_of(alert)
        tell(session, alert, AlertEventKind.UNSHELVED, "", {"before": before})
    return alert


def resolve(session: ScopedSession, alert_id: UUID, note: str = "") -> Alert:
    """It is done. If its cause still holds after the hold time, it is raised anew."""
    alert, asker = to_change(session, alert_id)
    if alert.status == AlertStatus.RESOLVED:
        return alert
    before = state_of(alert)
    alert.closed_at, alert.resolved_by = alert.closed_at or utc_now(), asker.user_id
    alert.status = AlertStatus.RESOLVED
    alert.shelved_until = alert.clears_at = alert.step_at = None
    tell(session, alert, AlertEventKind.RESOLVED, note, {"before": before})
    return alert


def comment(session: ScopedSession, alert_id: UUID, note: str) -> Alert:
    """Add a line to its history."""
    alert, _ = to_change(session, alert_id)
    tell(session, alert, AlertEventKind.COMMENTED, note)
    return alert


def status_of(alert: Alert) -> AlertStatus:
    """What an open alert is when it is not shelved."""
    if alert.assigned_to is not None:
        return AlertStatus.ASSIGNED
    return AlertStatus.ACKNOWLEDGED if alert.acknowledged_at else AlertStatus.RAISED


def state_of(alert: Alert) -> dict[str, Any]:
    """What an undo brings back, in JSON form."""
    return {name: _plain(getattr(alert, name)) for name in UNDOABLE}


def _plain(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value)


def children_of(session: ScopedSession, alert_id: UUID) -> Sequence[Alert]:
    """Alerts that stand under this one, the worst first."""
    return session.scalars(
        select(Alert)
        .where(Alert.parent_id == alert_id, *readable(session))
        .order_by(Alert.closed_at.is_not(None), Alert.severity.desc(), Alert.began_at)
    ).all()


def count_children(session: ScopedSession, alert_ids: Sequence[UUID]) -> dict[UUID, int]:
    counted = (
        select(Alert.parent_id, func.count(Alert.id))
        .where(Alert.parent_id.in_(alert_ids))
        .group_by(Alert.parent_id)
    )
    return {parent: number for parent, number in session.execute(counted) if parent}


def readable(session: ScopedSession) -> list[ColumnElement[bool]]:
    reach = asker_of(session).rights.reach(READ)
    if reach is None:
        return []
    return [Alert.store_id.in_(reach)] if reach else [false()]


def _criteria(session: ScopedSession, query: AlertQuery) -> list[ColumnElement[bool]]:
    found = readable(session)
    if query.statuses:
        found.append(or_(*(_has_status(status) for status in query.statuses)))
    if query.severities:
        found.append(Alert.severity.in_(query.severities))
    if query.rules:
        found.append(Alert.rule.in_(query.rules))
    if query.store_ids:
        found.append(Alert.store_id.in_(query.store_ids))
    if query.is_grouped:
        found.append(Alert.parent_id.is_(None))
    if query.text.strip():
        found.append(_says(query.text.strip()))
    return found


def _says(text: str) -> ColumnElement[bool]:
    wanted = text.casefold()
    rules = [
        rule.value
        for rule, play in PLAYBOOK.items()
        if wanted in play.title.zh or wanted in play.title.en.casefold() or wanted in rule.value
    ]
    stores = select(Store.id).where(
        or_(Store.name.icontains(text, autoescape=True), Store.code == text)
    )
    return or_(
        Alert.source.icontains(text, autoescape=True),
        Alert.rule.in_(rules),
        Alert.store_id.in_(stores),
    )


def _has_status(status: str) -> ColumnElement[bool]:
    if status == "open":
        return Alert.closed_at.is_(None)
    if status == "closed":
        return Alert.closed_at.is_not(None)
    return Alert.status == status


def to_change(
    session: ScopedSession, alert_id: UUID, *, is_open: bool = False
) -> tuple[Alert, Asker]:
    """The alert, locked, and who asks; refused where the asker may not, or it is closed."""
    asker = asker_of(session)
    alert = session.scalar(
        select(Alert).where(Alert.id == alert_id, *readable(session)).with_for_update()
    )
    if alert is None:
        raise NotFoundError(_NONE)
    reach = asker.rights.reach(UPDATE)
    if reach is not None and alert.store_id not in reach:
        raise ForbiddenError(_FORBIDDEN)
    if is_open and not alert.is_open:
        raise ConflictError(_CLOSED)
    return alert, asker


def tell(
    session: ScopedSession,
    alert: Alert,
    kind: AlertEventKind,
    note: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add a line to its history in the asker's name."""
    asker = asker_of(session)
    alert.keep_time()
    alert.events += 1
    session.add(
        AlertEvent(
            chain_id=alert.chain_id,
            store_id=alert.store_id,
            alert_id=alert.id,
            seq=alert.events,
            kind=kind,
            at=utc_now(),
            user_id=asker.user_id,
            user_name=asker.name,
            note=note[:NOTE_LENGTH],
            severity=alert.severity,
            detail=detail or {},
        )
    )
