"""What waits for people, in the order of the day's work: receive, keep, sell, close (UX-12)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from hub.alerts.models import Alert
from hub.analytics.closing import DayClose
from hub.analytics.cold_chain import AIR, ColdChainSignature
from hub.analytics.tables import QuarantinedTicketRow, TicketRow, UnknownCode
from hub.archive.contracts.records import Contract, Decision
from hub.archive.feedback.records import FeedbackState, UserFeedback
from hub.archive.purchase_orders.records import OrderStatus as PurchaseStatus
from hub.archive.purchase_orders.records import PurchaseOrder
from hub.archive.stocktakes.records import Stocktake, StocktakeStatus
from hub.archive.transfers.models import Transfer, TransferStatus
from hub.errors import T
from hub.kit.comments.service import unread
from hub.maintenance import service as order_service
from hub.maintenance.models import OPEN, OrderStatus, WorkOrder
from hub.web.approvals import desk_of
from hub.web.courses import left
from hub.web.tasks.looking import Looking, Waiting

SOON = timedelta(days=60)
TAKE, GIVE = Transfer.to_store_id, Transfer.from_store_id


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of task; `right` says who does it, `count` how many wait."""

    text: T
    page: str
    icon: str
    right: str
    count: Callable[[Looking], Waiting]


def _raised(look: Looking) -> Waiting:
    seen = (Alert.acknowledged_at.is_(None), Alert.shelved_until.is_(None))
    still = (Alert.closed_at.is_(None), Alert.parent_id.is_(None))
    found = look.in_stores(Alert.store_id, "alerts.update", "", *still, *seen)
    return Waiting(found.count)


def _alerts_of_mine(look: Looking) -> Waiting:
    return look.count(Alert.id, Alert.assigned_to == look.actor.user_id, Alert.closed_at.is_(None))


def _orders_of_mine(look: Looking) -> Waiting:
    waits = [status for status in OPEN if status != OrderStatus.DONE]
    return look.count(
        WorkOrder.id, WorkOrder.assigned_to == look.actor.user_id, WorkOrder.status.in_(waits)
    )


def _to_verify(look: Looking) -> Waiting:
    done = WorkOrder.status == OrderStatus.DONE.value
    return look.in_stores(WorkOrder.store_id, order_service.VERIFY, "/work-orders", done)


def _approvals(look: Looking) -> Waiting:
    return Waiting(sum(case.may_decide for case in desk_of(look.services).cases(look.actor)))


def _purchases(look: Looking) -> Waiting:
    sent = (PurchaseOrder.status == PurchaseStatus.SENT, PurchaseOrder.archived_at.is_(None))
    found = look.in_stores(PurchaseOrder.store_id, "purchase_orders.receive", "", *sent)
    return Waiting(found.count)


def _arriving(look: Looking) -> Waiting:
    return _transfers(look, to_us=TransferStatus.SHIPPED)


def _asked(look: Looking) -> Waiting:
    return _transfers(look, from_us=TransferStatus.REQUESTED)


def _leaving(look: Looking) -> Waiting:
    return _transfers(look, from_us=TransferStatus.APPROVED)


def _transfers(
    look: Looking, to_us: TransferStatus | None = None, from_us: TransferStatus | None = None
) -> Waiting:
    status = to_us or from_us
    waits = Transfer.status == (status.value if status else "")
    return look.in_stores(TAKE if to_us else GIVE, "stock.create", "/stock/transfers", waits)


def _counting(look: Looking) -> Waiting:
    return _stocktakes(look, StocktakeStatus.COUNTING, "stocktakes.update")


def _reviewing(look: Looking) -> Waiting:
    return _stocktakes(look, StocktakeStatus.REVIEW, "stocktakes.post")


def _stocktakes(look: Looking, status: StocktakeStatus, right: str) -> Waiting:
    waits = (Stocktake.status == status, Stocktake.archived_at.is_(None))
    return look.in_stores(Stocktake.store_id, right, "/stock/counts", *waits)


def _codes(look: Looking) -> Waiting:
    """Codes are bound for the whole chain, by those who reach all of it."""
    if look.actor.reach("stock.update") is not None:
        return Waiting(0)
    return look.count(UnknownCode.code)


def _tickets(look: Looking) -> Waiting:
    return look.in_stores(QuarantinedTicketRow.store_id, "sales.create", "/sales/quarantine")


def _to_close(look: Looking) -> Waiting:
    """Tills that sold yesterday and were not counted since."""
    days = set(look.yesterdays("sales.create"))
    if not days:
        return Waiting(0)
    sold = look.rows(TicketRow.store_id, TicketRow.business_day, TicketRow.till)
    done = look.rows(DayClose.store_id, DayClose.business_day, DayClose.till)
    left = sorted(one for one in sold - done if one[:2] in days)
    return Waiting(len(left), f"/sales/close?store={left[0][0]}&on={left[0][1]}" if left else "")


def _to_sign(look: Looking) -> Waiting:
    """Stores with cold rooms whose log of yesterday nobody has signed."""
    registry = look.services.registry
    days = {
        (store, day)
        for store, day in look.yesterdays("alerts.update")
        if any(one.metric == AIR for one in registry.of_store(store))
    }
    left = sorted(days - look.rows(ColdChainSignature.store_id, ColdChainSignature.day))
    first = f"/stores/{left[0][0]}/cold-chain?day={left[0][1]}" if left else ""
    return Waiting(len(left), first)


def _mentions(look: Looking) -> Waiting:
    return Waiting(unread(look.session))


def _contracts(look: Looking) -> Waiting:
    """Those that end soon and are not decided: they are of the chain, and so is who decides."""
    if look.actor.reach("contracts.renew") is not None:
        return Waiting(0)
    soon = Contract.valid_until <= look.now.date() + SOON
    undecided = (Contract.decision == Decision.OPEN, Contract.archived_at.is_(None))
    return look.count(Contract.id, soon, *undecided)


def _courses(look: Looking) -> Waiting:
    return Waiting(left(look.session, look.actor))


def _feedback(look: Looking) -> Waiting:
    new = (UserFeedback.state == FeedbackState.NEW, UserFeedback.archived_at.is_(None))
    return look.count(UserFeedback.id, *new)


_SENT = "/archive/purchase-orders?filter[status]=sent"
_UNDECIDED = "/archive/contracts?filter[decision]=open&sort=valid_until"
_SAID = "/archive/user-feedback?filter[state]=new"
_REPAIRS = order_service.VERIFY
KINDS: Mapping[str, Kind] = {
    "raised": Kind(
        T("预警还没有人确认", "Alerts nobody has acknowledged"),
        *("/alerts?status=raised", "alert", "alerts.update", _raised),
    ),
    "alerts": Kind(
        T("指派给我的预警", "Alerts assigned to me"),
        *("/alerts", "alert", "alerts.read", _alerts_of_mine),
    ),
    "orders": Kind(
        T("我的工单", "My work orders"),
        *("/work-orders?show=mine", "wrench", "work_orders.read", _orders_of_mine),
    ),
    "purchases": Kind(
        T("采购单等收货", "Purchase orders to receive"),
        *(_SENT, "stock", "purchase_orders.receive", _purchases),
    ),
    "arriving": Kind(
        T("调拨在途，等收货", "Transfers to receive"),
        *("/stock/transfers", "stock", "stock.create", _arriving),
    ),
    "counting": Kind(
        T("盘点正在进行", "Stocktakes to count"),
        *("/stock/counts", "rows", "stocktakes.update", _counting),
    ),
    "reviewing": Kind(
        T("盘点等审核", "Stocktakes to review"),
        *("/stock/counts", "rows", "stocktakes.post", _reviewing),
    ),
    "asked": Kind(
        T("别的门店要货，等同意", "Transfers asked of us"),
        *("/stock/transfers", "stock", "stock.create", _asked),
    ),
    "leaving": Kind(
        T("调拨等发货", "Transfers to ship"),
        *("/stock/transfers", "stock", "stock.create", _leaving),
    ),
    "codes": Kind(
        T("收银编码没有对上商品", "Till codes without a product"),
        *("/stock/codes", "till", "stock.update", _codes),
    ),
    "tickets": Kind(
        T("小票没有读懂", "Receipts not understood"),
        *("/sales/quarantine", "till", "sales.create", _tickets),
    ),
    "close": Kind(
        T("昨天的收银机没有日结", "Tills of yesterday not closed"),
        *("/sales/close", "till", "sales.create", _to_close),
    ),
    "cold": Kind(
        T("昨天的冷链记录没有签字", "Cold-chain logs of yesterday to sign"),
        *("/", "freezer", "alerts.update", _to_sign),
    ),
    "contracts": Kind(
        T("合同快到期，等决定", "Contracts that end soon, to decide"),
        *(_UNDECIDED, "clock", "contracts.renew", _contracts),
    ),
    "verify": Kind(
        T("修好了，等验收", "Repairs to verify"), "/work-orders", "check", _REPAIRS, _to_verify
    ),
    "approvals": Kind(
        T("等我审批", "Approvals that wait for me"), "/approvals", "check", "", _approvals
    ),
    "mentions": Kind(
        T("提到我的，未读", "Mentions not read"), "/mentions", "comment", "", _mentions
    ),
    "courses": Kind(
        T("岗位课程还没学完", "Courses of your role to take"),
        *("/courses", "help", "", _courses),
    ),
    "feedback": Kind(
        T("新反馈等答复", "Feedback to answer"),
        *(_SAID, "comment", "user_feedback.update", _feedback),
    ),
}
