"""/work-orders/{id}: one order as those who work on it see it, with or without a signal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.alerts import people
from hub.alerts.models import Alert
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.kit.db import ScopedSession
from hub.kit.files.models import StoredFile
from hub.maintenance import links, posting, sending, service
from hub.maintenance.figures import Reliability, reliability
from hub.maintenance.models import OrderStatus, WorkOrder
from hub.maintenance.service import OrderQuery
from hub.security.actor import Actor
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.formats import Formats
from hub.web.language import Language, say
from hub.web.orders_live import announce_order
from hub.web.pages.alert_rows import Names, number_text, sentence_of, trends_of
from hub.web.pages.labels import qr_svg
from hub.web.pages.order_acts import Act, Filled, perform
from hub.web.pages.order_photos import owner_of
from hub.web.pages.order_rows import OrderRow, rows_of
from hub.web.rendering import View
from hub.web.services import Services
from hub.web.sparkline import Spark
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])

YEAR = timedelta(days=365)
ASSIGN = "work_orders.create"
_S = OrderStatus
PHASES = {  # an act, and the statuses in which it may be done
    **{str(to): before for to, before in service.STEPS.items()},
    "working": (_S.ACCEPTED, _S.ON_THE_WAY, _S.WAITING),
    "back": (_S.DONE,),
    "check": (_S.WORKING,),
}
WORK = frozenset({"accepted", "new", "on_the_way", "working", "waiting", "check", "done"})


@dataclass(frozen=True, slots=True)
class Symptom:
    """What the alert of an order says, for whoever repairs it."""

    says: str
    measures: tuple[str, ...]
    spark: Spark | None
    value: str
    limit: str


@dataclass(frozen=True)
class Sheet:
    """One order for whoever works on it; `base` is where its forms go."""

    row: OrderRow
    base: str
    may: frozenset[str]
    history: list[tuple[datetime, str, str]]
    machine: Equipment | None
    store: Store | None
    photos: Sequence[StoredFile]
    symptom: Symptom | None
    names: dict[str, str]

    def phases(self, act: str) -> str:
        """The statuses in which an act is shown."""
        return " ".join(PHASES[act])


@dataclass(frozen=True)
class OrderPage:
    """What one's own people see besides."""

    people: list[tuple[UUID, str]]
    earlier: list[OrderRow]
    figures: Reliability | None
    spares: list[tuple[UUID, str]]
    links: list[tuple[UUID, str, datetime, datetime | None, tuple[int, str]]]


def sheet_of(
    session: ScopedSession, services: Services, order: WorkOrder, view: View, *, base: str
) -> Sheet:
    """Without any rights: whoever calls says what may be done."""
    machine = session.get(Equipment, order.equipment_id) if order.equipment_id else None
    events = reversed(service.history(session, order.id))
    return Sheet(
        row=rows_of(session, [order], view)[0],
        base=base,
        may=frozenset(),
        history=[
            happened(view.language, one.kind, one.note, one.at, one.user_name) for one in events
        ],
        machine=machine,
        store=session.get(Store, order.store_id),
        photos=services.files.listed(session, owner_of(order)),
        symptom=_symptom(session, services, order, view),
        names={str(key): say(view.language, text) for key, text in service.NAMES.items()},
    )


def _symptom(
    session: ScopedSession, services: Services, order: WorkOrder, view: View
) -> Symptom | None:
    alert = session.get(Alert, order.alert_id) if order.alert_id else None
    if alert is None:
        return None
    names, fmt = Names.of(session, [alert]), Formats(view.language)
    thing = names.thing(alert, view.language)
    return Symptom(
        says=sentence_of(alert, thing, view.language),
        measures=tuple(say(view.language, one) for one in names.plays[alert.rule_name].measure),
        spark=trends_of(services, [alert], view.now).get(alert.id),
        value=number_text(alert, "value", fmt),
        limit=number_text(alert, "limit", fmt),
    )


def happened(
    language: Language, kind: str, note: str, at: datetime, by: str
) -> tuple[datetime, str, str]:
    text = say(language, sending.WHAT.get(kind) or service.NAMES[OrderStatus(kind)])
    colon = ": " if language is Language.EN else "："
    return at, f"{text}{colon}{note}" if note else text, by


@router.get("/work-orders/{id}")
def show_order(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser, id: UUID
) -> Response:
    order = service.get(session, id)
    sheet = sheet_of(session, services, order, view, base=f"/work-orders/{id}")
    sheet = replace(sheet, may=_may(order, actor))
    earlier: list[WorkOrder] = []
    if order.equipment_id is not None:
        same = service.find(session, OrderQuery(equipment_ids=(order.equipment_id,)))
        earlier = [one for one in same if one.id != id]
    page = OrderPage(
        people=[(one.id, one.name) for one in people.able(session, order.store_id, service.UPDATE)],
        earlier=rows_of(session, earlier[:5], view),
        figures=reliability([order, *earlier], view.now - YEAR, view.now)
        if sheet.machine
        else None,
        spares=[
            (one.part.id, f"{one.part.name} · {max(one.on_hand_milli, 0) / 1000:g}")
            for one in posting.stocked(session, order)
        ],
        links=_links(session, services, order) if "assigned" in sheet.may else [],
    )
    return view.page("work-order.html", order=order, sheet=sheet, page=page)


def _may(order: WorkOrder, actor: Actor) -> frozenset[str]:
    """What this visitor may do to this order, now or later."""
    if not order.is_open or not actor.may(service.UPDATE, order.store_id):
        return frozenset()
    may = set(WORK)
    if actor.may(ASSIGN, order.store_id):
        may |= {"assigned", "cancelled"}
    if actor.may(service.VERIFY, order.store_id):
        may |= {"verified", "back"}
    return frozenset(may)


def links_of(services: Services) -> links.OrderLinks:
    return links.OrderLinks(services.vault, services.settings.base_url)


def _links(
    session: ScopedSession, services: Services, order: WorkOrder
) -> list[tuple[UUID, str, datetime, datetime | None, tuple[int, str]]]:
    """Those that still open the order: address, end, first look, QR code."""
    signed = links_of(services)
    found = [one for one in links.good(session, order.id) if one.contractor == order.contractor]
    addresses = [(one, signed.address(one)) for one in found]
    return [
        (one.id, address, one.expires_at, one.opened_at, qr_svg(address))
        for one, address in addresses
    ]


def back_to(services: Services, session: ScopedSession, order: WorkOrder) -> Response:
    announce_order(session, services.live, order)
    return RedirectResponse(f"/work-orders/{order.id}", 303)


@router.post("/work-orders/{id}/link", dependencies=[require(ASSIGN)])
def make_link(session: WriteSession, services: Hub, id: UUID) -> Response:
    """A new link for the contractor; the one before is over."""
    links.make(session, id)
    return back_to(services, session, service.get(session, id))


@router.post("/work-orders/{id}/link/revoke", dependencies=[require(ASSIGN)])
def revoke_link(session: WriteSession, services: Hub, id: UUID) -> Response:
    order = service.to_change(session, id)
    links.revoke_all(session, order)
    return back_to(services, session, order)


@router.post("/work-orders/from-alert/{alert_id}")
def from_alert(session: WriteSession, services: Hub, alert_id: UUID) -> Response:
    """The order of an alert: the one it has, or a new one."""
    return back_to(services, session, service.open_for_alert(session, alert_id))


@router.post("/work-orders/{id}/{act}")
def act(session: WriteSession, services: Hub, id: UUID, act: Act, given: Filled) -> Response:
    order = perform(session, id, act, given)
    if act is Act.ASSIGN and order.contractor and not links.good(session, id):
        links.make(session, id)
    return back_to(services, session, order)
