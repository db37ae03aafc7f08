"""/webhooks/{id}: the log of one webhook, a test, and sending again (INT-15)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from hub.archive.webhooks.records import Webhook
from hub.web.deps import ReadSession, WriteSession, seen
from hub.web.once import OnceRoute
from hub.webhooks import service
from hub.webhooks.models import DeliveryState, WebhookDelivery
from hub.webhooks.service import LogQuery

router = APIRouter(
    prefix="/webhooks/{id}",
    tags=["webhooks"],
    dependencies=[seen(Webhook)],
    route_class=OnceRoute,
)
Size = Annotated[int, Query(ge=1, le=200)]


class DeliveryRead(BaseModel):
    """One event for this webhook; `event_id` is what its receiver sees as `webhook-id`."""

    id: UUID
    event_id: str
    event: str
    replay: int
    store_id: UUID | None
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None
    status: int | None
    took_ms: int | None
    trouble: str
    body: str

    @staticmethod
    def of(row: WebhookDelivery) -> "DeliveryRead":
        return DeliveryRead(**{name: getattr(row, name) for name in DeliveryRead.model_fields})


class DeliveryPage(BaseModel):
    """One page of the log; `next` is `before` of the next one."""

    items: list[DeliveryRead]
    next: UUID | None


@router.get("/deliveries", operation_id="list_deliveries")
def list_deliveries(
    session: ReadSession,
    id: UUID,
    state: DeliveryState | None = None,
    before: Annotated[UUID | None, Query(description="older than this one")] = None,
    size: Size = service.PAGE,
) -> DeliveryPage:
    """Newest first, with the bytes that were sent."""
    rows = service.deliveries(session, id, LogQuery(state, before, size))
    items = [DeliveryRead.of(row) for row in rows[:size]]
    return DeliveryPage(items=items, next=items[-1].id if len(rows) > size else None)


@router.post("/ping", status_code=201, operation_id="ping_webhook")
def ping_webhook(session: WriteSession, id: UUID) -> DeliveryRead:
    """Send a test event."""
    return DeliveryRead.of(service.ping(session, id))


@router.post("/deliveries/{delivery_id}/replay", status_code=201, operation_id="replay_delivery")
def replay_delivery(session: WriteSession, id: UUID, delivery_id: UUID) -> DeliveryRead:
    """Send the same event again, with the same body and the same `webhook-id`."""
    return DeliveryRead.of(service.replay(session, id, delivery_id))
