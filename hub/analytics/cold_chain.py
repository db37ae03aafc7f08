"""The cold-chain log of a store and day: temperatures, excursions and what was done (HACCP).

The figures are of the readings themselves; an excursion is a temperature alert; the corrective
action is what somebody wrote when it was closed or repaired. A day is signed once, by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.alerts.models import Alert, AlertEvent, AlertEventKind
from hub.analytics.stores import StoreClock
from hub.archive.equipment.records import Equipment, EquipmentType
from hub.detection.findings import Rule
from hub.errors import ConflictError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.db import Base, ScopedSession, StoreScoped
from hub.kit.ids import uuid7
from hub.maintenance.models import WorkOrder
from hub.timeseries.port import TimeSeries

AIR = "air_temperature_c"
COLD_TYPES = (EquipmentType.CABINET, EquipmentType.FREEZER, EquipmentType.COLD_ROOM)
_COLD = (Rule.TEMPERATURE_HIGH, Rule.TEMPERATURE_LOW)
_SIGNED = T("这一天已经签过字。", "This day is signed already.")
_EARLY = T("这一天还没有过完。", "This day is not over yet.")


class ColdChainSignature(StoreScoped, Base):
    """Somebody has read the log of a day and stands for it."""

    __tablename__ = "cold_chain_signatures"
    __table_args__ = (UniqueConstraint("store_id", "day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    day: Mapped[date]
    user_id: Mapped[UUID | None]
    user_name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(2000))


@dataclass(frozen=True, slots=True)
class Excursion:
    """Out of its limits; without `until` it still is. `action` is empty until somebody wrote it."""

    alert_id: UUID
    since: datetime
    until: datetime | None
    worst: float | None
    limit: float | None
    action: str
    by: str


@dataclass(frozen=True, slots=True)
class UnitDay:
    """One unit on one day; temperatures are None where nothing was measured."""

    name: str
    code: str
    equipment_id: UUID
    setpoint_c: float | None
    low_c: float | None
    high_c: float | None
    mean_c: float | None
    readings: int
    excursions: tuple[Excursion, ...]


def log_of(
    session: ScopedSession,
    timeseries: TimeSeries,
    series_of: "dict[str, int]",
    clock: StoreClock,
    day: date,
) -> list[UnitDay]:
    """Every cold unit of the store; `series_of` gives the series of the air of a device."""
    start, end = clock.start_of(day), clock.start_of(day + timedelta(days=1))
    units = session.scalars(
        select(Equipment)
        .where(
            Equipment.store_id == clock.store_id,
            Equipment.type.in_(COLD_TYPES),
            Equipment.archived_at.is_(None),
        )
        .order_by(Equipment.code)
    ).all()
    known = figures(timeseries, list(series_of.values()), start, end)
    out = excursions(session, clock.store_id, start, end)
    found = []
    for unit in units:
        number = series_of.get(unit.device_id or "")
        low, high, mean, count = known.get(number, _NOTHING) if number else _NOTHING
        found.append(
            UnitDay(
                unit.name,
                unit.code,
                unit.id,
                unit.setpoint_c,
                low,
                high,
                mean,
                count,
                tuple(out.get(unit.device_id or "", ())),
            )
        )
    return found


_Figures = tuple[float | None, float | None, float | None, int]
_NOTHING: _Figures = (None, None, None, 0)


def figures(
    timeseries: TimeSeries, series: Sequence[int], start: datetime, end: datetime
) -> dict[int, _Figures]:
    """Lowest, highest, mean and number of readings of each series that has some."""
    if not series:
        return {}
    edges = np.array([int(start.timestamp() * 1000), int(end.timestamp() * 1000)], np.int64)
    found = timeseries.buckets(sorted(series), edges)
    return {
        int(number): (
            float(found.min[row, 0]),
            float(found.max[row, 0]),
            float(found.mean[row, 0]),
            int(found.count[row, 0]),
        )
        for row, number in enumerate(found.series)
        if found.count[row, 0]
    }


def excursions(
    session: ScopedSession, store_id: UUID, start: datetime, end: datetime
) -> dict[str, list[Excursion]]:
    """When a store's cold units were out of their limits, by device."""
    alerts = session.scalars(
        select(Alert)
        .where(
            Alert.store_id == store_id,
            Alert.rule.in_(_COLD),
            Alert.began_at < end,
            or_(Alert.closed_at.is_(None), Alert.closed_at > start),
        )
        .order_by(Alert.began_at)
    ).all()
    done = _actions(session, [one.id for one in alerts])
    found: dict[str, list[Excursion]] = {}
    for one in alerts:
        action, by = done.get(one.id, ("", ""))
        worst, limit = one.evidence.get("value"), one.evidence.get("limit")
        made = Excursion(one.id, one.began_at, one.closed_at, worst, limit, action, by)
        found.setdefault(one.device or "", []).append(made)
    return found


def _actions(session: ScopedSession, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """What was done about each: the remedy of its order, or the words it was closed with."""
    if not ids:
        return {}
    closed = select(AlertEvent).where(
        AlertEvent.alert_id.in_(ids),
        AlertEvent.kind == AlertEventKind.RESOLVED,
        AlertEvent.note != "",
    )
    found = {one.alert_id: (one.note, one.user_name) for one in session.scalars(closed)}
    repaired = select(WorkOrder).where(WorkOrder.alert_id.in_(ids), WorkOrder.remedy != "")
    for order in session.scalars(repaired):
        if order.alert_id:
            found[order.alert_id] = (f"#{order.number} {order.remedy}", order.signed_by)
    return found


def signature(session: ScopedSession, store_id: UUID, day: date) -> ColdChainSignature | None:
    found = select(ColdChainSignature).where(
        ColdChainSignature.store_id == store_id, ColdChainSignature.day == day
    )
    return session.scalars(found).first()


def sign(session: ScopedSession, clock: StoreClock, day: date, note: str) -> ColdChainSignature:
    """Stand for the log of a day that is over; ConflictError where it is signed already."""
    if clock.start_of(day + timedelta(days=1)) > utc_now():
        raise ConflictError(_EARLY)
    if signature(session, clock.store_id, day) is not None:
        raise ConflictError(_SIGNED)
    asker = asker_of(session)
    made = ColdChainSignature(
        store_id=clock.store_id,
        day=day,
        user_id=asker.user_id,
        user_name=asker.name,
        at=utc_now(),
        note=note[:2000],
    )
    session.add(made)
    session.flush()
    return made
