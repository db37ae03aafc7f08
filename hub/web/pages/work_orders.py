"""/work-orders: list and board, the order of a phone, a fault in two taps, labels to scan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.alerts import people
from hub.alerts.models import Alert
from hub.alerts.playbook import PLAYBOOK
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.detection.findings import Severity
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.kit.files.models import StoredFile
from hub.kit.records.access import load
from hub.maintenance import posting, service
from hub.maintenance.figures import Reliability, reliability
from hub.maintenance.models import OPEN, OrderStatus, WorkOrder
from hub.maintenance.service import Fault, OrderQuery, Report
from hub.security.actor import Actor
from hub.security.records import User
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.language import Language, say
from hub.web.orders_live import announce_order
from hub.web.pages.alert_rows import title_of
from hub.web.pages.labels import qr_svg
from hub.web.pages.machine_charts import charts_of
from hub.web.pages.order_photos import owner_of
from hub.web.rendering import View
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])

YEAR = timedelta(days=365)
COLUMNS = (
    (T("待派工", "New"), (OrderStatus.NEW,)),
    (T("已派工", "Assigned"), (OrderStatus.ASSIGNED, OrderStatus.ACCEPTED)),
    (T("处理中", "In work"), (OrderStatus.ON_THE_WAY, OrderStatus.WORKING, OrderStatus.WAITING)),
    (T("待验收", "To verify"), (OrderStatus.DONE,)),
)
SHOWN = {
    "open": T("未结束", "Open"),
    "mine": T("我的", "Mine"),
    "all": T("全部", "All"),
}
HAPPENED = {
    "created": T("开单", "Made"),
    "declined": T("拒单", "Declined"),
    "part": T("用料", "Part used"),
    "photo": T("照片", "Photo"),
}
FAULTS = (
    T("不制冷", "Does not cool"),
    T("异响", "Strange noise"),
    T("漏水", "Leaks"),
    T("不通电", "No power"),
    T("损坏", "Broken"),
)
ASSIGN = "work_orders.create"
M = TypeVar("M", Store, Equipment, User, Alert)
Text = Annotated[str, Form(max_length=service.TEXT_LENGTH)]
Whole = Annotated[int, Form(ge=0, le=10**9)]


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


@dataclass(frozen=True)
class OrderPage:
    """One order for one visitor."""

    row: OrderRow
    history: list[tuple[datetime, str, str]]
    people: list[tuple[UUID, str]]
    can: frozenset[str]
    earlier: list[OrderRow]
    machine: Equipment | None
    figures: Reliability | None
    photos: Sequence[StoredFile]
    spares: list[tuple[UUID, str]]


@router.get("/work-orders")
def list_orders(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    show: str = "open",
    layout: str = "list",
    store: UUID | None = None,
) -> Response:
    shown = show if show in SHOWN else "open"
    found = service.find(
        session,
        OrderQuery(
            statuses=() if shown == "all" else tuple(OPEN),
            store_ids=(store,) if store else (),
            assigned_to=actor.user_id if shown == "mine" else None,
        ),
    )
    rows = rows_of(session, found, view)
    board = [
        (say(view.language, title), [row for row in rows if row.order.order_status in statuses])
        for title, statuses in COLUMNS
    ]
    choices = [
        (view.here(show=key), say(view.language, text), key == shown) for key, text in SHOWN.items()
    ]
    layouts = [
        (view.here(layout=key), say(view.language, text), key == layout)
        for key, text in (("list", T("列表", "List")), ("board", T("看板", "Board")))
    ]
    return view.page(
        "work-orders.html", rows=rows, board=board, layout=layout, choices=choices, layouts=layouts
    )


def rows_of(session: ScopedSession, found: Sequence[WorkOrder], view: View) -> list[OrderRow]:
    stores = _by_id(session, Store, {one.store_id for one in found})
    machines = _by_id(session, Equipment, {one.equipment_id for one in found if one.equipment_id})
    users = _by_id(session, User, {one.assigned_to for one in found if one.assigned_to})
    alerts = _by_id(session, Alert, {one.alert_id for one in found if one.alert_id})
    titles = {one.id: PLAYBOOK[one.rule_name].title for one in alerts.values()}
    return [_row(one, stores, machines, users, titles=titles, view=view) for one in found]


def _by_id(session: ScopedSession, model: type[M], ids: set[UUID]) -> dict[UUID, M]:
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


@router.get("/work-orders/{id}")
def show_order(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser, id: UUID
) -> Response:
    order = service.get(session, id)
    machine = session.get(Equipment, order.equipment_id) if order.equipment_id else None
    earlier: list[WorkOrder] = []
    if machine is not None:
        same = service.find(session, OrderQuery(equipment_ids=(machine.id,)))
        earlier = [one for one in same if one.id != id]
    page = OrderPage(
        row=rows_of(session, [order], view)[0],
        history=[
            happened(view.language, one.kind, one.note, one.at, one.user_name)
            for one in reversed(service.history(session, id))
        ],
        people=[
            (one.id, one.name) for one in people.able(session, order.store_id, "work_orders.update")
        ],
        can=_can(order, actor),
        earlier=rows_of(session, earlier[:5], view),
        machine=machine,
        figures=reliability([order, *earlier], view.now - YEAR, view.now) if machine else None,
        photos=services.files.listed(session, owner_of(order)),
        spares=[
            (one.part.id, f"{one.part.name} · {max(one.on_hand_milli, 0) / 1000:g}")
            for one in posting.stocked(session, order)
        ],
    )
    return view.page("work-order.html", order=order, page=page)


def happened(
    language: Language, kind: str, note: str, at: datetime, by: str
) -> tuple[datetime, str, str]:
    text = say(language, HAPPENED.get(kind) or service.NAMES[OrderStatus(kind)])
    colon = ": " if language is Language.EN else "："
    return at, f"{text}{colon}{note}" if note else text, by


def _can(order: WorkOrder, actor: Actor) -> frozenset[str]:
    """What this visitor may do to this order now."""
    if not order.is_open or not actor.may(service.UPDATE, order.store_id):
        return frozenset()
    now = order.order_status
    can = {str(to) for to, before in service.STEPS.items() if now in before}
    if not actor.may(ASSIGN, order.store_id):
        can -= {"assigned", "cancelled"}
    if not actor.may(service.VERIFY, order.store_id):
        can.discard("verified")
    if now is OrderStatus.WORKING:
        can.add("check")
    return frozenset(can)


def _back(services: Services, session: ScopedSession, order: WorkOrder) -> Response:
    announce_order(session, services.live, order)
    return RedirectResponse(f"/work-orders/{order.id}", 303)


@router.post("/work-orders/{id}/assign")
def assign(
    session: WriteSession,
    services: Hub,
    id: UUID,
    user_id: Annotated[str, Form()] = "",
    contractor: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    person = UUID(user_id) if user_id and not contractor.strip() else None
    return _back(services, session, service.assign(session, id, person, contractor))


@router.post("/work-orders/{id}/accept")
def accept(session: WriteSession, services: Hub, id: UUID) -> Response:
    return _back(services, session, service.accept(session, id))


@router.post("/work-orders/{id}/decline")
def decline(session: WriteSession, services: Hub, id: UUID, reason: Text) -> Response:
    return _back(services, session, service.decline(session, id, reason))


@router.post("/work-orders/{id}/move")
def move(
    session: WriteSession, services: Hub, id: UUID, status: Annotated[OrderStatus, Form()]
) -> Response:
    return _back(services, session, service.move(session, id, status))


@router.post("/work-orders/{id}/check")
def check(
    session: WriteSession,
    services: Hub,
    id: UUID,
    item: Whole,
    done: Annotated[bool, Form()] = False,
) -> Response:
    return _back(services, session, service.check(session, id, item, is_done=done))


@router.post("/work-orders/{id}/parts")
def use_part(
    session: WriteSession,
    services: Hub,
    id: UUID,
    name: Annotated[str, Form(min_length=1, max_length=120)],
    quantity: Whole = 1,
    cost: Annotated[float, Form(ge=0, le=10**9)] = 0,
) -> Response:
    """A part from elsewhere, by its name."""
    order = service.use_part(session, id, name, quantity * 1000, round(cost * 100))
    return _back(services, session, order)


@router.post("/work-orders/{id}/spares")
def use_spare(
    session: WriteSession,
    services: Hub,
    id: UUID,
    part_id: Annotated[UUID, Form()],
    pieces: Whole = 1,
) -> Response:
    """A spare part from the store's stock."""
    return _back(services, session, posting.use_spare(session, id, part_id, pieces * 1000))


@router.post("/work-orders/{id}/done")
def finish(
    session: WriteSession,
    services: Hub,
    id: UUID,
    remedy: Text = "",
    signed_by: Annotated[str, Form(max_length=120)] = "",
    cause: Text = "",
    labour_min: Whole = 0,
    labour_cost: Annotated[float, Form(ge=0, le=10**9)] = 0,
) -> Response:
    given = Report(remedy, signed_by, cause, labour_min, round(labour_cost * 100))
    return _back(services, session, service.finish(session, id, given))


@router.post("/work-orders/{id}/verify")
def verify(session: WriteSession, services: Hub, id: UUID, note: Text = "") -> Response:
    return _back(services, session, service.verify(session, id, note))


@router.post("/work-orders/from-alert/{alert_id}")
def from_alert(session: WriteSession, services: Hub, alert_id: UUID) -> Response:
    """The order of an alert: the one it has, or a new one."""
    return _back(services, session, service.open_for_alert(session, alert_id))


@router.get("/machines/{id}")
def show_machine(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser, id: UUID
) -> Response:
    """What a scan of the label opens: how it is, its open job, its history, report a fault."""
    machine = load(session, Equipment, id)
    store = load(session, Store, machine.store_id)
    found = service.find(session, OrderQuery(equipment_ids=(id,)))
    figures = reliability(found, view.now - YEAR, view.now)
    return view.page(
        "machine.html",
        machine=machine,
        store=store,
        rows=rows_of(session, found[:20], view),
        figures=figures,
        faults=[say(view.language, one) for one in FAULTS],
        sent_id=uuid4(),
        may_report=actor.may(service.CREATE, machine.store_id),
        should_replace=figures.should_replace(machine.cost_minor),
        page=charts_of(session, services, machine, view.language),
    )


@router.post("/machines/{id}/report")
def report(
    session: WriteSession,
    services: Hub,
    id: UUID,
    sent_id: Annotated[UUID, Form()],
    title: Annotated[str, Form(min_length=1, max_length=200)],
    description: Text = "",
) -> Response:
    """A fault in two taps; the same form sent twice is one order."""
    fault = Fault(id, title, description, sent_id=sent_id)
    return _back(services, session, service.report(session, fault))


@router.get("/machines/labels/{layout}")
def labels(view: CurrentView, session: ReadSession, services: Hub, layout: str) -> Response:
    """Labels of all machines one may see, for A4 sheets or 62 mm tape."""
    found = session.scalars(
        select(Equipment).where(Equipment.archived_at.is_(None)).order_by(Equipment.code)
    ).all()[:500]
    stores = _by_id(session, Store, {one.store_id for one in found})
    base = services.settings.base_url
    made = [(one, stores[one.store_id].name, qr_svg(f"{base}/machines/{one.id}")) for one in found]
    return view.page("labels.html", labels=made, layout="tape" if layout == "tape" else "sheet")
