"""What is watched: the registry's series joined with the archive's equipment, for the detectors."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from hub.analytics.stores import StoreClock, clocks
from hub.archive.alert_rules.records import AlertLimit
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.detection.catalog import Catalog, SeriesRow
from hub.ingest.overrides import Overrides
from hub.ingest.shards import Lease
from hub.ingest.tables import SeriesRow as RegistryRow

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Watch:
    """A catalog with the clocks of its stores; `version` changes when any of it does."""

    catalog: Catalog
    clocks: dict[UUID, StoreClock] = field(default_factory=dict)
    version: tuple[object, ...] = ()

    @property
    def chains(self) -> dict[UUID, UUID]:
        return {store_id: clock.chain_id for store_id, clock in self.clocks.items()}

    def zone_of(self, store_id: UUID) -> ZoneInfo:
        clock = self.clocks.get(store_id)
        return clock.zone if clock else _UTC


def load_watch(connection: Connection, before: Watch, lease: Lease | None = None) -> Watch:
    """The watch as it is now, of one shard with a `lease`; the same object when nothing changed."""
    version = _version(connection)
    if version == before.version:
        return before
    equipment = _equipment(connection)
    overrides, rows = Overrides(connection), []
    of_stores = {
        one: clock for one, clock in clocks(connection).items() if not lease or lease.has(one)
    }
    columns = RegistryRow.id, RegistryRow.store_id, RegistryRow.agent_id
    known = select(*columns, RegistryRow.device, RegistryRow.metric)
    if lease:
        known = known.where(RegistryRow.store_id.in_(of_stores))
    for number, store_id, agent_id, device, metric in connection.execute(known):
        machine = equipment.get((store_id, device))
        row = SeriesRow(number, store_id, agent_id, device, metric)
        if machine:
            row = replace(
                row,
                equipment_kind=machine.type,
                setpoint_c=machine.setpoint_c,
                model=_model(machine.model_id, machine.brand, machine.model),
                override=overrides.of(metric, machine),
            )
        rows.append(row)
    return Watch(Catalog(rows), of_stores, version)


def _equipment(connection: Connection) -> dict[tuple[UUID, str | None], Any]:
    """Machines that are in use, by store and device."""
    return {
        (row.store_id, row.device_id): row
        for row in connection.execute(
            select(
                Equipment.id,
                Equipment.chain_id,
                Equipment.store_id,
                Equipment.device_id,
                Equipment.type,
                Equipment.setpoint_c,
                Equipment.model_id,
                Equipment.brand,
                Equipment.model,
            ).where(Equipment.device_id.is_not(None), Equipment.archived_at.is_(None))
        )
    }


def _model(model_id: UUID | None, brand: str | None, model: str | None) -> str | None:
    """What machines that are built alike have in common."""
    if model_id is not None:
        return str(model_id)
    return f"{brand or ''} {model}" if model else None


def _version(connection: Connection) -> tuple[object, ...]:
    newest_series = connection.scalar(select(func.max(RegistryRow.id)))
    found: list[object] = []
    for model in (Equipment, Store, AlertLimit):
        found += connection.execute(select(func.count(model.id), func.max(model.updated_at))).one()
    return (newest_series, *found)
