"""/work-orders: from a fault to a verified repair (STO-06, STO-07, STO-10)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator

from hub.detection.findings import Severity
from hub.errors import InvalidError, T
from hub.kit.db import ScopedSession
from hub.maintenance import service
from hub.maintenance.models import OPEN, OrderKind, OrderStatus, WorkOrder
from hub.maintenance.service import Fault, OrderQuery, Report
from hub.web.deps import Hub, ReadSession, WriteSession, require
from hub.web.once import OnceRoute
from hub.web.orders_live import announce_order

router = APIRouter(
    prefix="/work-orders",
    tags=["work orders"],
    dependencies=[require(service.READ)],
    route_class=OnceRoute,
)

MAX_MONEY, MAX_MINUTES, MAX_MILLI = 10**12, 100_000, 10**9
_SEVERITIES = {one.word: one for one in Severity}
_WRONG = T("没有这个值：{value}。", "There is no such value: {value}.")
Text = Annotated[str, Field(max_length=service.TEXT_LENGTH)]
Line = Annotated[str, Field(min_length=1, max_length=120)]


class CheckItem(BaseModel):
    """One line of the checklist."""

    zh: str
    en: str
    is_required: bool
    is_done: bool
    note: str


class Part(BaseModel):
    """A part that was built in."""

    name: Line
    quantity_milli: Annotated[int, Field(gt=0, le=MAX_MILLI)] = 1000
    cost_minor: Annotated[int, Field(ge=0, le=MAX_MONEY)] = 0


class OrderEventRead(BaseModel):
    kind: str
    at: datetime
    user_name: str
    note: str


class OrderRead(BaseModel):
    """`respond_by` and `finish_by` are its clocks; `down_since` is when the fault began."""

    id: UUID
    number: int
    store_id: UUID
    equipment_id: UUID | None
    alert_id: UUID | None
    kind: OrderKind
    status: OrderStatus
    severity: str
    title: str
    description: str
    assigned_to: UUID | None
    contractor: str
    created_at: datetime
    down_since: datetime
    respond_by: datetime
    finish_by: datetime
    accepted_at: datetime | None
    started_at: datetime | None
    done_at: datetime | None
    verified_at: datetime | None
    closed_at: datetime | None
    checklist: list[CheckItem]
    parts: list[Part]
    labour_min: int
    cost_minor: int
    cause: str
    remedy: str
    signed_by: str
    version: int


class OrderDetail(OrderRead):
    """One order with all that happened to it."""

    history: list[OrderEventRead]


class OrderList(BaseModel):
    items: list[OrderRead]
    next: str | None = None
    total: int


class NewOrder(BaseModel):
    """From an alert, or a fault at a machine; `sent_id` makes a report that is repeated one."""

    alert_id: UUID | None = None
    equipment_id: UUID | None = None
    title: Annotated[str, Field(max_length=200)] = ""
    description: Text = ""
    severity: str = "medium"
    sent_id: UUID | None = None

    @model_validator(mode="after")
    def _one_cause(self) -> "NewOrder":
        if (self.alert_id is None) == (self.equipment_id is None):
            raise ValueError("give alert_id or equipment_id")
        if self.equipment_id is not None and not self.title.strip():
            raise ValueError("a reported fault needs a title")
        return self


class Assignment(BaseModel):
    user_id: UUID | None = None
    contractor: Annotated[str, Field(max_length=120)] = ""


class Reason(BaseModel):
    reason: Annotated[str, Field(min_length=1, max_length=service.TEXT_LENGTH)]


class Move(BaseModel):
    status: OrderStatus
    note: Text = ""


class Tick(BaseModel):
    item: Annotated[int, Field(ge=0, le=200)]
    is_done: bool
    note: Annotated[str, Field(max_length=200)] = ""


class Finished(BaseModel):
    remedy: Text
    signed_by: Annotated[str, Field(max_length=120)]
    cause: Text = ""
    labour_min: Annotated[int, Field(ge=0, le=MAX_MINUTES)] = 0
    labour_cost_minor: Annotated[int, Field(ge=0, le=MAX_MONEY)] = 0


class Note(BaseModel):
    note: Text = ""


Status = Annotated[str, Query(alias="filter[status]", max_length=200)]
Store = Annotated[UUID | None, Query(alias="filter[store_id]")]
Machine = Annotated[UUID | None, Query(alias="filter[equipment_id]")]


@router.get("", operation_id="list_work_orders")
def list_orders(
    session: ReadSession,
    status: Status = "open",
    store: Store = None,
    equipment: Machine = None,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OrderList:
    """The worst and most urgent first. `filter[status]`: `open`, `all` or statuses by comma."""
    query = OrderQuery(
        statuses=_statuses(status),
        store_ids=(store,) if store else (),
        equipment_ids=(equipment,) if equipment else (),
        size=size,
    )
    found = [_read(one) for one in service.find(session, query)]
    return OrderList(items=found, total=len(found))


def _statuses(text: str) -> tuple[str, ...]:
    words = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [word for word in words if word not in {*OrderStatus, "open", "all"}]
    if unknown:
        wrong = _WRONG.format(value=unknown[0][:40])
        raise InvalidError(wrong, {"filter[status]": wrong})
    if "all" in words:
        return ()
    return tuple(OPEN) if "open" in words or not words else tuple(words)


@router.post("", operation_id="create_work_order", status_code=201)
def create(services: Hub, session: WriteSession, given: NewOrder) -> OrderDetail:
    """The order of an alert (the one it has, if it has one), or of a fault somebody saw."""
    if given.alert_id is not None:
        order = service.open_for_alert(session, given.alert_id)
    elif given.equipment_id is not None:
        severity = _SEVERITIES.get(given.severity, Severity.MEDIUM)
        words = (given.title, given.description)
        order = service.report(
            session, Fault(given.equipment_id, *words, severity=severity, sent_id=given.sent_id)
        )
    return _told(services, session, order)


@router.get("/{id}", operation_id="get_work_order")
def get_order(session: ReadSession, id: UUID) -> OrderDetail:
    return _detail(session, service.get(session, id))


@router.post("/{id}/assign", operation_id="assign_work_order")
def assign(services: Hub, session: WriteSession, id: UUID, given: Assignment) -> OrderDetail:
    """To one of one's own people, or to a contractor by name."""
    order = service.assign(session, id, given.user_id, given.contractor)
    return _told(services, session, order)


@router.post("/{id}/accept", operation_id="accept_work_order")
def accept(services: Hub, session: WriteSession, id: UUID) -> OrderDetail:
    return _told(services, session, service.accept(session, id))


@router.post("/{id}/decline", operation_id="decline_work_order")
def decline(services: Hub, session: WriteSession, id: UUID, given: Reason) -> OrderDetail:
    """Back to those who assign, with the reason."""
    return _told(services, session, service.decline(session, id, given.reason))


@router.post("/{id}/move", operation_id="move_work_order")
def move(services: Hub, session: WriteSession, id: UUID, given: Move) -> OrderDetail:
    """`on_the_way`, `working`, `waiting` or `cancelled`; the others have acts of their own."""
    return _told(services, session, service.move(session, id, given.status, given.note))


@router.post("/{id}/check", operation_id="check_work_order")
def check(services: Hub, session: WriteSession, id: UUID, given: Tick) -> OrderDetail:
    order = service.check(session, id, given.item, is_done=given.is_done, note=given.note)
    return _told(services, session, order)


@router.post("/{id}/parts", operation_id="use_part")
def use_part(services: Hub, session: WriteSession, id: UUID, given: Part) -> OrderDetail:
    cost = (given.quantity_milli, given.cost_minor)
    return _told(services, session, service.use_part(session, id, given.name, *cost))


@router.post("/{id}/done", operation_id="finish_work_order")
def finish(services: Hub, session: WriteSession, id: UUID, given: Finished) -> OrderDetail:
    """Refused (422) while required items are open, without a remedy or a signature."""
    return _told(services, session, service.finish(session, id, Report(**given.model_dump())))


@router.post("/{id}/verify", operation_id="verify_work_order")
def verify(
    services: Hub, session: WriteSession, id: UUID, given: Note | None = None
) -> OrderDetail:
    """Found good; its alert is resolved with what cured it."""
    order = service.verify(session, id, given.note if given else "")
    return _told(services, session, order)


def _told(services: Hub, session: ScopedSession, order: WorkOrder) -> OrderDetail:
    announce_order(session, services.live, order)
    session.flush()
    return _detail(session, order)


def _read(order: WorkOrder) -> OrderRead:
    return OrderRead(**_values(order))


def _detail(session: ScopedSession, order: WorkOrder) -> OrderDetail:
    lines = [
        OrderEventRead(kind=one.kind, at=one.at, user_name=one.user_name, note=one.note)
        for one in service.history(session, order.id)
    ]
    return OrderDetail(**_values(order), history=lines)


def _values(order: WorkOrder) -> dict[str, Any]:
    names = OrderRead.model_fields.keys() - {"severity"}
    return {name: getattr(order, name) for name in names} | {
        "severity": Severity(order.severity).word
    }
