"""Changes of work orders to everybody who watches, once they are committed."""

from sqlalchemy import event

from hub.kit.db import ScopedSession
from hub.live import Event, EventKind, Live
from hub.maintenance.models import WorkOrder


def announce_order(session: ScopedSession, live: Live, order: WorkOrder) -> None:
    """As an event of kind `record`, type `work_orders`."""
    about = {"type": "work_orders", "id": str(order.id), "action": order.status}
    found = Event(EventKind.RECORD, order.store_id, about)

    def publish(_: object) -> None:
        live.publish(found)

    event.listen(session, "after_commit", publish, once=True)
