"""/work-orders: list and board, the order of a phone, a fault in two taps, labels to scan."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, File, Form, UploadFile
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.asker import bind_asker
from hub.kit.records.access import load
from hub.maintenance import service
from hub.maintenance.figures import reliability
from hub.maintenance.models import OPEN, OrderStatus
from hub.maintenance.service import Fault, OrderQuery
from hub.web.deps import CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.language import say
from hub.web.pages.labels import qr_svg
from hub.web.pages.machine_charts import charts_of
from hub.web.pages.order_photos import attach_photo, keep_photo
from hub.web.pages.order_rows import by_id, rows_of
from hub.web.pages.order_sheet import YEAR, back_to
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])

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
FAULTS = (
    T("不制冷", "Does not cool"),
    T("异响", "Strange noise"),
    T("漏水", "Leaks"),
    T("不通电", "No power"),
    T("损坏", "Broken"),
)
Text = Annotated[str, Form(max_length=service.TEXT_LENGTH)]


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
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
    sent_id: Annotated[UUID, Form()],
    title: Annotated[str, Form(min_length=1, max_length=200)],
    description: Text = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """A fault in two taps, with a photo; the same form sent twice is one order."""
    fault = Fault(id, title, description, sent_id=sent_id)
    actor.demand(service.CREATE)
    kept = keep_photo(services, file) if file is not None and file.filename else None
    with services.db.write(actor.scope) as session:
        bind_asker(session, asker_for(actor, origin))
        is_new = service.reported(session, sent_id) is None
        order = service.report(session, fault)
        if kept is not None and is_new:
            attach_photo(services, session, order, kept)
        answer = back_to(services, session, order)
    if kept is not None and not is_new:
        services.files.forget(kept.id)
    return answer


@router.get("/machines/labels/{layout}")
def labels(view: CurrentView, session: ReadSession, services: Hub, layout: str) -> Response:
    """Labels of all machines one may see, for A4 sheets or 62 mm tape."""
    found = session.scalars(
        select(Equipment).where(Equipment.archived_at.is_(None)).order_by(Equipment.code)
    ).all()[:500]
    stores = by_id(session, Store, {one.store_id for one in found})
    base = services.settings.base_url
    made = [(one, stores[one.store_id].name, qr_svg(f"{base}/machines/{one.id}")) for one in found]
    return view.page("labels.html", labels=made, layout="tape" if layout == "tape" else "sheet")
