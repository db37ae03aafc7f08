"""Alerts of what somebody works at: shelved until the maintenance window ends, nobody is called."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from hub.alerts.families import Place
from hub.alerts.models import AlertEventKind, AlertStatus
from hub.alerts.rows import AlertState, Batch
from hub.archive.alert_rules.records import MaintenanceWindow
from hub.archive.equipment.records import Equipment


@dataclass(frozen=True, slots=True)
class Window:
    """Somebody works at a device, or (None) in the whole store."""

    store_id: UUID
    equipment_id: UUID | None
    device: str | None
    starts_at: datetime
    ends_at: datetime
    name: str

    def covers(self, place: Place) -> bool:
        is_here = place.store_id == self.store_id
        return is_here and (self.equipment_id is None or self.device == place.device)


def windows(
    connection: Connection, store_ids: Iterable[UUID], since: datetime, until: datetime
) -> list[Window]:
    """The windows of these stores that touch a span of time, the longest first."""
    table = MaintenanceWindow.__table__
    found = (
        select(
            table.c.store_id,
            table.c.equipment_id,
            Equipment.device_id,
            table.c.starts_at,
            table.c.ends_at,
            table.c.name,
        )
        .select_from(table)
        .outerjoin(Equipment, Equipment.id == table.c.equipment_id)
        .where(
            table.c.archived_at.is_(None),
            table.c.store_id.in_(list(store_ids)),
            table.c.starts_at <= until,
            table.c.ends_at > since,
        )
        .order_by(table.c.ends_at.desc())
    )
    return [Window(*row) for row in connection.execute(found)]


def shelve(batch: Batch, alert: AlertState, known: Sequence[Window]) -> bool:
    """Put an alert aside where a window covers it; whether one does."""
    window = next((one for one in known if one.covers(alert.place)), None)
    if window is None:
        return False
    before = alert.status
    alert.status, alert.shelved_until = AlertStatus.SHELVED, window.ends_at
    alert.step_at = None
    detail = {"until": window.ends_at.isoformat(), "before": before}
    batch.tell(alert, AlertEventKind.SHELVED, detail, note=window.name)
    return True


def spans_of(
    known: Iterable[Window], machines: Iterable[tuple[UUID, UUID]]
) -> Mapping[UUID, list[tuple[int, int]]]:
    """When somebody works at machines (id, store), in ms, by machine."""
    windows_here = list(known)
    return {
        machine_id: [
            (int(one.starts_at.timestamp() * 1000), int(one.ends_at.timestamp() * 1000))
            for one in windows_here
            if one.store_id == store_id and one.equipment_id in (None, machine_id)
        ]
        for machine_id, store_id in machines
    }
