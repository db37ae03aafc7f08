"""What people do with work orders; in a scoped session, by the asker's rights (STO-06, STO-10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select

from hub.alerts import service as alerts
from hub.alerts.models import Alert, AlertEventKind
from hub.alerts.plays import Plays
from hub.archive.equipment.records import Equipment
from hub.detection.findings import Severity
from hub.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.maintenance.checklists import checklist_for
from hub.maintenance.models import OPEN, OrderEvent, OrderKind, OrderStatus, WorkOrder

READ, CREATE, UPDATE = "work_orders.read", "work_orders.create", "work_orders.update"
VERIFY = "work_orders.archive"  # to close the file of a job
TEXT_LENGTH = 2000
ANSWER = {  # until somebody accepts, and until it is done
    Severity.CRITICAL: (timedelta(minutes=30), timedelta(hours=4)),
    Severity.HIGH: (timedelta(hours=2), timedelta(hours=24)),
    Severity.MEDIUM: (timedelta(hours=8), timedelta(days=3)),
    Severity.LOW: (timedelta(days=1), timedelta(days=7)),
}
_NONE = T("没有这张工单。", "There is no such work order.")
_FORBIDDEN = T("您的角色不能处理工单。", "Your role may not handle work orders.")
_CLOSED = T("这张工单已经结束。", "This work order is closed already.")
_ORDER = T("现在不能这样做：工单的状态是“{now}”。", "Not now: the order is “{now}”.")
_TODO = T("还有必做项没有完成：{items}", "Required items are still open: {items}")
_SIGN = T("请现场负责人签名。", "Somebody on site has to sign.")
_REMEDY = T("请写明做了什么。", "Write down what was done.")
_MOVE = T("这一步要用它自己的按钮。", "This step is done by its own button.")
_ITEM = T("检查表里没有这一项。", "The checklist has no such item.")
NAMES = {
    OrderStatus.NEW: T("待派工", "New"),
    OrderStatus.ASSIGNED: T("已派工", "Assigned"),
    OrderStatus.ACCEPTED: T("已接单", "Accepted"),
    OrderStatus.ON_THE_WAY: T("在路上", "On the way"),
    OrderStatus.WORKING: T("处理中", "In work"),
    OrderStatus.WAITING: T("等配件", "Waiting for parts"),
    OrderStatus.DONE: T("已完工", "Done"),
    OrderStatus.VERIFIED: T("已验收", "Verified"),
    OrderStatus.CANCELLED: T("已取消", "Cancelled"),
}
_S = OrderStatus
STEPS: dict[OrderStatus, tuple[OrderStatus, ...]] = {  # from where a status may be reached
    _S.ASSIGNED: (_S.NEW, _S.ASSIGNED, _S.ACCEPTED, _S.ON_THE_WAY, _S.WORKING, _S.WAITING),
    _S.ACCEPTED: (_S.NEW, _S.ASSIGNED),
    _S.NEW: (_S.ASSIGNED, _S.ACCEPTED),  # declined
    _S.ON_THE_WAY: (_S.ACCEPTED,),
    _S.WORKING: (_S.ACCEPTED, _S.ON_THE_WAY, _S.WAITING, _S.DONE),
    _S.WAITING: (_S.WORKING,),
    _S.DONE: (_S.WORKING,),
    _S.VERIFIED: (_S.DONE,),
    _S.CANCELLED: (_S.NEW, _S.ASSIGNED, _S.ACCEPTED, _S.ON_THE_WAY, _S.WORKING, _S.WAITING),
}
MOVES = (_S.ON_THE_WAY, _S.WORKING, _S.WAITING, _S.CANCELLED)
"""What `move` does; every other step asks for more than its name."""
_LED = (_S.ASSIGNED, _S.CANCELLED)  # by those who may also make orders


@dataclass(frozen=True, slots=True)
class Fault:
    """What somebody reports; `sent_id` makes a report that is sent twice one order."""

    equipment_id: UUID
    title: str
    description: str = ""
    severity: Severity = Severity.MEDIUM
    sent_id: UUID | None = None
    kind: OrderKind = OrderKind.REPAIR


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """What a list shows; empty means all."""

    statuses: tuple[str, ...] = ()
    store_ids: tuple[UUID, ...] = ()
    equipment_ids: tuple[UUID, ...] = ()
    assigned_to: UUID | None = None
    size: int = 200


def find(session: ScopedSession, query: OrderQuery) -> Sequence[WorkOrder]:
    """The worst first, then what is due first."""
    found = select(WorkOrder).where(*readable(session))
    if query.statuses:
        found = found.where(WorkOrder.status.in_(query.statuses))
    if query.store_ids:
        found = found.where(WorkOrder.store_id.in_(query.store_ids))
    if query.equipment_ids:
        found = found.where(WorkOrder.equipment_id.in_(query.equipment_ids))
    if query.assigned_to:
        found = found.where(WorkOrder.assigned_to == query.assigned_to)
    order = (WorkOrder.closed_at.is_not(None), WorkOrder.severity.desc(), WorkOrder.finish_by)
    return session.scalars(found.order_by(*order).limit(query.size)).all()


def get(session: ScopedSession, order_id: UUID) -> WorkOrder:
    found = session.scalar(select(WorkOrder).where(WorkOrder.id == order_id, *readable(session)))
    if found is None:
        raise NotFoundError(_NONE)
    return found


def of_alert(session: ScopedSession, alert_id: UUID) -> WorkOrder | None:
    found = select(WorkOrder).where(WorkOrder.alert_id == alert_id, *readable(session))
    return session.scalar(found)


def history(session: ScopedSession, order_id: UUID) -> Sequence[OrderEvent]:
    """All that happened to an order, the oldest first."""
    found = select(OrderEvent).where(OrderEvent.order_id == order_id)
    return session.scalars(found.order_by(OrderEvent.at, OrderEvent.id)).all()


def open_for_alert(session: ScopedSession, alert_id: UUID) -> WorkOrder:
    """The order of an alert: the one it has, or a new one (ALR-02)."""
    alert = alerts.get(session, alert_id)
    _demand(session, CREATE, alert.store_id)
    known = of_alert(session, alert_id)
    if known is not None:
        return known
    machine = _machine_of(session, alert)
    play = Plays.of(session)[alert.rule_name]
    order = new_order(session, alert.store_id, machine, Severity(alert.severity), alert.began_at)
    name = machine.name if machine else alert.device or alert.source
    order.title = f"{name}：{play.title.zh} · {play.title.en}"[:200]
    order.alert_id = alert_id
    session.add(order)
    session.flush()
    _tell(session, order, "created", "")
    alerts.tell(
        session, alert, AlertEventKind.ORDERED, f"#{order.number}", {"order_id": str(order.id)}
    )
    return order


def report(session: ScopedSession, fault: Fault) -> WorkOrder:
    """An order for what somebody saw."""
    machine = session.get(Equipment, fault.equipment_id)
    if machine is None:
        raise NotFoundError(T("没有这台设备。", "There is no such equipment."))
    _demand(session, CREATE, machine.store_id)
    known = reported(session, fault.sent_id)
    if known is not None:
        return known
    order = new_order(session, machine.store_id, machine, fault.severity, utc_now())
    order.title, order.description = fault.title[:200], fault.description[:TEXT_LENGTH]
    order.sent_id, order.kind = fault.sent_id, fault.kind
    session.add(order)
    session.flush()
    _tell(session, order, "created", fault.description)
    return order


def reported(session: ScopedSession, sent_id: UUID | None) -> WorkOrder | None:
    """The order of a report that came before."""
    if sent_id is None:
        return None
    return session.scalar(select(WorkOrder).where(WorkOrder.sent_id == sent_id))


def new_order(
    session: ScopedSession,
    store_id: UUID,
    machine: Equipment | None,
    severity: Severity,
    down_since: datetime,
) -> WorkOrder:
    """A repair that is not in the session yet."""
    now = utc_now()
    respond, finish = ANSWER[severity]
    newest = session.scalar(select(func.max(WorkOrder.number)).select_from(WorkOrder))
    return WorkOrder(
        store_id=store_id,
        number=(newest or 1000) + 1,
        kind=OrderKind.REPAIR,
        status=OrderStatus.NEW,
        severity=int(severity),
        title="",
        description="",
        equipment_id=machine.id if machine else None,
        created_at=now,
        created_by=asker_of(session).user_id,
        down_since=down_since,
        respond_by=now + respond,
        finish_by=now + finish,
        checklist=checklist_for(machine.type if machine else None),
        parts=[],
    )


def _machine_of(session: ScopedSession, alert: Alert) -> Equipment | None:
    if not alert.device:
        return None
    return session.scalars(
        select(Equipment).where(
            Equipment.store_id == alert.store_id,
            Equipment.device_id == alert.device,
            Equipment.archived_at.is_(None),
        )
    ).first()


def assign(
    session: ScopedSession, order_id: UUID, user_id: UUID | None, contractor: str = ""
) -> WorkOrder:
    """To somebody of one's own people, or to a contractor by name."""
    order = _moved(session, order_id, OrderStatus.ASSIGNED)
    order.assigned_to, order.contractor = user_id, contractor.strip()[:120]
    _tell(session, order, OrderStatus.ASSIGNED, order.contractor)
    return order


def accept(session: ScopedSession, order_id: UUID) -> WorkOrder:
    order = _moved(session, order_id, OrderStatus.ACCEPTED)
    order.accepted_at = utc_now()
    order.assigned_to = order.assigned_to or asker_of(session).user_id
    _tell(session, order, OrderStatus.ACCEPTED, "")
    return order


def decline(session: ScopedSession, order_id: UUID, reason: str) -> WorkOrder:
    """Back to those who assign, with the reason."""
    order = _moved(session, order_id, OrderStatus.NEW)
    order.assigned_to, order.accepted_at, order.contractor = None, None, ""
    _tell(session, order, "declined", reason)
    return order


def move(session: ScopedSession, order_id: UUID, to: OrderStatus, note: str = "") -> WorkOrder:
    """On the way, in work, waiting for parts, back to work, or cancelled."""
    if to not in MOVES:
        raise InvalidError(_MOVE, {"status": _MOVE})
    order = _moved(session, order_id, to)
    if to is OrderStatus.WORKING:
        order.started_at, order.done_at = order.started_at or utc_now(), None
    if to is OrderStatus.CANCELLED:
        order.closed_at = utc_now()
    _tell(session, order, to, note)
    return order


def check(
    session: ScopedSession, order_id: UUID, item: int, *, is_done: bool, note: str = ""
) -> WorkOrder:
    """Tick one line of the checklist, or take the tick away."""
    order = to_change(session, order_id)
    if not 0 <= item < len(order.checklist):
        raise InvalidError(_ITEM, {"item": _ITEM})
    lines = [dict(one) for one in order.checklist]
    lines[item] |= {"is_done": is_done, "note": note[:200] or lines[item]["note"]}
    order.checklist = lines
    return order


def use_part(
    session: ScopedSession, order_id: UUID, name: str, quantity_milli: int, cost_minor: int
) -> WorkOrder:
    """A part that came from elsewhere and was built in; its cost counts for the order."""
    order = to_change(session, order_id)
    return book_part(session, order, (name.strip()[:120], quantity_milli, cost_minor))


def book_part(
    session: ScopedSession,
    order: WorkOrder,
    used: tuple[str, int, int],
    part_id: UUID | None = None,
) -> WorkOrder:
    """Write down what was built in: its name, how much of it in thousandths, and its cost."""
    name, quantity_milli, cost_minor = used
    part: dict[str, Any] = {"name": name, "quantity_milli": quantity_milli}
    part |= {"cost_minor": cost_minor} | ({"part_id": str(part_id)} if part_id else {})
    order.parts = [*order.parts, part]
    order.cost_minor += cost_minor
    _tell(session, order, "part", f"{name} × {quantity_milli / 1000:g}")
    return order


def note(session: ScopedSession, order: WorkOrder, kind: str, text: str) -> None:
    """A line of the history; with it the order has changed."""
    _tell(session, order, kind, text)


@dataclass(frozen=True, slots=True)
class Report:
    """What is written down when a job is done."""

    remedy: str
    signed_by: str
    cause: str = ""
    labour_min: int = 0
    labour_cost_minor: int = 0
    signature: str = ""
    """Drawn with a finger: the path of an SVG in a field of 300 × 100."""


def finish(session: ScopedSession, order_id: UUID, given: Report) -> WorkOrder:
    """Done: required items are ticked, what was done is written, somebody on site signed."""
    order = _moved(session, order_id, OrderStatus.DONE)
    wrong: dict[str, T] = {}
    left = [one for one in order.checklist if one["is_required"] and not one["is_done"]]
    if left:
        wrong["checklist"] = T(
            _TODO.zh.format(items="、".join(one["zh"] for one in left)),
            _TODO.en.format(items="; ".join(one["en"] for one in left)),
        )
    if not given.remedy.strip():
        wrong["remedy"] = _REMEDY
    if not given.signed_by.strip():
        wrong["signed_by"] = _SIGN
    if wrong:
        raise InvalidError(next(iter(wrong.values())), wrong)
    order.remedy, order.cause = given.remedy[:TEXT_LENGTH], given.cause[:TEXT_LENGTH]
    order.signed_by, order.labour_min = given.signed_by[:120], given.labour_min
    order.signature = given.signature
    order.cost_minor += given.labour_cost_minor
    order.done_at = utc_now()
    _tell(session, order, OrderStatus.DONE, order.remedy)
    return order


def verify(session: ScopedSession, order_id: UUID, note: str = "") -> WorkOrder:
    """Seen and found good; its alert is closed with what cured it."""
    order = _moved(session, order_id, OrderStatus.VERIFIED)
    _demand(session, VERIFY, order.store_id)
    order.verified_at = order.closed_at = utc_now()
    _tell(session, order, OrderStatus.VERIFIED, note)
    if order.alert_id is not None:
        alerts.resolve(session, order.alert_id, order.remedy)
    return order


def readable(session: ScopedSession) -> list[ColumnElement[bool]]:
    """What the asker may see of orders, as criteria."""
    reach = asker_of(session).rights.reach(READ)
    if reach is None:
        return []
    return [WorkOrder.store_id.in_(reach)] if reach else [false()]


def _demand(session: ScopedSession, right: str, store_id: UUID) -> None:
    reach = asker_of(session).rights.reach(right)
    if reach is not None and store_id not in reach:
        raise ForbiddenError(_FORBIDDEN)


def to_change(session: ScopedSession, order_id: UUID) -> WorkOrder:
    """An open order that the asker may change."""
    found = select(WorkOrder).where(WorkOrder.id == order_id, *readable(session))
    order = session.scalar(found.with_for_update())
    if order is None:
        raise NotFoundError(_NONE)
    _demand(session, UPDATE, order.store_id)
    if not order.is_open:
        raise ConflictError(_CLOSED)
    return order


def _moved(session: ScopedSession, order_id: UUID, to: OrderStatus) -> WorkOrder:
    """The order with its new status; ConflictError where it cannot be reached from the present."""
    order = to_change(session, order_id)
    if to in _LED:
        _demand(session, CREATE, order.store_id)
    if order.order_status not in STEPS[to]:
        name = NAMES[order.order_status]
        raise ConflictError(T(_ORDER.zh.format(now=name.zh), _ORDER.en.format(now=name.en)))
    order.status = to
    return order


def _tell(session: ScopedSession, order: WorkOrder, kind: str, note: str) -> None:
    asker = asker_of(session)
    session.add(
        OrderEvent(
            store_id=order.store_id,
            order_id=order.id,
            kind=kind,
            at=utc_now(),
            user_id=asker.user_id,
            user_name=asker.name,
            note=note[:TEXT_LENGTH],
        )
    )


def count_open(session: ScopedSession) -> int:
    found = select(func.count(WorkOrder.id)).where(WorkOrder.status.in_(OPEN), *readable(session))
    return session.scalar(found) or 0
