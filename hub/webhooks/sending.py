"""The dispatcher: writes down what webhooks are to be told, and posts what is due.

A try that fails is repeated after growing pauses for about two days; then the delivery is failed
and stays in the log, from where people send it again. Nothing is sent inside a transaction; a hub
that dies while it sends sends again after LEASE, so a receiver looks at `webhook-id`.
"""

import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, Text, select, type_coerce, update

from hub.alerts.notices.services import AllowedHosts, DeliveryError, post
from hub.archive.practice.service import is_practice
from hub.archive.webhooks.records import Webhook
from hub.errors import HubError
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.ports import Place, Vault
from hub.kit.rounds import every
from hub.webhooks.models import DeliveryState, WebhookDelivery
from hub.webhooks.signing import headers
from hub.webhooks.telling import Teller

log = logging.getLogger(__name__)

EVERY_S = 0.5
SENDERS = 8
AT_ONCE = 64
LEASE = timedelta(seconds=60)
PAUSES_S = (10, 60, 300, 1800, 7200, 21_600, 43_200, 86_400)
JITTER = 0.2
GONE = 410  # the receiver wants no more of this
INACTIVE = "The webhook is switched off."


@dataclass(frozen=True, slots=True)
class Parcel:
    """One try of one delivery."""

    id: UUID
    chain_id: UUID
    webhook_id: UUID
    event_id: str
    body: str
    attempts: int
    url: str
    sealed: str
    is_active: bool
    archived_at: datetime | None

    @property
    def is_wanted(self) -> bool:
        return self.is_active and self.archived_at is None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try; `wait_s` when the receiver named a pause."""

    status: int | None
    trouble: str
    took_ms: int
    wait_s: int | None = None

    @property
    def is_delivered(self) -> bool:
        return not self.trouble


class Dispatcher:
    """Sends in threads of its own. `now` and the pauses' `chance` come from outside for tests."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        hosts: AllowedHosts,
        now: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._db, self._vault, self._hosts = db, vault, hosts
        self._now, self._chance = now, chance
        self._teller = Teller(db)
        self._pool = ThreadPoolExecutor(SENDERS, "webhooks")

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await every(EVERY_S, self.tick, "send webhooks")
        finally:
            self.close()

    def close(self) -> None:
        """What is under way ends by its own time limit; the rest is sent after a start."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def tick(self) -> int:
        """Tell, and post what is due; how many were tried."""
        self._teller.tell(self._now())
        with self._db.system_read("webhooks due") as connection:
            if connection.execute(_due(self._now()).limit(1)).first() is None:
                return 0
        with self._db.system("claim webhooks") as connection:
            parcels = self._claim(connection)
        for done in [self._pool.submit(self._carry, parcel) for parcel in parcels]:
            done.result()
        return len(parcels)

    def _claim(self, connection: Connection) -> list[Parcel]:
        """What is to be sent now; its rows are ours until the lease ends."""
        now = self._now()
        query = _due(now).limit(AT_ONCE).with_for_update(of=WebhookDelivery, skip_locked=True)
        parcels = [Parcel(**row._mapping) for row in connection.execute(query)]
        ours = WebhookDelivery.id.in_([one.id for one in parcels])
        connection.execute(update(WebhookDelivery).where(ours).values(due_at=now + LEASE))
        return parcels

    def _carry(self, parcel: Parcel) -> None:
        began = time.monotonic()
        status, trouble, wait_s = None, "", None
        try:
            status, wait_s = self._post(parcel)
            if not 200 <= status < 300:
                trouble = f"The receiver answered {status}."
        except (DeliveryError, HubError) as error:
            trouble = str(error)
        except Exception:
            log.exception("A webhook could not be sent.")
            trouble = "The hub could not send it; its log says why."
        took_ms = int((time.monotonic() - began) * 1000)
        self._record(parcel, Outcome(status, trouble, took_ms, wait_s))

    def _post(self, parcel: Parcel) -> tuple[int, int | None]:
        if not parcel.is_wanted:
            raise DeliveryError(INACTIVE)
        with self._db.system_read("practice") as connection:
            if is_practice(connection, parcel.chain_id):
                return 204, None
        place = Place(parcel.chain_id, Webhook.__tablename__, "secret", parcel.webhook_id)
        secret, body = self._vault.open(place, parcel.sealed), parcel.body.encode()
        signed = headers(secret, parcel.event_id, self._now(), body)
        answer = post(parcel.url, body, signed, self._hosts)
        return answer.status, answer.wait_s

    def _record(self, parcel: Parcel, outcome: Outcome) -> None:
        now, attempts = self._now(), parcel.attempts + 1
        is_last = attempts > len(PAUSES_S) or outcome.status == GONE or not parcel.is_wanted
        state = DeliveryState.FAILED if is_last else DeliveryState.WAITING
        values: dict[str, object] = {
            "state": DeliveryState.DELIVERED if outcome.is_delivered else state,
            "attempts": attempts,
            "status": outcome.status,
            "took_ms": outcome.took_ms,
            "trouble": outcome.trouble[:300],
        }
        if values["state"] is DeliveryState.WAITING:
            values["due_at"] = now + self._pause(attempts, outcome.wait_s)
        else:
            values["ended_at"] = now
        whose = update(WebhookDelivery).where(WebhookDelivery.id == parcel.id)
        with self._db.system("record webhook") as connection:
            connection.execute(whose.values(values))

    def _pause(self, attempts: int, wait_s: int | None) -> timedelta:
        pause = PAUSES_S[attempts - 1] * (1 + JITTER * self._chance())
        return timedelta(seconds=max(pause, min(wait_s or 0, PAUSES_S[-1])))


def _due(now: datetime) -> Select[*tuple[Any, ...]]:
    """Columns named as the fields of `Parcel`."""
    row = WebhookDelivery
    return (
        select(
            row.id,
            row.chain_id,
            row.webhook_id,
            row.event_id,
            row.body,
            row.attempts,
            Webhook.url,
            type_coerce(Webhook.secret, Text).label("sealed"),
            Webhook.is_active,
            Webhook.archived_at,
        )
        .join(Webhook, Webhook.id == row.webhook_id)
        .where(row.state == DeliveryState.WAITING, row.due_at <= now)
        .order_by(row.due_at)
    )
