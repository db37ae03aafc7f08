"""Timers of alerts that are due: the end of a shelf, the end of one that flapped.

They are columns of the alert, so that a hub that was away does at its start what fell due meanwhile
(R23). The third timer, telling people, is `hub.alerts.notices.escalation`.
"""

from datetime import datetime

from sqlalchemy import Connection, or_, select

from hub.alerts.models import AlertEventKind, AlertStatus
from hub.alerts.raising import clear
from hub.alerts.rows import ALERTS, COLUMNS, AlertState, Batch, Told

CHUNK = 500


def run_due(connection: Connection, now: datetime) -> list[Told]:
    """Do what is due; what people should hear of."""
    due = select(*COLUMNS).where(
        ALERTS.c.next_at <= now,
        ALERTS.c.closed_at.is_(None),
        or_(ALERTS.c.shelved_until <= now, ALERTS.c.clears_at <= now),
    )
    batch = Batch(now)
    rows = connection.execute(due.order_by(ALERTS.c.next_at).limit(CHUNK).with_for_update())
    for alert in [AlertState.of(row) for row in rows]:
        if alert.clears_at is not None and alert.clears_at <= now:
            clear(batch, alert, alert.clears_at, {"flapped": alert.returns})
        else:
            unshelve(batch, alert)
    batch.write(connection)
    return batch.told


def unshelve(batch: Batch, alert: AlertState) -> None:
    """Its time on the shelf is over: as it was before, and people hear of it if nobody has it."""
    alert.status, alert.shelved_until = alert.unshelved_status, None
    if alert.status == AlertStatus.RAISED and alert.parent_id is None:
        alert.step, alert.step_at = 0, batch.now
    batch.tell(alert, AlertEventKind.UNSHELVED, {})
