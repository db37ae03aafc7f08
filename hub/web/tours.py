"""The first look around: a few steps for each role, kept with the person and never pressed on one.

The card is in the page itself and its buttons are a form, so it works by keyboard and needs no
script. A step marks one part of the frame (`mark`); what a person may not read is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.errors import T
from hub.kit.preferences.service import prefer, preferences
from hub.kit.session import ScopedSession
from hub.security.actor import Actor
from hub.web.rendering import TourCard

KEY = "tour"
OVER = -1


@dataclass(frozen=True, slots=True)
class Step:
    """Where it takes place, what it marks, and the right without which it makes no sense."""

    page: str
    mark: str
    title: T
    text: T
    right: str = ""


WORST_FIRST = Step(
    "/",
    "overview",
    T("早上先看总览", "Begin with the overview"),
    T(
        "最需要您的门店排在最前，正常的收在下面。点任何数字，就到它背后的清单。",
        "The store that needs you most comes first; a number leads to the list behind it.",
    ),
)
ALERTS = Step(
    "/alerts",
    "alerts",
    T("预警告诉您先做什么", "Alerts say what to do first"),
    T(
        "每条预警写着情况、可能的原因和第一步。按“确认”，别人就知道您接手了。",
        "Each says what happened, the likely cause and the first step. "
        "Acknowledge, and others know you are on it.",
    ),
    "alerts.read",
)
ORDERS = Step(
    "/work-orders",
    "orders",
    T("工单从报修到验收", "Work orders, from report to check"),
    T(
        "扫设备上的二维码就能报修；接单、检查表、备件和结论都在这里。",
        "Scan the code on a machine to report a fault; accept, check, parts and outcome are here.",
    ),
    "work_orders.read",
)
STOCK = Step(
    "/stock",
    "stock",
    T("库存随小票变动", "Stock follows the tickets"),
    T(
        "查一件商品在哪家店有多少；数量不对就更正，并写明原因。",
        "See how much is where; when a quantity is wrong, correct it and say why.",
    ),
    "stock.read",
)
ARCHIVE = Step(
    "/archive",
    "archive",
    T("一切记录都在档案里", "Every record is in the archive"),
    T(
        "每种记录用法一样：搜索认拼音首字母，单元格里直接改，改错了马上撤销。",
        "All records work the same way: search by initials, edit in the cell, undo at once.",
    ),
)
FIND = Step(
    "",
    "find",
    T("一个框找到所有东西", "One box finds everything"),
    T(
        "在任何页面按 Ctrl K：门店、记录、页面、操作和帮助，输首字母就行。",
        "Press Ctrl K on any page: stores, records, pages, actions and help, by initials too.",
    ),
)
HELP = Step(
    "",
    "help",
    T("这一页怎么用？", "How does this page work?"),
    T(
        "按 ? 或点问号，打开当前页面的帮助。在帮助页可以再看一次这段介绍。",
        "Press ? or the question mark for the help of the page; Help offers this tour again.",
    ),
)
ME = Step(
    "/account",
    "me",
    T("这里是您自己的", "This is yours"),
    T(
        "语言、外观、通知和账号都在自己的名字下面。先把两步验证设好。",
        "Language, look, notices and account are under your name. Set up the second factor first.",
    ),
)
DESK = (ARCHIVE, STOCK, ORDERS, FIND, HELP)
BENCH = (ORDERS, ALERTS, ARCHIVE, FIND, HELP)
OFFICE = (ARCHIVE, ME, FIND, HELP)
LEAD = (WORST_FIRST, ALERTS, ARCHIVE, FIND, HELP)
TOURS: tuple[tuple[frozenset[str], tuple[Step, ...]], ...] = (
    (frozenset({"clerk", "cashier", "practitioner", "stock_keeper", "purchaser"}), DESK),
    (frozenset({"technician", "installer"}), BENCH),
    (frozenset({"hr", "finance", "privacy_officer", "auditor"}), OFFICE),
)


def tour_of(actor: Actor) -> Sequence[Step]:
    """The steps for this person's roles; whoever leads takes the manager's tour."""
    held = frozenset(actor.roles)
    steps = next((steps for roles, steps in TOURS if held and held <= roles), LEAD)
    return [step for step in steps if not step.right or actor.may(step.right)]


def card(session: ScopedSession, actor: Actor) -> TourCard | None:
    """What pages show of the tour: the offer, the step one is at, nothing once it is over."""
    at = preferences(session, KEY).get(KEY)
    steps = tour_of(actor)
    if at is None:
        return TourCard(0, len(steps))
    if not 1 <= at <= len(steps):
        return None
    step = steps[at - 1]
    return TourCard(at, len(steps), step.page, step.mark, step.title, step.text)


def go(session: ScopedSession, actor: Actor, number: int) -> str:
    """Move to a step from 1 on, or end the tour; gives the page of the step, "" for any."""
    steps = tour_of(actor)
    is_on = 1 <= number <= len(steps)
    prefer(session, KEY, number if is_on else OVER)
    return steps[number - 1].page if is_on else ""
