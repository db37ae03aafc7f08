"""/work-orders/plan: what is due next, what to replace within a year, which warranties end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.equipment.records import Equipment, EquipmentModel, EquipmentStatus
from hub.archive.stores.records import Store
from hub.ingest.run_hours import run_hours_of
from hub.maintenance import planning, service
from hub.maintenance.figures import reliability
from hub.maintenance.models import WorkOrder
from hub.maintenance.planning import Due
from hub.maintenance.service import OrderQuery
from hub.web.deps import CurrentUser, Hub, ReadSession, require
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])

YEAR = timedelta(days=365)
SOON = timedelta(days=90)


@dataclass(frozen=True)
class Replacement:
    """A machine that should be replaced within a year: its life ends, or repairs cost too much."""

    machine: Equipment
    store: str
    ends_on: date | None
    repairs_minor: int
    is_costly: bool


@dataclass(frozen=True)
class DueRow:
    """A plan at a machine."""

    due: Due
    store: str
    is_late: bool


@router.get("/work-orders/plan")
def show_plan(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser
) -> Response:
    machines = session.scalars(
        select(Equipment).where(
            Equipment.archived_at.is_(None), Equipment.status == EquipmentStatus.IN_USE
        )
    ).all()
    stores = {one.id: one.name for one in session.scalars(select(Store))}
    found = planning.dues(session, run_hours_of(services.registry, services.last), machines)
    rows = [
        DueRow(one, stores.get(one.machine.store_id, ""), _is_late(one, view.now)) for one in found
    ]
    lives = {one.id: one.service_life_months for one in session.scalars(select(EquipmentModel))}
    orders = service.find(session, OrderQuery(size=5000))
    replaced = _replacements(machines, stores, lives, (orders, view.now))
    today = view.now.date()
    ending = [
        (one, stores.get(one.store_id, ""))
        for one in machines
        if one.warranty_until and today <= one.warranty_until <= today + SOON
    ]
    return view.page(
        "maintenance.html",
        rows=sorted(rows, key=lambda row: _order(row.due, view.now))[:200],
        replaced=replaced,
        total_minor=sum(one.machine.cost_minor or 0 for one in replaced),
        sees_costs=actor.may("equipment.cost"),
        ending=sorted(ending, key=lambda pair: pair[0].warranty_until or today),
        may_edit=actor.may("maintenance_plans.create"),
    )


def _is_late(one: Due, now: datetime) -> bool:
    by_day = one.due_at is not None and one.due_at < now
    return by_day or (one.hours_left is not None and one.hours_left <= 0)


def _order(one: Due, now: datetime) -> datetime:
    """The soonest first; by hours alone: as if it ran half of the time."""
    days = [one.due_at] if one.due_at else []
    if one.hours_left is not None:
        days.append(now + timedelta(hours=max(one.hours_left, 0) * 2))
    return min(days) if days else now + 10 * YEAR


def _replacements(
    machines: Sequence[Equipment],
    stores: dict[UUID, str],
    lives: dict[UUID, int | None],
    told: tuple[Sequence[WorkOrder], datetime],
) -> list[Replacement]:
    orders, now = told
    of_machine: dict[UUID, list[WorkOrder]] = {}
    for order in orders:
        if order.equipment_id:
            of_machine.setdefault(order.equipment_id, []).append(order)
    found = []
    for one in machines:
        figures = reliability(of_machine.get(one.id, []), now - YEAR, now)
        is_costly = figures.should_replace(one.cost_minor)
        months = one.service_life_months or lives.get(one.model_id or one.id)
        ends_on = life_ends(one.purchased_on, months)
        is_old = ends_on is not None and ends_on <= now.date() + YEAR
        if is_costly or is_old:
            store = stores.get(one.store_id, "")
            found.append(Replacement(one, store, ends_on, figures.cost_minor, is_costly))
    return sorted(found, key=lambda one: one.ends_on or now.date())


def life_ends(purchased_on: date | None, months: int | None) -> date | None:
    """The day on which a machine has served its time."""
    if purchased_on is None or not months:
        return None
    year, month = divmod(purchased_on.year * 12 + purchased_on.month - 1 + months, 12)
    return date(year, month + 1, min(purchased_on.day, 28))
