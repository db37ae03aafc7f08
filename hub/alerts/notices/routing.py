"""Who hears of an alert at which step: the narrowest route that fits, then whom that means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, or_, select

from hub.alerts.rows import AlertState
from hub.archive.duty.records import Level, NoticeRoute, NoticeStep, OnCallShift, Shift, Whom
from hub.archive.stores.hours import is_open, parse
from hub.archive.stores.records import Store
from hub.detection.findings import Rule, Severity
from hub.security.models import Role, UserRole
from hub.security.records import User

LEVELS = {
    Level.LOW: Severity.LOW,
    Level.MEDIUM: Severity.MEDIUM,
    Level.HIGH: Severity.HIGH,
    Level.CRITICAL: Severity.CRITICAL,
}
BUSINESS = (
    Rule.TRAFFIC_DROP,
    Rule.TRAFFIC_SPIKE,
    Rule.SALES_DROP,
    Rule.SALES_SPIKE,
    Rule.STORE_QUIET,
    Rule.EXPIRING,
)


@dataclass(frozen=True, slots=True)
class Step:
    """Whom, and how long after the step before."""

    whom: Whom
    after: timedelta


def _ladder(*steps: tuple[Whom, int]) -> tuple[Step, ...]:
    return tuple(Step(whom, timedelta(minutes=minutes)) for whom, minutes in steps)


EQUIPMENT_LADDER = _ladder(
    (Whom.ON_CALL, 0), (Whom.BACKUP, 10), (Whom.STORE_MANAGER, 10), (Whom.HQ_MANAGER, 20)
)
BUSINESS_LADDER = _ladder((Whom.STORE_MANAGER, 0), (Whom.HQ_MANAGER, 60))
BUYING_LADDER = _ladder((Whom.PURCHASER, 0))  # that store's purchaser and nobody else (ALR-01)


def steps_for(connection: Connection, alert: AlertState, now: datetime) -> Sequence[Step]:
    """The ladder of an alert: of its narrowest route, or the one that comes with the hub."""
    table = NoticeRoute.__table__
    store_id = alert.place.store_id
    found = connection.execute(
        select(table).where(
            table.c.chain_id == alert.chain_id,
            table.c.archived_at.is_(None),
            or_(table.c.for_store_id.is_(None), table.c.for_store_id == store_id),
        )
    )
    fitting = [row for row in found if _fits(row, alert, _is_open(connection, store_id, now))]
    if fitting:
        return _steps_of(connection, max(fitting, key=_narrowness).id)
    if alert.place.rule is Rule.STOCK_LOW:
        return BUYING_LADDER
    return BUSINESS_LADDER if alert.place.rule in BUSINESS else EQUIPMENT_LADDER


def _fits(row: Row[Any], alert: AlertState, is_open_now: bool) -> bool:
    if not row.rules and alert.place.rule is Rule.STOCK_LOW:
        return False  # its own ladder, unless a route names it
    if row.rules and alert.place.rule.value not in row.rules:
        return False
    if alert.severity < LEVELS[row.from_level]:
        return False
    return row.shift is Shift.ALWAYS or (row.shift is Shift.OPEN) == is_open_now


def _narrowness(row: Row[Any]) -> tuple[bool, bool, int, bool]:
    has_store = row.for_store_id is not None
    return has_store, bool(row.rules), int(LEVELS[row.from_level]), row.shift is not Shift.ALWAYS


def _steps_of(connection: Connection, route_id: UUID) -> Sequence[Step]:
    table = NoticeStep.__table__
    rows = select(table).where(table.c.route_id == route_id).order_by(table.c.position)
    found = [Step(row.whom, timedelta(minutes=row.after_min)) for row in connection.execute(rows)]
    return found or EQUIPMENT_LADDER


def _is_open(connection: Connection, store_id: UUID, now: datetime) -> bool:
    row = connection.execute(
        select(Store.opening_hours, Store.zone).where(Store.id == store_id)
    ).first()
    return row is None or is_open(parse(row.opening_hours), now.astimezone(ZoneInfo(row.zone)))


def people_of(
    connection: Connection, alert: AlertState, whom: Whom, now: datetime
) -> Sequence[UUID]:
    """Active people that a step means for this alert; on call without a calendar: technicians."""
    if whom in (Whom.ON_CALL, Whom.BACKUP):
        on_call = _on_call(connection, alert, now, is_backup=whom is Whom.BACKUP)
        if on_call or whom is Whom.BACKUP:
            return on_call
        whom = Whom.TECHNICIAN
    near, far = _with_role(connection, alert, whom.value)
    if whom is Whom.PURCHASER and not near and not far:
        return people_of(connection, alert, Whom.STORE_MANAGER, now)
    return near or far


def _on_call(
    connection: Connection, alert: AlertState, now: datetime, *, is_backup: bool
) -> list[UUID]:
    rows = connection.execute(
        select(OnCallShift.user_id, OnCallShift.for_store_id)
        .join(User, User.id == OnCallShift.user_id)
        .where(
            OnCallShift.chain_id == alert.chain_id,
            OnCallShift.archived_at.is_(None),
            User.archived_at.is_(None),
            OnCallShift.is_backup == is_backup,
            OnCallShift.starts_at <= now,
            OnCallShift.ends_at > now,
            or_(
                OnCallShift.for_store_id.is_(None),
                OnCallShift.for_store_id == alert.place.store_id,
            ),
        )
    ).all()
    own = [row.user_id for row in rows if row.for_store_id is not None]
    return sorted(set(own or [row.user_id for row in rows]), key=str)


def _with_role(
    connection: Connection, alert: AlertState, code: str
) -> tuple[list[UUID], list[UUID]]:
    """People with a role in this store, and those who have it in the whole chain."""
    rows = connection.execute(
        select(UserRole.user_id, UserRole.store_id)
        .join(Role, Role.id == UserRole.role_id)
        .join(User, User.id == UserRole.user_id)
        .where(
            UserRole.chain_id == alert.chain_id,
            Role.code == code,
            User.archived_at.is_(None),
            or_(UserRole.store_id.is_(None), UserRole.store_id == alert.place.store_id),
        )
    ).all()
    near = sorted({row.user_id for row in rows if row.store_id is not None}, key=str)
    far = sorted({row.user_id for row in rows if row.store_id is None}, key=str)
    return near, far
