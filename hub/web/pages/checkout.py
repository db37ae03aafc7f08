"""/sales/new: a sale by hand, by keyboard and scanner first (SAL-10, SAL-15).

The page knows no articles: each scan and each letter asks the hub, so it opens at once however
many there are (complaint C2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.analytics.closing import MOST_CENTS
from hub.analytics.selling import baskets
from hub.analytics.selling.details import tell_detail
from hub.analytics.selling.models import BasketStatus, SaleBasket
from hub.analytics.selling.originals import Original, find_original, refunds
from hub.analytics.selling.paying import Paid, Sale, pay
from hub.analytics.stores import StoreClock
from hub.analytics.tables import TicketRow
from hub.analytics.tickets import Sold
from hub.archive.promotions.returns import refund
from hub.archive.stock import lookup
from hub.archive.stock.lookup import StockRow
from hub.archive.stock.scans import scanned
from hub.archive.stores.records import Store
from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.kit.db import ScopedSession
from hub.kit.ids import uuid7
from hub.kit.records.access import load
from hub.kit.records.contact import plain_phone
from hub.live import Event, EventKind
from hub.security.actor import Actor
from hub.web.blind import hidden_items
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.language import say
from hub.web.pages.stock import milli
from hub.web.records.desk import Posted
from hub.web.rendering import View
from hub.web.sale_words import TENDERS
from hub.web.services import Services
from hub.web.stock_stores import chosen, stores_with
from hub.web.views import CurrentView

SELL = "sales.create"
FOUND = 8
_NO_ARTICLE = T("没有商品叫“{code}”。", "No article is called “{code}”.")
_NO_CUSTOMER = T("没有这位会员：{code}。", "No member has {code}.")
_NO_BASKET = T("这个购物篮不在了。", "This basket is gone.")
_MONEY = T("请写成 12.50 这样的金额。", "Write an amount such as 12.50.")


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says of the step before: what was found, what went wrong, what was paid."""

    q: Annotated[str, Query(max_length=80)] = ""
    wrong: Annotated[str, Query(max_length=300)] = ""
    paid: UUID | None = None


router = APIRouter(include_in_schema=False, dependencies=[require(SELL)])


@router.get("/sales/new")
def show_checkout(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    told: Annotated[Told, Depends()],
    store: UUID | None = None,
) -> Response:
    stores = stores_with(session, actor, SELL)
    if not stores:
        return view.page("sales-new.html", here=None)
    here = chosen(stores, store)
    clock = StoreClock.of(here)
    basket = baskets.current(session, here.id, actor.user_id)
    bill = baskets.bill(session, clock, basket, view.now) if basket else None
    original, back, due = _coming_back(services, actor, basket)
    return replace(view, zone=clock.zone).page(
        "sales-new.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        basket=basket,
        bill=bill,
        back=back,
        total=(bill.total_cents if bill else 0) - due,
        refund_by=refunds(original.paid_cents, due) if original else {},
        customer=baskets.customer_named(session, basket.customer_id if basket else None),
        held=baskets.held(session, here.id),
        q=told.q,
        found=_found(session, here, told.q),
        hidden=hidden_items(session, actor, here.id),
        wrong=told.wrong,
        paid=session.get(TicketRow, told.paid) if told.paid else None,
        tenders=[(key, say(view.language, text)) for key, text in TENDERS.items()],
        names={key: say(view.language, text) for key, text in TENDERS.items()},
        may_read=actor.may("sales.read", here.id),
    )


@router.get("/sales/new/{store}/found")
def show_found(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID,
    code: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """What typing finds, at every letter."""
    here = _here(session, actor, store)
    words = code.rpartition("*")[2]
    hidden = hidden_items(session, actor, here.id)
    return view.page(
        "sales-found.html", here=here, found=_found(session, here, words), hidden=hidden
    )


def _found(session: ScopedSession, here: Store, q: str) -> Sequence[StockRow]:
    return lookup.stock(session, here.id, q)[:FOUND] if q.strip() else ()


def _coming_back(
    services: Services, actor: Actor, basket: SaleBasket | None
) -> tuple[Original | None, list[tuple[str, int, int]], int]:
    """The receipt that goods come back of; each with its pieces and money; what it comes to."""
    if basket is None or basket.original_id is None or not basket.back:
        return None, [], 0
    with services.db.system_read("return") as connection:
        original = find_original(connection, actor.chain_id, basket.original_id)
    rows = []
    for one in baskets.back_of(basket):
        due = refund(original.sold[one.line], one.quantity_milli).net_minor
        rows.append((original.lines[one.line].name, one.quantity_milli, due))
    return original, rows, sum(due for _, _, due in rows)


@router.post("/sales/new/{store}/scan")
def scan(
    view: CurrentView,
    session: WriteSession,
    services: Hub,
    actor: CurrentUser,
    store: UUID,
    form: Posted,
) -> Response:
    """A code, `3*code` for several, or words that only one article has."""
    here = _here(session, actor, store)
    basket = _basket(view, session, actor, here)
    times, _, code = form.get("code", "").strip()[:80].rpartition("*")
    quantity = milli(times) if times else 1000
    if not code and not form.get("item"):
        return _back_to(here)
    if form.get("item"):
        item, each = _uuid(form["item"]), 1000
    else:
        with services.db.system_read("scan") as connection:
            known = scanned(connection, actor.chain_id, [code]).get(code)
        some = [] if known else lookup.stock(session, here.id, code)
        if known is None and len(some) != 1:
            text = say(view.language, _NO_ARTICLE.format(code=code))
            return _back_to(here, q=code) if some else _back_to(here, wrong=text)
        item, each = (known.item_id, known.quantity_milli) if known else (some[0].item_id, 1000)
    baskets.add(basket, item, each * quantity // 1000)
    basket.updated_at = view.now
    return _back_to(here)


@router.post("/sales/new/{store}/lines/{key}")
def change_line(
    session: WriteSession, actor: CurrentUser, store: UUID, key: str, form: Posted
) -> Response:
    """Its quantity, or its price with a reason; `remove` takes it out."""
    here = _here(session, actor, store)
    basket = baskets.current(session, here.id, actor.user_id)
    if basket is None:
        raise NotFoundError(_NO_BASKET)
    why, price = form.get("why", "").strip()[:100], form.get("price", "").strip()
    quantity = 0 if "remove" in form else milli(form.get("quantity", "1"))
    own = _cents(price) if price and "remove" not in form else None
    baskets.change(basket, key, quantity, own, why, form.get("title", "")[:100])
    return _back_to(here)


@router.post("/sales/new/{store}/customer")
def set_customer(
    view: CurrentView, session: WriteSession, actor: CurrentUser, store: UUID, form: Posted
) -> Response:
    """Whose sale it is, by card or telephone; and a coupon. Empty takes them away."""
    here = _here(session, actor, store)
    basket = _basket(view, session, actor, here)
    basket.coupon = form.get("coupon", "").strip()[:40]
    code = form.get("customer", "").strip()[:40]
    if not code:
        basket.customer_id = None
        return _back_to(here)
    found = baskets.customer_by(session, code) or baskets.customer_by(session, plain_phone(code))
    if found is None:
        return _back_to(here, wrong=say(view.language, _NO_CUSTOMER.format(code=code)))
    basket.customer_id = found.id
    return _back_to(here)


@router.post("/sales/new/{store}/hold")
def hold(session: WriteSession, actor: CurrentUser, store: UUID, form: Posted) -> Response:
    """Somebody forgot the milk: the next customer comes first."""
    here = _here(session, actor, store)
    basket = baskets.current(session, here.id, actor.user_id)
    if basket is not None:
        basket.status = BasketStatus.HELD.value
        basket.name = form.get("name", "").strip()[:40]
    return _back_to(here)


@router.post("/sales/new/{store}/recall/{id}")
def recall(session: WriteSession, actor: CurrentUser, store: UUID, id: UUID) -> Response:
    here = _here(session, actor, store)
    basket = baskets.find(session, id)
    if basket.store_id == here.id:
        baskets.recall(session, basket, actor.user_id)
    return _back_to(here)


@router.post("/sales/new/{store}/drop")
def drop(session: WriteSession, actor: CurrentUser, store: UUID) -> Response:
    """The customer changed their mind; the basket stays on file, dropped."""
    here = _here(session, actor, store)
    basket = baskets.current(session, here.id, actor.user_id)
    if basket is not None:
        basket.status = BasketStatus.DROPPED.value
    return _back_to(here)


@router.post("/sales/new/{store}/pay")
def pay_basket(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    store: UUID,
    form: Posted,
) -> Response:
    """By one tender with one click, or by several amounts; paid twice, it counts once."""
    here = _here(session, actor, store)
    basket = session.get(SaleBasket, _uuid(form.get("basket", "")))
    if basket is None or basket.store_id != here.id:
        raise NotFoundError(_NO_BASKET)
    if basket.ticket_id is not None:
        return _back_to(here, paid=str(basket.ticket_id))
    clock = StoreClock.of(here)
    told = baskets.bill(session, clock, basket, view.now)
    card = baskets.member_of(session, basket.customer_id)
    sale = Sale(
        id=basket.id,
        goods=told.goods,
        tenders=_tenders(form),
        all_by=form.get("all", ""),
        back=baskets.back_of(basket),
        member=card.number if card else "",
        cashier=actor.name,
        user_id=actor.user_id,
        notes=baskets.notes_of(basket, is_anyway="anyway" in form),
        is_anyway="anyway" in form,
    )
    try:
        done = _settle(services, actor, clock, basket, sale, view)
    except (ConflictError, InvalidError) as error:
        return _back_to(here, wrong=say(view.language, error.text))
    announce(services, here.id, done.sold)
    return _back_to(here, paid=str(done.ticket_id))


def _tenders(form: Posted) -> dict[str, int]:
    return {key: _cents(form[key]) for key in TENDERS if form.get(key, "").strip()}


def _settle(
    services: Services, actor: Actor, clock: StoreClock, basket: SaleBasket, sale: Sale, view: View
) -> Paid:
    """Ticket, basket and customer in one transaction."""
    with services.db.system("sale") as connection:
        if basket.original_id is not None:
            original = find_original(
                connection, actor.chain_id, basket.original_id, is_to_change=True
            )
            sale = replace(sale, original=original)
        done = pay(connection, clock, sale, view.now)
        baskets.close(connection, basket.id, done.ticket_id)
        if basket.customer_id is not None:
            known = {"customer_id": basket.customer_id}
            tell_detail(connection, clock, done.ticket_id, known, (actor.user_id, view.now))
    return done


def announce(services: Services, store_id: UUID, sold: Sold | None) -> None:
    """To every page that follows the store."""
    if sold is None:
        return
    about = {"tickets": sold.tickets, "revenue_cents": sold.revenue_cents}
    told = about | {"currency": sold.currency, "at": sold.newest_at.isoformat()}
    services.live.publish(Event(EventKind.SALE, store_id, told))


def _here(session: ScopedSession, actor: Actor, store_id: UUID) -> Store:
    store = load(session, Store, store_id)
    actor.demand(SELL, store.id)
    return store


def _basket(view: View, session: ScopedSession, actor: Actor, here: Store) -> SaleBasket:
    found = baskets.current(session, here.id, actor.user_id)
    return found or baskets.begin(session, here.id, actor.user_id, view.now, uuid7())


def _back_to(here: Store, **told: str) -> Response:
    query = urlencode({"store": str(here.id)} | told)
    return RedirectResponse(f"/sales/new?{query}", 303)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(_NO_BASKET) from None


def _cents(text: str) -> int:
    """An amount as people type it, in minor units."""
    try:
        number = Decimal(text.strip().replace(",", "").removeprefix("¥")) * 100
    except InvalidOperation:
        raise InvalidError(_MONEY, {"amount": _MONEY}) from None
    if not number.is_finite() or number != int(number) or not 0 <= number <= MOST_CENTS:
        raise InvalidError(_MONEY, {"amount": _MONEY})
    return int(number)
