"""Changes of alerts to everybody who watches, once they are committed."""

from collections.abc import Iterable

from sqlalchemy import event

from hub.alerts.models import Alert
from hub.alerts.raising import Told
from hub.detection.findings import Severity
from hub.kit.db import ScopedSession
from hub.live import Event, EventKind, Live


def announce(live: Live, told: Iterable[Told]) -> None:
    """What the hub found; call after the commit."""
    for change in told:
        live.publish(
            Event(
                EventKind.ALERT,
                change.store_id,
                {
                    "id": str(change.alert_id),
                    "change": change.kind.value,
                    "rule": change.rule,
                    "source": change.source,
                    "severity": change.severity.word,
                    "status": change.status.value,
                },
            )
        )


def announce_after_commit(session: ScopedSession, live: Live, alert: Alert, change: str) -> None:
    """What a person did; published when this session's transaction is durable."""
    found = Event(
        EventKind.ALERT,
        alert.store_id,
        {
            "id": str(alert.id),
            "change": change,
            "rule": alert.rule,
            "source": alert.source,
            "severity": Severity(alert.severity).word,
            "status": str(alert.status),
        },
    )

    def publish(_: object) -> None:
        live.publish(found)

    event.listen(session, "after_commit", publish, once=True)
