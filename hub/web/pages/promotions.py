"""/promotions: what runs, what is drafted, where they meet; a basket to try them on (MKT-04)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select
from starlette.responses import Response

from hub.analytics.stores import StoreClock
from hub.archive.customers.records import MemberTier
from hub.archive.prices.reading import Buyer
from hub.archive.promotions.baskets import Customer, Wanted, Worked, work_out
from hub.archive.promotions.conflicts import conflicts
from hub.archive.promotions.model import Priced, PricedLine
from hub.archive.promotions.reading import rule_of
from hub.archive.promotions.records import Promotion, PromotionStatus
from hub.archive.stock.names import ItemName, item_names
from hub.archive.stock.scans import scanned
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.security.actor import Actor
from hub.web.deps import CurrentUser, Hub, ReadSession, require
from hub.web.language import Language, say
from hub.web.pages.stock import milli
from hub.web.services import Services
from hub.web.stock_stores import chosen, stores_with
from hub.web.views import CurrentView

READ = "promotions.read"
MOST_LINES = 60
_UNKNOWN = T("没有商品叫“{code}”。", "No article is called “{code}”.")
router = APIRouter(include_in_schema=False, dependencies=[require(READ)])


@dataclass(frozen=True, slots=True)
class Explained:
    """A line of the basket with what it costs and why."""

    name: ItemName
    line: PricedLine
    of_list: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of the basket."""

    rows: list[Explained]
    gifts: list[tuple[str, str, int]]
    refused: list[tuple[str, str]]
    priced: Priced
    gross_minor: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What the try-out form says; `basket` is a code and how many a line, `member` a tier."""

    basket: Annotated[str, Query(max_length=4000)] = ""
    at: Annotated[str, Query(max_length=16)] = ""
    member: Annotated[str, Query(max_length=40)] = ""
    coupon: Annotated[str, Query(max_length=40)] = ""

    def customer(self, tiers: Iterable[MemberTier]) -> Customer:
        tier = next((one.id for one in tiers if str(one.id) == self.member), None)
        return Customer(bool(self.member), tier, frozenset({self.coupon.strip()} - {""}))


@router.get("/promotions")
def show_promotions(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    asked: Annotated[Asked, Depends()],
    store: UUID | None = None,
) -> Response:
    stores = stores_with(session, actor, READ)
    if not stores:
        return view.page("promotions.html", here=None)
    here = chosen(stores, store)
    clock = StoreClock.of(here)
    when = _when(asked.at, view.now.astimezone(clock.zone))
    tiers = session.scalars(select(MemberTier).where(MemberTier.archived_at.is_(None))).all()
    lines, unknown = _read_basket(services, actor, asked.basket)
    listed = _listed(session)
    rules = [rule_of(one, clock.zone) for one in listed]
    tried = None
    if lines:
        customer = asked.customer(tiers)
        buyer = Buyer(here.id, clock.day_of(when), tier_id=customer.tier_id)
        drafts = [one.id for one in listed if one.status is PromotionStatus.DRAFT]
        worked = work_out(session, buyer, customer, lines, when, drafts=drafts)
        tried = _told(session, worked, lines, view.language)
    return replace(view, zone=clock.zone).page(
        "promotions.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        asked=asked,
        when=when,
        members=_members(tiers, view.language),
        unknown=[say(view.language, _UNKNOWN.format(code=code)) for code in unknown],
        tried=tried,
        listed=[(one, say(view.language, one.kind.label)) for one in listed],
        conflicts=[say(view.language, one.what) for one in conflicts(rules)],
        may_write=actor.may("promotions.create"),
    )


def _members(tiers: Iterable[MemberTier], language: Language) -> list[tuple[str, str]]:
    anyone = "any", say(language, T("会员", "Member"))
    return [anyone, *((str(one.id), one.name) for one in tiers)]


def _when(text: str, now: datetime) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=now.tzinfo)
    except ValueError:
        return now


def _listed(session: ScopedSession) -> Sequence[Promotion]:
    wanted = select(Promotion).where(
        Promotion.archived_at.is_(None), Promotion.status != PromotionStatus.ENDED
    )
    return session.scalars(wanted.order_by(Promotion.priority.desc(), Promotion.code)).all()


def _read_basket(services: Services, actor: Actor, text: str) -> tuple[list[Wanted], list[str]]:
    """Lines such as `6901 x 3` or `6901 3`; one piece where no number follows."""
    told: list[tuple[str, int]] = []
    for row in text.splitlines()[:MOST_LINES]:
        words = row.replace("×", " ").replace("*", " ").split()
        if words:
            last = words[-1].lstrip("x")
            has_number = len(words) > 1 and last.replace(".", "", 1).isdecimal()
            code = " ".join(words[:-1] if has_number else words).removesuffix(" x")
            told.append((code, milli(last) if has_number else 1000))
    with services.db.system_read("try promotions") as connection:
        known = scanned(connection, actor.chain_id, (code for code, _ in told))
    lines = [
        Wanted(str(n), known[code].item_id, known[code].quantity_milli * quantity // 1000)
        for n, (code, quantity) in enumerate(told)
        if code in known
    ]
    return lines, [code for code, _ in told if code not in known]


def _told(
    session: ScopedSession, worked: Worked, lines: Iterable[Wanted], language: Language
) -> Tried:
    wanted = {one.key: one.item_id for one in lines}
    gifts = [(UUID(one.item), one) for one in worked.priced.gifts]
    names = item_names(session, {*wanted.values(), *(item for item, _ in gifts)})
    rows = []
    for line in worked.priced.lines:
        item = wanted[line.line.key]
        of_list = worked.prices[item].of_list if item in worked.prices else ""
        rows.append(Explained(names[item], line, of_list))
    return Tried(
        rows=rows,
        gifts=[
            (names[item].title, say(language, one.text), one.quantity_milli) for item, one in gifts
        ],
        refused=[
            (say(language, worked.promotions[one.rule].title), say(language, one.why))
            for one in worked.priced.not_applied
        ],
        priced=worked.priced,
        gross_minor=sum(one.line.gross_minor for one in worked.priced.lines),
    )
