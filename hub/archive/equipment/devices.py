"""Which device of an agent reads which equipment, now and before (EDG-11).

Equipment names its device in `device_id`; its history knows every device that it ever named, so a
swap is a change like any other, and what the old device read stays with the equipment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Mapped

from hub.archive.equipment.records import Equipment
from hub.errors import T
from hub.kit.db import Record, ScopedSession, StoreScoped
from hub.kit.records.apply import Change, apply
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import ADVANCED, FILTER, KEY, LIST, SEARCH, TITLE, long_text, reference
from hub.kit.records.kinds import text as text_field
from hub.kit.records.log import ChangeLog
from hub.kit.session import SYSTEM

_OPTIONS = {SYSTEM: "devices of equipment"}


class StoreDevice(StoreScoped, Record):
    """A device that reads the store itself, such as a weather station or the whole mains."""

    __tablename__ = "store_devices"
    __record__ = RecordType(
        label=T("门店级设备号", "Devices of the store"),
        one=T("门店级设备号", "Device of the store"),
        rights="equipment",
        order="device",
        start=T(
            "不属于某台设备的读数在这里登记。",
            "Register devices that belong to no equipment in particular.",
        ),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    device: Mapped[str] = text_field(
        "终端设备号", "Device id", LIST | SEARCH | KEY | TITLE, max=128
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)


@dataclass(frozen=True, slots=True)
class Period:
    """A device read this equipment in [since, until); None is open."""

    device: str
    since: datetime | None
    until: datetime | None


def periods(session: ScopedSession, machines: Iterable[UUID]) -> dict[UUID, list[Period]]:
    """Every device that this equipment ever had, in their order; the first also before its time."""
    wanted = (
        select(ChangeLog.record_id, ChangeLog.at, ChangeLog.values)
        .where(
            ChangeLog.record_id.in_(list(machines)),
            ChangeLog.record_type == Equipment.__tablename__,
            ChangeLog.chain_id == session.scope.chain_id,
        )
        .order_by(ChangeLog.record_id, ChangeLog.seq)
    )
    found: dict[UUID, list[Period]] = {}
    for row in session.execute(wanted, execution_options=_OPTIONS):
        if "device_id" not in row.values:
            continue
        mine = found.setdefault(row.record_id, [])
        if mine and mine[-1].until is None:
            mine[-1] = Period(mine[-1].device, mine[-1].since, row.at)
        if device := row.values["device_id"][1]:
            mine.append(Period(device, row.at if mine else None, None))
    return found


def bound(session: ScopedSession, store_ids: Sequence[UUID]) -> dict[tuple[UUID, str], Equipment]:
    """The equipment of each device that is in use, by store and device."""
    query = select(Equipment).where(
        Equipment.store_id.in_(store_ids),
        Equipment.device_id.is_not(None),
        Equipment.archived_at.is_(None),
    )
    return {(one.store_id, one.device_id or ""): one for one in session.scalars(query)}


def of_stores(session: ScopedSession, store_ids: Sequence[UUID]) -> set[tuple[UUID, str]]:
    """What was said to read the store itself."""
    query = select(StoreDevice.store_id, StoreDevice.device).where(
        StoreDevice.store_id.in_(store_ids), StoreDevice.archived_at.is_(None)
    )
    return {(row.store_id, row.device) for row in session.execute(query)}


def replaced(
    session: ScopedSession, store_ids: Sequence[UUID]
) -> Mapping[tuple[UUID, str], tuple[Equipment, datetime]]:
    """Devices that equipment had before, and until when."""
    query = select(Equipment).where(Equipment.store_id.in_(store_ids))
    machines = {one.id: one for one in session.scalars(query)}
    found: dict[tuple[UUID, str], tuple[Equipment, datetime]] = {}
    for machine_id, all_of_it in periods(session, machines).items():
        machine = machines[machine_id]
        for one in all_of_it:
            if one.until is not None and one.device != machine.device_id:
                found[machine.store_id, one.device] = machine, one.until
    return found


def bind(session: ScopedSession, machine: Equipment, device: str) -> None:
    """From now on this device reads this equipment; what it had before is its past."""
    before = machine.device_id
    reason = f"{before} → {device}" if before else ""
    apply(session, Equipment, Change(machine.id, {"device_id": device}, reason=reason))
