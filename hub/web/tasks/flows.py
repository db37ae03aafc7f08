"""The work of a store as check-lists: each step with the page where it is done (UX-12).

A tick is one's own and holds for the day; the steps are the same in every store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.errors import NotFoundError, T
from hub.kit.preferences.service import prefer, preferences
from hub.kit.session import ScopedSession
from hub.security.actor import Actor

_NONE = T("没有这个步骤。", "There is no such step.")


@dataclass(frozen=True, slots=True)
class Step:
    """One step, and the page where it is done, if it is done in the hub."""

    text: T
    href: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One piece of work from its beginning to its end; `right` says whose it is."""

    key: str
    title: T
    icon: str
    right: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A piece of work and the numbers of the steps done today."""

    flow: Flow
    done: frozenset[int]

    @property
    def next(self) -> int | None:
        """The first step that is not done."""
        left = [n for n in range(1, len(self.flow.steps) + 1) if n not in self.done]
        return left[0] if left else None


FLOWS: tuple[Flow, ...] = (
    Flow(
        "open",
        T("开店", "Open the store"),
        *("store", "alerts.read"),
        (
            Step(T("看总览：有没有紧急的", "Look at the overview: is anything critical?"), "/"),
            Step(T("确认夜里的预警", "Acknowledge the alerts of the night"), "/alerts"),
            Step(T("摸一摸冷柜门，听一听机器", "Touch the cabinet doors, listen to the machines")),
            Step(T("看今天的工单", "See the work orders of today"), "/work-orders"),
        ),
    ),
    Flow(
        "receive",
        T("收货", "Receive goods"),
        *("stock", "purchase_orders.receive"),
        (
            Step(
                T("打开这张采购单", "Open the purchase order"),
                "/archive/purchase-orders?filter[status]=sent",
            ),
            Step(T("先收冷藏和冷冻，看温度", "Cold and frozen goods first; check temperatures")),
            Step(T("逐项数，和单子对", "Count each item against the order")),
            Step(
                T("在采购单上按“收货”", "Press Receive on the order"),
                "/archive/purchase-orders?filter[status]=sent",
            ),
            Step(T("破损和短少，在库存里更正", "Correct what is damaged or missing"), "/stock"),
        ),
    ),
    Flow(
        "count",
        T("盘点", "Count the stock"),
        *("rows", "stocktakes.update"),
        (
            Step(T("选好范围，开始盘点", "Choose the part and begin"), "/stock/counts"),
            Step(T("边扫边数，不看账面", "Scan and count without the books"), "/stock/counts"),
            Step(T("差得多的复盘一次", "Count again what differs much"), "/stock/counts"),
            Step(T("店长审核、过账", "The manager reviews and posts"), "/stock/counts"),
        ),
    ),
    Flow(
        "ship",
        T("发货到别的门店", "Ship to another store"),
        *("right", "stock.create"),
        (
            Step(T("同意申请", "Agree to what is asked"), "/stock/transfers"),
            Step(T("拣货，打印调拨单", "Pick the goods, print the transfer"), "/stock/transfers"),
            Step(T("装车，按“发货”", "Load, and press Ship"), "/stock/transfers"),
            Step(T("对方收货时登记短少和破损", "The other store notes what is short or damaged")),
        ),
    ),
    Flow(
        "close",
        T("日结", "Close the day"),
        *("till", "sales.create"),
        (
            Step(T("读不懂的小票先修好", "Repair receipts not understood"), "/sales/quarantine"),
            Step(T("数现金，不看应有多少", "Count the cash blind"), "/sales/close"),
            Step(T("写明长短款的原因", "Say why it is over or short"), "/sales/close"),
            Step(T("看今天卖得怎样", "See how the day sold"), "/sales/figures"),
        ),
    ),
    Flow(
        "repair",
        T("修设备", "Repair a machine"),
        *("wrench", "work_orders.update"),
        (
            Step(T("接单", "Accept the order"), "/work-orders?show=mine"),
            Step(T("断电、挂牌，再动手", "Isolate and tag before you touch it")),
            Step(T("做检查表，登记备件和照片", "Check-list, spare parts, photos"), "/work-orders"),
            Step(T("写结论，等验收", "Write the outcome; it is verified"), "/work-orders"),
        ),
    ),
)
_BY_KEY = {flow.key: flow for flow in FLOWS}


def flows_of(actor: Actor) -> Sequence[Flow]:
    return [flow for flow in FLOWS if actor.may(flow.right)]


def progress(session: ScopedSession, actor: Actor, today: date) -> Sequence[Progress]:
    """Each with what the asker ticked today."""
    flows = flows_of(actor)
    kept = preferences(session, *(_key(flow.key) for flow in flows))
    return [Progress(flow, _done(kept.get(_key(flow.key)), today)) for flow in flows]


def tick(session: ScopedSession, actor: Actor, key: str, number: int, today: date) -> None:
    """Tick a step off, or take the tick away."""
    flow = _BY_KEY.get(key)
    if flow is None or not actor.may(flow.right) or not 1 <= number <= len(flow.steps):
        raise NotFoundError(_NONE)
    done = _done(preferences(session, _key(key)).get(_key(key)), today) ^ {number}
    prefer(session, _key(key), [today.isoformat(), *(str(n) for n in sorted(done))])


def _key(flow: str) -> str:
    return f"flow.{flow}"


def _done(kept: Sequence[str] | None, today: date) -> frozenset[int]:
    if not kept or kept[0] != today.isoformat():
        return frozenset()
    return frozenset(map(int, kept[1:]))
