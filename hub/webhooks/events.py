"""What other systems hear of: changes of records, steps of alerts and of work orders.

These logs are written in the transaction of what they tell, so they are the outbox: whatever was
committed is told, and nothing else. An event is thin: what happened to which thing, when and where.
Values are fetched with a token, whose rights decide what may be seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, func, select

from hub.alerts.models import Alert, AlertEvent, AlertEventKind
from hub.archive.catalogue import RECORD_TYPES
from hub.archive.webhooks.records import Webhook
from hub.detection.findings import Severity
from hub.kit.records.declare import path_of
from hub.kit.records.log import ChangeLog
from hub.maintenance.models import OrderEvent, WorkOrder

AT_ONCE = 500
LOOK_BACK_MS = 15_000
"""Ids of alerts' and orders' rows follow the clock, not the order of commits."""
QUIET = (AlertEventKind.COMMENTED, AlertEventKind.NOTIFIED)
_PATHS = {model.__tablename__: path_of(model) for model in RECORD_TYPES}
_PATHS.pop(Webhook.__tablename__)  # nobody is told how others are told


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened; `event` is `<noun>.<what>`.

    `at` is when it happened, by the readings; `written_at` is when the hub wrote it down.
    """

    id: str
    chain_id: UUID
    store_id: UUID | None
    event: str
    at: datetime
    written_at: datetime
    about: dict[str, Any]

    def body(self) -> str:
        told = {
            "id": self.id,
            "event": self.event,
            "at": self.at,
            "store_id": self.store_id,
            "data": self.about,
        }
        return orjson.dumps(told, option=orjson.OPT_UTC_Z).decode()


@dataclass(frozen=True, slots=True)
class Read:
    """Events of one log, and the position behind them."""

    events: list[Told]
    position: str
    is_all: bool


def changes(connection: Connection, position: str) -> Read:
    """Records that were made, changed, archived, restored, or had an action done to them."""
    rows = connection.execute(
        select(
            ChangeLog.seq,
            ChangeLog.chain_id,
            ChangeLog.store_id,
            ChangeLog.at,
            ChangeLog.record_type,
            ChangeLog.record_id,
            ChangeLog.action,
            ChangeLog.version,
            ChangeLog.values,
        )
        .where(ChangeLog.seq > int(position))
        .order_by(ChangeLog.seq)
        .limit(AT_ONCE)
    ).all()
    events = [_change(row) for row in rows if row.record_id and row.record_type in _PATHS]
    return Read(events, str(rows[-1].seq) if rows else position, len(rows) < AT_ONCE)


def _change(row: Any) -> Told:
    path = _PATHS[row.record_type]
    about = {
        "type": path,
        "id": row.record_id,
        "version": row.version,
        "changed": sorted(row.values),
        "url": f"/api/v1/{path}/{row.record_id}",
    }
    event = f"{path}.{row.action}"
    return Told(f"change-{row.seq}", row.chain_id, row.store_id, event, row.at, row.at, about)


def alert_steps(connection: Connection, position: str) -> Read:
    """What happened to alerts, but for what people only said."""
    more = (AlertEvent.alert_id, Alert.rule, Alert.severity, Alert.status, Alert.source)
    query = _newer(AlertEvent, position).join(Alert, Alert.id == AlertEvent.alert_id)
    rows = connection.execute(query.add_columns(*more)).all()
    return _read([_alert(row) for row in rows if row.kind not in QUIET], rows, position)


def order_steps(connection: Connection, position: str) -> Read:
    """What happened to work orders."""
    more = (OrderEvent.order_id, WorkOrder.number, WorkOrder.status, WorkOrder.equipment_id)
    query = _newer(OrderEvent, position).join(WorkOrder, WorkOrder.id == OrderEvent.order_id)
    rows = connection.execute(query.add_columns(*more)).all()
    return _read([_order(row) for row in rows], rows, position)


def _newer(table: type[AlertEvent] | type[OrderEvent], position: str) -> Any:
    columns = (table.id, table.chain_id, table.store_id, table.kind, table.at)
    return select(*columns).where(table.id > UUID(position)).order_by(table.id).limit(AT_ONCE)


def _read(events: list[Told], rows: Sequence[Any], position: str) -> Read:
    return Read(events, rows[-1].id.hex if rows else position, len(rows) < AT_ONCE)


def looking_back(position: str) -> str:
    """A position some seconds earlier, for what was committed later than its id tells."""
    earlier = max(0, (UUID(position).int >> 80) - LOOK_BACK_MS)
    return UUID(int=earlier << 80).hex


def end_of_changes(connection: Connection) -> str:
    return str(connection.scalar(select(func.max(ChangeLog.seq))) or 0)


def _alert(row: Any) -> Told:
    about = {
        "id": row.alert_id,
        "rule": row.rule,
        "severity": Severity(row.severity).word,
        "status": row.status,
        "source": row.source,
        "url": f"/api/v1/alerts/{row.alert_id}",
    }
    return _step(row, f"alerts.{row.kind}", about)


def _order(row: Any) -> Told:
    about = {
        "id": row.order_id,
        "number": row.number,
        "status": row.status,
        "equipment_id": row.equipment_id,
        "url": f"/api/v1/work-orders/{row.order_id}",
    }
    return _step(row, f"work-orders.{row.kind}", about)


def _step(row: Any, event: str, about: dict[str, Any]) -> Told:
    written = datetime.fromtimestamp((row.id.int >> 80) / 1000, UTC)
    return Told(str(row.id), row.chain_id, row.store_id, event, row.at, written, about)


def names() -> Iterator[str]:
    """Every noun of an event, for people who choose."""
    yield from ("alerts", "work-orders")
    yield from (path for path in _PATHS.values())
