"""What people and programs see of webhooks: the log of deliveries, a test, sending again.

In a scoped session; whoever may read webhooks sees their log, whoever may change them sends again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from hub.archive.webhooks.records import Webhook
from hub.errors import ConflictError, NotFoundError, T
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.kit.ids import uuid7
from hub.kit.records.access import demand, load
from hub.kit.records.apply import Action
from hub.webhooks.events import Told
from hub.webhooks.models import DeliveryState, WebhookDelivery
from hub.webhooks.telling import row_of

PING = "webhooks.ping"
PAGE = 50
MOST_REPLAYS = 100
_NONE = T("没有这条推送。", "There is no such delivery.")
_WAITS = T("这条推送还在排队。", "This delivery is still waiting for its turn.")
_OFTEN = T("这条推送重发得太多了。", "This delivery was sent again too often.")


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What of a log is shown; `before` is the last row of the page before."""

    state: DeliveryState | None = None
    before: UUID | None = None
    size: int = PAGE


def deliveries(
    session: ScopedSession, webhook_id: UUID, query: LogQuery
) -> Sequence[WebhookDelivery]:
    """The log of one webhook, newest first; `size` + 1 rows when there is a next page."""
    load(session, Webhook, webhook_id)
    found = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if query.state:
        found = found.where(WebhookDelivery.state == query.state)
    if query.before:
        found = found.where(WebhookDelivery.id < query.before)
    newest = found.order_by(WebhookDelivery.id.desc()).limit(query.size + 1)
    return session.scalars(newest).all()


def standing(session: ScopedSession, webhook_id: UUID) -> dict[DeliveryState, int]:
    """How many deliveries of a webhook are in each state."""
    counted = (
        select(WebhookDelivery.state, func.count(WebhookDelivery.id))
        .where(WebhookDelivery.webhook_id == webhook_id)
        .group_by(WebhookDelivery.state)
    )
    return {DeliveryState(state): number for state, number in session.execute(counted)}


def ping(session: ScopedSession, webhook_id: UUID) -> WebhookDelivery:
    """Send a test event to one webhook."""
    hook = _to_change(session, webhook_id)
    now, event_id = utc_now(), uuid7().hex
    told = Told(event_id, session.scope.chain_id, None, PING, now, now, {"name": hook.name})
    return _added(session, WebhookDelivery(**row_of(told, webhook_id, now)))


def replay(session: ScopedSession, webhook_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Send the same bytes under the same `webhook-id` once more, as a delivery of its own."""
    _to_change(session, webhook_id)
    old = session.get(WebhookDelivery, delivery_id)
    if old is None or old.webhook_id != webhook_id:
        raise NotFoundError(_NONE)
    if old.state == DeliveryState.WAITING:
        raise ConflictError(_WAITS)
    same = select(func.max(WebhookDelivery.replay)).where(
        WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.event_id == old.event_id
    )
    number = (session.scalar(same) or 0) + 1
    if number > MOST_REPLAYS:
        raise ConflictError(_OFTEN)
    now = utc_now()
    copied = {name: getattr(old, name) for name in ("event_id", "event", "store_id", "body")}
    again = WebhookDelivery(
        **copied,
        webhook_id=webhook_id,
        replay=number,
        state=DeliveryState.WAITING,
        created_at=now,
        due_at=now,
    )
    return _added(session, again)


def _to_change(session: ScopedSession, webhook_id: UUID) -> Webhook:
    hook = load(session, Webhook, webhook_id, lock=True)
    demand(session, hook, Action.UPDATE)
    return hook


def _added(session: ScopedSession, row: WebhookDelivery) -> WebhookDelivery:
    session.add(row)
    session.flush()
    return row
