"""/stock/watch: what is short, what is too much, what does not sell, and the next step for each."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.products.records import Product, ProductVariant
from hub.archive.stock import lookup
from hub.archive.stock.limits import Level, Limit, set_limit
from hub.archive.stock.models import StockBalance
from hub.archive.stock.names import ItemName
from hub.archive.stock.watch import DEMAND_DAYS, Outage, Show, Watched, outages, watched
from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.kit.records.access import load
from hub.security.actor import Actor
from hub.web.blind import hidden_items
from hub.web.deps import CurrentUser, Hub, ReadSession, require
from hub.web.language import say
from hub.web.pages.stock import milli
from hub.web.records.desk import Posted
from hub.web.stock_stores import CORRECT, READ, chosen, stores_with
from hub.web.views import CurrentView

MONEY = "sales.read"
SHOWN = 200
OUTAGES = "outages"
LOOK_BACK = timedelta(days=28)
SHOWS = {
    Show.SHORT.value: T("该补货", "Order"),
    OUTAGES: T("缺过货", "Was out"),
    Show.OVER.value: T("积压", "Too much"),
    Show.SLOW.value: T("滞销", "Slow"),
    Show.ALL.value: T("周转", "Turnover"),
}
router = APIRouter(include_in_schema=False, dependencies=[require(READ)])


@dataclass(frozen=True, slots=True)
class Missed:
    """An item that was out: how long in all, how often, and what that may have cost in sales."""

    name: ItemName
    times: int
    lasting: timedelta
    is_out: bool
    lost_minor: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """Another store that has plenty of an item."""

    store_id: UUID
    name: str
    available_milli: int


@router.get("/stock/watch")
def show_watch(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID | None = None,
    show: Annotated[str, Query(max_length=10)] = Show.SHORT.value,
) -> Response:
    stores = stores_with(session, actor)
    if not stores:
        return view.page("stock-watch.html", here=None)
    here = chosen(stores, store)
    shown = show if show in SHOWS else Show.SHORT.value
    hidden = hidden_items(session, actor, here.id)
    found = [x for x in watched(session, here.id, view.now) if x.name.item_id not in hidden]
    listed = _rows(found, shown, view.now)[:SHOWN]
    gone = outages(session, here.id, view.now - LOOK_BACK)
    return replace(view, zone=ZoneInfo(here.zone)).page(
        "stock-watch.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        show=shown,
        shows=[
            (view.here(store=here.id, show=key), say(view.language, text), key == shown)
            for key, text in SHOWS.items()
        ],
        rows=listed,
        offers=_offers(session, actor, here, listed) if shown == Show.SHORT.value else {},
        missed=_missed(session, found, gone, view.now) if shown == OUTAGES else [],
        out=sum(one.level is Level.OUT for one in found),
        low=sum(one.level is Level.LOW for one in found),
        near=sum(one.level is Level.NEAR for one in found),
        tied_minor=sum(o.value_minor for o in found if o.is_over or o.is_slow(view.now)),
        sees_money=actor.may(MONEY, here.id),
        may_promote=actor.reach("promotions.create") is None and actor.may("promotions.create"),
        days=DEMAND_DAYS,
    )


def _rows(found: list[Watched], show: str, now: datetime) -> list[Watched]:
    """The worst first."""
    match show:
        case Show.SHORT.value:
            short = (one for one in found if one.level > Level.ENOUGH)
            return sorted(short, key=lambda one: (-one.level, one.cover_days or 0.0))
        case Show.OVER.value:
            return sorted((one for one in found if one.is_over), key=lambda o: -o.value_minor)
        case Show.SLOW.value:
            return sorted((o for o in found if o.is_slow(now)), key=lambda o: -o.value_minor)
        case Show.ALL.value:
            return sorted(found, key=lambda one: -(one.turnover or 0.0))
    return []


@router.post("/stock/{store}/{item}/limit")
def set_item_limit(
    services: Hub, session: ReadSession, actor: CurrentUser, store: UUID, item: UUID, form: Posted
) -> Response:
    """Safety stock and maximum of one item in one store; empty takes both away."""
    here = load(session, Store, store)
    actor.demand(CORRECT, here.id)
    lookup.item(session, here.id, item)
    safety, most = form.get("safety", "").strip(), form.get("most", "").strip()
    limit = Limit(milli(safety), milli(most) if most else None) if safety else None
    place = {"chain_id": actor.chain_id, "store_id": here.id, "item_id": item}
    with services.db.system("stock limit") as connection:
        set_limit(connection, place, limit, actor.user_id, utc_now())
    return RedirectResponse(f"/stock/{store}/{item}", 303)


def _offers(
    session: ScopedSession, actor: Actor, here: Store, rows: list[Watched]
) -> dict[UUID, Offer]:
    """The other store that has most of each item, where the visitor sees its stock (INV-05)."""
    items = [one.name.item_id for one in rows]
    wanted = (
        select(StockBalance, Store.name)
        .join(Store, Store.id == StockBalance.store_id)
        .where(StockBalance.item_id.in_(items), StockBalance.store_id != here.id)
        .where(Store.archived_at.is_(None))
    )
    offers: dict[UUID, Offer] = {}
    for held, name in session.execute(wanted):
        available = held.on_hand_milli - held.reserved_milli
        best = offers.get(held.item_id)
        if available <= (best.available_milli if best else 0):
            continue
        if actor.may(READ, held.store_id):
            offers[held.item_id] = Offer(held.store_id, name, available)
    needs = {one.name.item_id: one.wanted_milli for one in rows}
    return {item: one for item, one in offers.items() if one.available_milli > needs[item]}


def _missed(
    session: ScopedSession, found: list[Watched], gone: list[Outage], now: datetime
) -> list[Missed]:
    """By item; lost sales are the usual sales of the days it was there, at its price."""
    by_item: dict[UUID, list[Outage]] = {}
    for one in gone:
        by_item.setdefault(one.item_id, []).append(one)
    prices = _prices(session, list(by_item))
    rows = []
    for item in (one for one in found if one.name.item_id in by_item):
        spells = by_item[item.name.item_id]
        lasting = sum((one.lasting(now) for one in spells), timedelta())
        there = max(LOOK_BACK - lasting, timedelta(days=1))
        price = prices.get(item.name.item_id)
        lost = None
        if price is not None:
            lost = round(max(0, item.sold_milli) / 1000 * (lasting / there) * price)
        rows.append(Missed(item.name, len(spells), lasting, spells[-1].until is None, lost))
    return sorted(rows, key=lambda one: (-(one.lost_minor or 0), -one.lasting))


def _prices(session: ScopedSession, items: list[UUID]) -> dict[UUID, int]:
    own = select(Product.id, Product.price_minor).where(Product.id.in_(items))
    of_variant = (
        select(ProductVariant.id, ProductVariant.price_minor, Product.price_minor)
        .join(Product, Product.id == ProductVariant.product_id)
        .where(ProductVariant.id.in_(items))
    )
    found = {row.id: row.price_minor or 0 for row in session.execute(own) if row.price_minor}
    for item, own_price, whole in session.execute(of_variant):
        price = own_price if own_price is not None else whole
        if price is not None:
            found[item] = price
    return found
