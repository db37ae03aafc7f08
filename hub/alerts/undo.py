"""Taking back one's own last act on an alert: the undo of the pages, for a minute."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from hub.alerts import service
from hub.alerts.models import Alert, AlertEvent, AlertEventKind, AlertStatus
from hub.errors import ConflictError, T
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession

UNDO_WITHIN = timedelta(minutes=1)
_LATE = T(
    "只能在一分钟内撤回自己的最后一步。", "Only one's own last step can be undone, for a minute."
)
_ACTS = (
    AlertEventKind.ACKNOWLEDGED,
    AlertEventKind.ASSIGNED,
    AlertEventKind.SHELVED,
    AlertEventKind.UNSHELVED,
    AlertEventKind.RESOLVED,
)
_NEUTRAL = (AlertEventKind.COMMENTED, AlertEventKind.ALSO, AlertEventKind.NOTIFIED)


def undo(session: ScopedSession, alert_id: UUID) -> Alert:
    """The alert as it was before; its history keeps both lines. ConflictError when too late."""
    alert, asker = service.to_change(session, alert_id)
    last = session.scalars(
        select(AlertEvent)
        .where(AlertEvent.alert_id == alert_id, AlertEvent.kind.not_in(_NEUTRAL))
        .order_by(AlertEvent.seq.desc())
        .limit(1)
    ).first()
    is_mine = last is not None and last.user_id == asker.user_id and last.kind in _ACTS
    if last is None or not is_mine or utc_now() - last.at > UNDO_WITHIN:
        raise ConflictError(_LATE)
    _restore(alert, last.detail["before"])
    is_plain = last.kind == AlertEventKind.ACKNOWLEDGED
    kind = AlertEventKind.UNACKNOWLEDGED if is_plain else AlertEventKind.UNDONE
    service.tell(session, alert, kind, "", {"undone": last.kind, "seq": last.seq})
    return alert


def _restore(alert: Alert, before: dict[str, str | None]) -> None:
    alert.status = AlertStatus(before["status"] or AlertStatus.RAISED)
    alert.acknowledged_at = _instant(before["acknowledged_at"])
    alert.acknowledged_by = _id(before["acknowledged_by"])
    alert.assigned_to = _id(before["assigned_to"])
    alert.shelved_until = _instant(before["shelved_until"])
    alert.closed_at = _instant(before["closed_at"])
    alert.resolved_by = _id(before["resolved_by"])
    alert.step_at = _instant(before["step_at"])


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
