"""Preventive orders by calendar and by running hours, made some days before they are due.

A plan counts from its last order at the machine that was done, else from the day the machine was
bought or registered. While one of its orders is open, no other is made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid5

from sqlalchemy import select

from hub.archive.equipment.records import Equipment, EquipmentStatus
from hub.archive.plans.records import MaintenancePlan
from hub.detection.findings import Severity
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Database, Scope, ScopedSession
from hub.maintenance import service
from hub.maintenance.models import OrderKind, OrderStatus, WorkOrder

EVERY_S = 600.0
RunHours = Callable[[UUID, str], float | None]
"""Hours that a store's device has run by its own counter; None: it has none."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a maintenance plan asks of one machine; `sent_id` makes it one order."""

    plan_id: UUID
    sent_id: UUID
    title: str
    tasks: tuple[str, ...]
    finish_by: datetime
    run_hours: float | None


def open_planned(session: ScopedSession, machine: Equipment, plan: Planned) -> WorkOrder:
    """The order of a plan; the one there is, where it was made already."""
    known = session.scalar(select(WorkOrder).where(WorkOrder.sent_id == plan.sent_id))
    if known is not None:
        return known
    order = service.new_order(session, machine.store_id, machine, Severity.LOW, utc_now())
    order.kind, order.title = OrderKind.PREVENTIVE, plan.title[:200]
    order.plan_id, order.sent_id, order.run_hours = plan.plan_id, plan.sent_id, plan.run_hours
    order.respond_by, order.finish_by = min(order.respond_by, plan.finish_by), plan.finish_by
    blank = {"is_required": True, "is_done": False, "note": ""}
    order.checklist = [blank | {"zh": task, "en": task} for task in plan.tasks]
    session.add(order)
    session.flush()
    service.note(session, order, "created", "")
    return order


@dataclass(frozen=True, slots=True)
class Due:
    """A plan at a machine: when it is due by the calendar, and the share of its hours that ran."""

    plan: MaintenancePlan
    machine: Equipment
    due_at: datetime | None
    run_hours: float | None
    hours_left: float | None
    is_open: bool

    def is_due(self, now: datetime) -> bool:
        """Whether its order should be there by now."""
        lead = timedelta(days=self.plan.lead_days)
        by_day = self.due_at is not None and now >= self.due_at - lead
        return by_day or (self.hours_left is not None and self.hours_left <= 0)


def dues(
    session: ScopedSession, run_hours: RunHours, machines: Sequence[Equipment] | None = None
) -> list[Due]:
    """Every active plan at every machine that it is for."""
    plans = session.scalars(
        select(MaintenancePlan).where(
            MaintenancePlan.archived_at.is_(None), MaintenancePlan.is_active.is_(True)
        )
    ).all()
    if not plans:
        return []
    in_use = select(Equipment).where(
        Equipment.archived_at.is_(None), Equipment.status == EquipmentStatus.IN_USE
    )
    known = machines if machines is not None else session.scalars(in_use).all()
    orders = session.scalars(
        select(WorkOrder)
        .where(WorkOrder.plan_id.in_([plan.id for plan in plans]))
        .order_by(WorkOrder.created_at)
    ).all()
    newest = {(one.plan_id, one.equipment_id): one for one in orders if _counts(one)}
    return [
        _due(plan, machine, newest.get((plan.id, machine.id)), run_hours)
        for plan in plans
        for machine in known
        if _fits(plan, machine)
    ]


def _counts(order: WorkOrder) -> bool:
    return order.order_status is not OrderStatus.CANCELLED


def _fits(plan: MaintenancePlan, machine: Equipment) -> bool:
    return (
        plan.for_equipment_id in (None, machine.id)
        and plan.for_model_id in (None, machine.model_id)
        and plan.for_type in (None, machine.type)
    )


def _due(
    plan: MaintenancePlan, machine: Equipment, last: WorkOrder | None, run_hours: RunHours
) -> Due:
    begun = machine.created_at
    if machine.purchased_on:
        begun = datetime.combine(machine.purchased_on, time(), UTC)
    done_at = last.done_at if last is not None else None
    due_at = (done_at or begun) + timedelta(days=plan.every_days) if plan.every_days else None
    ran = run_hours(machine.store_id, machine.device_id) if machine.device_id else None
    left = None
    if plan.every_run_hours and ran is not None:
        before = (last.run_hours if last is not None else None) or 0.0
        left = plan.every_run_hours - (ran - before if ran >= before else ran)
    is_open = last is not None and done_at is None
    if last is not None and is_open:
        due_at = last.finish_by
    return Due(plan, machine, due_at, ran, left, is_open)


def make_orders(session: ScopedSession, run_hours: RunHours, now: datetime) -> int:
    """Make the orders that are due and not there yet; how many."""
    made = 0
    for one in dues(session, run_hours):
        if not one.is_open and one.is_due(now):
            open_planned(session, one.machine, _planned(one, now))
            made += 1
    return made


def _planned(one: Due, now: datetime) -> Planned:
    finish_by = max(one.due_at or now, now + timedelta(days=1))
    day = f"{one.machine.id}/{finish_by.date()}"
    lines = tuple(line.strip() for line in one.plan.tasks.splitlines() if line.strip())
    return Planned(
        plan_id=one.plan.id,
        sent_id=uuid5(one.plan.id, day),
        title=f"{one.machine.name}：{one.plan.name}",
        tasks=lines,
        finish_by=finish_by,
        run_hours=one.run_hours,
    )


def plan(db: Database, run_hours: RunHours, now: datetime | None = None) -> int:
    """Look at every chain; how many orders were made."""
    at = now or utc_now()
    table = MaintenancePlan.__table__
    with db.system_read("maintenance plans") as connection:
        found = select(table.c.chain_id).where(table.c.archived_at.is_(None)).distinct()
        chains = list(connection.execute(found).scalars())
    return sum(_of_chain(db, chain_id, run_hours, at) for chain_id in chains)


def _of_chain(db: Database, chain_id: UUID, run_hours: RunHours, now: datetime) -> int:
    scope = Scope(chain_id, None)
    with db.read(scope) as session:
        due = [one for one in dues(session, run_hours) if one.is_due(now) and not one.is_open]
    if not due:
        return 0
    with db.write(scope) as session:
        bind_asker(session, Asker.hub("maintenance plans"))
        return make_orders(session, run_hours, now)
