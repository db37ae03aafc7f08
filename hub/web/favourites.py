"""Pages that somebody keeps at hand, and the page the day begins with (UX-09)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.errors import InvalidError, T
from hub.kit.preferences.service import prefer, preferences
from hub.kit.session import ScopedSession
from hub.security.actor import Actor

KEY, START = "favourites", "start"
MAX = 12
TITLE_MAX = 80
OVERVIEW = "/"
STARTS: Mapping[str, tuple[T, str]] = {  # address → name, and the right it takes
    OVERVIEW: (T("总览", "Overview"), ""),
    "/tasks": (T("我的任务", "My tasks"), ""),
    "/alerts": (T("预警", "Alerts"), "alerts.read"),
    "/work-orders?show=mine": (T("我的工单", "My work orders"), "work_orders.read"),
    "/stock": (T("库存", "Stock"), "stock.read"),
    "/sales": (T("小票", "Receipts"), "sales.read"),
    "/archive": (T("档案", "Archive"), ""),
}
DEFAULTS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"clerk", "cashier", "stock_keeper", "practitioner"}), "/tasks"),
    (frozenset({"technician", "installer"}), "/work-orders?show=mine"),
)
_FULL = T("最多收藏 {n} 页，请先去掉一页。", "Up to {n} pages; take one away first.").format(n=MAX)


@dataclass(frozen=True, slots=True)
class Favourite:
    """A page of the hub by its address, with the name it had."""

    href: str
    title: str


def favourites(session: ScopedSession) -> tuple[Favourite, ...]:
    """The asker's own, in the order they were kept."""
    kept = preferences(session, KEY).get(KEY) or ()
    return tuple(Favourite(*one.split("\n", 1)) for one in kept)


def toggle(session: ScopedSession, href: str, title: str) -> None:
    """Keep a page at hand, or no longer."""
    known = favourites(session)
    left = [one for one in known if one.href != href]
    if len(left) == len(known):
        if len(left) >= MAX:
            raise InvalidError(_FULL)
        left.append(Favourite(href, " ".join(title.split())[:TITLE_MAX] or href))
    prefer(session, KEY, [f"{one.href}\n{one.title}" for one in left] or None)


def starts(actor: Actor, known: Sequence[Favourite]) -> Mapping[str, T]:
    """Pages that may be the first of the day: those of the roles, and the favourites."""
    own = {one.href: T(one.title, one.title) for one in known}
    common = {href: name for href, (name, right) in STARTS.items() if not right or actor.may(right)}
    return own | common


def start_of(session: ScopedSession, actor: Actor) -> str:
    """The page that this person begins with."""
    chosen = preferences(session, START).get(START)
    if chosen in starts(actor, favourites(session)):
        return str(chosen)
    held = frozenset(actor.roles)
    wanted = next((href for roles, href in DEFAULTS if held and held <= roles), OVERVIEW)
    return wanted if wanted in starts(actor, ()) else OVERVIEW


def begin_with(session: ScopedSession, actor: Actor, href: str) -> None:
    """Choose it; what is no page to begin with means that of the roles."""
    prefer(session, START, href if href in starts(actor, favourites(session)) else None)
