"""Work orders as the rows of a list, of the board, and of a machine's history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hub.alerts.models import Alert
from hub.alerts.playbook import PLAYBOOK
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.detection.findings import Severity
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.maintenance import service
from hub.maintenance.models import WorkOrder
from hub.security.records import User
from hub.web.language import say
from hub.web.pages.alert_rows import title_of
from hub.web.rendering import View

M = TypeVar("M", Store, Equipment, User, Alert)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order in a list or on the board."""

    order: WorkOrder
    title: str
    severity: str
    status: str
    store: str
    machine: str
    who: str
    is_late: bool
    due_at: datetime
    zone: ZoneInfo


def rows_of(session: ScopedSession, found: Sequence[WorkOrder], view: View) -> list[OrderRow]:
    stores = by_id(session, Store, {one.store_id for one in found})
    machines = by_id(session, Equipment, {one.equipment_id for one in found if one.equipment_id})
    users = by_id(session, User, {one.assigned_to for one in found if one.assigned_to})
    alerts = by_id(session, Alert, {one.alert_id for one in found if one.alert_id})
    titles = {one.id: PLAYBOOK[one.rule_name].title for one in alerts.values()}
    return [_row(one, stores, machines, users, titles=titles, view=view) for one in found]


def by_id(session: ScopedSession, model: type[M], ids: set[UUID]) -> dict[UUID, M]:
    return {one.id: one for one in session.scalars(select(model).where(model.id.in_(ids)))}


def _row(
    one: WorkOrder,
    stores: Mapping[UUID, Store],
    machines: Mapping[UUID, Equipment],
    users: Mapping[UUID, User],
    *,
    titles: Mapping[UUID, T],
    view: View,
) -> OrderRow:
    store = stores.get(one.store_id)
    machine = machines.get(one.equipment_id) if one.equipment_id else None
    person = users.get(one.assigned_to) if one.assigned_to else None
    due_at = one.finish_by if one.accepted_at else one.respond_by
    what = titles.get(one.alert_id) if one.alert_id else None
    name = machine.name if machine else one.title
    return OrderRow(
        order=one,
        title=title_of(name, what, view.language) if what else one.title,
        severity=Severity(one.severity).word,
        status=say(view.language, service.NAMES[one.order_status]),
        store=store.name if store else "",
        machine=machine.name if machine else "",
        who=person.name if person else one.contractor,
        is_late=one.is_open and one.done_at is None and view.now > due_at,
        due_at=due_at,
        zone=ZoneInfo(store.zone if store else "Asia/Shanghai"),
    )
