"""Taking back one's own acknowledgement: the undo of the pages, for a minute."""

from datetime import timedelta
from uuid import UUID

from hub.alerts import service
from hub.alerts.models import Alert, AlertStatus
from hub.errors import ConflictError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession

UNDO_WITHIN = timedelta(minutes=1)
TAKEN_BACK = T("撤回了确认。", "Took the acknowledgement back.")
_LATE = T(
    "只能在一分钟内撤回自己的确认。", "Only one's own acknowledgement can be undone, for a minute."
)


def unacknowledge(session: ScopedSession, alert_id: UUID, note: str) -> Alert:
    """The alert as it was before; its history keeps both lines. ConflictError when too late."""
    alert = service.get(session, alert_id)
    is_mine = alert.acknowledged_by == asker_of(session).user_id
    at = alert.acknowledged_at
    if at is None or not is_mine or utc_now() - at > UNDO_WITHIN:
        raise ConflictError(_LATE)
    if alert.status != AlertStatus.ACKNOWLEDGED:
        raise ConflictError(_LATE)
    alert = service.comment(session, alert_id, note)
    alert.acknowledged_at = alert.acknowledged_by = None
    alert.status = service.status_of(alert)
    return alert
