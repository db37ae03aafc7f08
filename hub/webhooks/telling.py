"""From the logs of the hub to rows for each webhook: read, matched and moved on in one transaction.

A hub that dies in between reads the same again; a delivery is unique by webhook and event, so
nothing is told twice and nothing is left out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, select

from hub.archive.webhooks.records import Webhook
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.upsert import insert_new, replace_row
from hub.webhooks.events import (
    Read,
    Told,
    alert_steps,
    changes,
    end_of_changes,
    looking_back,
    order_steps,
)
from hub.webhooks.models import DeliveryState, WebhookDelivery, WebhookPosition

Log = Callable[[Connection, str], Read]
CHANGES = "changes"
LOGS: Mapping[str, Log] = {
    CHANGES: changes,
    "alerts": alert_steps,
    "orders": order_steps,
}
_DELIVERIES = cast(Table, WebhookDelivery.__table__)
_POSITIONS = cast(Table, WebhookPosition.__table__)


class Teller:
    """Called from one thread. A hub that meets its logs for the first time begins at their end."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._behind: set[str] = set()
        self._seen: dict[str, set[str]] = {}

    def tell(self, now: datetime) -> int:
        """Write down what is to be sent; how many rows."""
        written = 0
        for name, log in LOGS.items():
            while found := self._read(name, log):
                written += self._write(name, found, now)
                if found.is_all:
                    break
        return written

    def _read(self, name: str, log: Log) -> Read | None:
        """What is new; None where there is nothing."""
        with self._db.system_read("webhooks") as connection:
            query = select(WebhookPosition.position).where(WebhookPosition.log == name)
            position = connection.scalar(query)
            if position is None:
                end = end_of_changes(connection) if name == CHANGES else uuid7().hex
                return Read([], end, is_all=True)
            if name == CHANGES:
                found = log(connection, position)
                return found if found.position != position else None
            is_behind = name in self._behind
            found = log(connection, position if is_behind else looking_back(position))
        return self._unseen(name, found, position)

    def _unseen(self, name: str, found: Read, position: str) -> Read | None:
        """Without what was read before, for a log that is read with a look back."""
        (self._behind.discard if found.is_all else self._behind.add)(name)
        seen, now = self._seen.get(name, set()), {one.id for one in found.events}
        self._seen[name] = now
        new = [one for one in found.events if one.id not in seen]
        further = max(position, found.position)
        if not new and further == position and found.is_all:
            return None
        return replace(found, events=new, position=further)

    def _write(self, name: str, found: Read, now: datetime) -> int:
        with self._db.system_read("webhooks") as connection:
            hooks = _active(connection, {one.chain_id for one in found.events})
        rows = list(_rows(found.events, hooks, now))
        with self._db.system("webhooks") as connection:
            if rows:
                connection.execute(insert_new(connection, _DELIVERIES), rows)
            moved = replace_row(connection, _POSITIONS, ["position"])
            connection.execute(moved.values(log=name, position=found.position))
        return len(rows)


def _active(connection: Connection, chains: set[UUID]) -> list[Any]:
    if not chains:
        return []
    columns = (Webhook.id, Webhook.chain_id, Webhook.events, Webhook.of_stores, Webhook.created_at)
    query = select(*columns).where(
        Webhook.chain_id.in_(chains), Webhook.is_active, Webhook.archived_at.is_(None)
    )
    return list(connection.execute(query))


def _rows(
    events: Iterable[Told], hooks: Iterable[Any], now: datetime
) -> Iterable[dict[str, object]]:
    """A webhook hears of what was written after it was made."""
    wanted = [(row, Webhook(events=row.events, of_stores=row.of_stores)) for row in hooks]
    for told in events:
        for row, hook in wanted:
            is_its = row.chain_id == told.chain_id and row.created_at <= told.written_at
            if is_its and hook.wants(told.event, told.store_id):
                yield row_of(told, row.id, now)


def row_of(told: Told, webhook_id: UUID, now: datetime) -> dict[str, object]:
    """A delivery that is due at once."""
    return {
        "id": uuid7(),
        "chain_id": told.chain_id,
        "webhook_id": webhook_id,
        "event_id": told.id,
        "replay": 0,
        "event": told.event,
        "store_id": told.store_id,
        "body": told.body(),
        "state": DeliveryState.WAITING,
        "attempts": 0,
        "created_at": now,
        "due_at": now,
        "trouble": "",
    }
