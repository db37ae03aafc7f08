"""/stock: what each store has, the life of an item, corrections, and codes nobody knows yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.analytics import goods
from hub.analytics.stores import StoreClock
from hub.analytics.tables import UnknownCode
from hub.archive.stock import lookup
from hub.archive.stock.corrections import KINDS, LOSSES, MOST_MILLI, Correction, correct
from hub.archive.stock.limits import StockLimit
from hub.archive.stock.lookup import Change, Show
from hub.archive.stock.lots import StockLot, Swap, correct_lot
from hub.archive.stock.models import MovementKind, StockBalance
from hub.archive.stores.records import Store
from hub.errors import ForbiddenError, InvalidError, NotFoundError, T
from hub.kit.db import ScopedSession
from hub.kit.ids import uuid7
from hub.kit.records.access import load
from hub.live import Event, EventKind
from hub.security.actor import Actor
from hub.security.records import User
from hub.web.blind import hidden_items
from hub.web.deps import CurrentUser, Hub, ReadSession, require
from hub.web.language import Language, say
from hub.web.records.desk import Posted
from hub.web.rendering import View
from hub.web.views import CurrentView

READ, CORRECT, BIND = "stock.read", "stock.create", "stock.update"
MONEY = "sales.read"
CODES = 200
SHOWS = {
    Show.KNOWN: T("全部", "All"),
    Show.OUT: T("缺货", "Out of stock"),
    Show.NEGATIVE: T("负库存", "Below zero"),
}
KIND_WORDS = {kind.value: kind.label for kind in MovementKind}
_NO_STORE = T("没有这家门店。", "There is no such store.")
_NUMBER = T("请写成 12 或 0.5 这样的数。", "Write a number such as 12 or 0.5.")
_WHICH = T("请选择操作。", "Choose what happened.")
_NO_CODE = T("没有等待处理的这个编码。", "No such code is waiting.")
_WHOLE_CHAIN = T(
    "编码对全连锁有效，需要全连锁的库存权限。",
    "A code holds for the whole chain; this needs the right to stock in all of it.",
)
_NOT_ONE = T(
    "“{typed}”不是唯一的一件商品：请输入它的编码或条码。",
    "“{typed}” is not one product: type its code or barcode.",
)
_TILL = T("收银机", "Till")
router = APIRouter(include_in_schema=False, dependencies=[require(READ)])


@dataclass(frozen=True, slots=True)
class Life:
    """A change as the page tells it."""

    change: Change
    kind: str
    who: str
    why: str


@router.get("/stock")
def show_stock(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID | None = None,
    q: Annotated[str, Query(max_length=80)] = "",
    show: Show = Show.KNOWN,
) -> Response:
    stores = _stores(session, actor)
    if not stores:
        return view.page("stock.html", stores=[], here=None)
    here = _named(stores, store) if store else stores[0]
    zoned = replace(view, zone=ZoneInfo(here.zone))
    return zoned.page(
        "stock.html",
        stores=[(one.id, one.name) for one in stores],
        here=here,
        q=q,
        show=show.value,
        shows=[
            (view.here(store=here.id, show=key.value), say(view.language, text), key is show)
            for key, text in SHOWS.items()
        ],
        rows=lookup.stock(session, here.id, q, show),
        hidden=hidden_items(session, actor, here.id),
        worth=lookup.worth(session, here.id),
        unknown=len(_unknown(session, actor)) if actor.reach(BIND) is None else 0,
        sees_money=actor.may(MONEY, here.id),
    )


@router.get("/stock/codes")
def show_codes(view: CurrentView, session: ReadSession, actor: CurrentUser) -> Response:
    """What tills sold and the archive does not know."""
    stores = {one.id: one.name for one in _stores(session, actor)}
    return view.page(
        "stock-codes.html",
        codes=_unknown(session, actor),
        stores=stores,
        may_bind=actor.reach(BIND) is None,
    )


@router.post("/stock/codes")
def bind_code(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser, form: Posted
) -> Response:
    """Bind a till's code to the item with this code or barcode; post what waited for it."""
    if actor.reach(BIND) is not None:
        raise ForbiddenError(_WHOLE_CHAIN)
    code = form.get("code", "")
    if not any(one.code == code for one in _unknown(session, actor)):
        raise NotFoundError(_NO_CODE)
    item_id = _item_typed(session, actor, form.get("item", "").strip()[:80])
    with services.db.system("till code") as connection:
        goods.bind_code(connection, actor.chain_id, code, item_id, (actor.user_id, view.now))
    return RedirectResponse("/stock/codes", 303)


@router.get("/stock/{store}/{item}")
def show_item(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID,
    item: UUID,
    on: date | None = None,
) -> Response:
    here = _allowed(session, actor, store)
    row = lookup.item(session, here.id, item)
    clock = StoreClock.of(here)
    changes = lookup.changes(session, here.id, item)
    at = None
    if on is not None:
        at = lookup.quantity_at(session, here.id, item, clock.start_of(on + timedelta(days=1)))
    zoned = replace(view, zone=clock.zone)
    return zoned.page(
        "stock-item.html",
        here=here,
        row=row,
        life=_life(session, view.language, changes),
        others=_others(session, actor, item),
        on=on or clock.day_of(view.now),
        at=at,
        document=uuid7(),
        is_hidden=item in hidden_items(session, actor, here.id),
        **_lots(view, session, here, item),
        limit=session.get(StockLimit, (here.id, item)),
        targets=[(one.id, one.name) for one in _stores(session, actor) if one.id != here.id],
        losses=[(key, say(view.language, text)) for key, text in LOSSES.items()],
        may_correct=actor.may(CORRECT, here.id),
        sees_money=actor.may(MONEY, here.id),
    )


def _lots(view: View, session: ScopedSession, here: Store, item: UUID) -> dict[str, Any]:
    wanted = select(StockLot).where(
        StockLot.store_id == here.id, StockLot.item_id == item, StockLot.on_hand_milli != 0
    )
    lots = session.scalars(wanted.order_by(StockLot.expires_on, StockLot.lot)).all()
    without = ("", say(view.language, T("没有批次", "no lot")))
    return {"lots": lots, "lot_names": [*((one.lot, one.lot) for one in lots), without]}


@router.post("/stock/{store}/{item}/lot")
def swap_lot(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    store: UUID,
    item: UUID,
    form: Posted,
) -> Response:
    """It was of another lot than the oldest."""
    here = _allowed(session, actor, store)
    actor.demand(CORRECT, here.id)
    wanted = Swap(
        id=_id(form.get("document", "")),
        chain_id=actor.chain_id,
        store_id=here.id,
        item_id=item,
        from_lot=form.get("from", "")[:40],
        to_lot=form.get("to", "")[:40],
        quantity_milli=milli(form.get("quantity", "")),
    )
    with services.db.system("lot") as connection:
        correct_lot(connection, wanted, view.now)
    return RedirectResponse(f"/stock/{store}/{item}", 303)


@router.post("/stock/{store}/{item}")
def correct_item(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    store: UUID,
    item: UUID,
    form: Posted,
) -> Response:
    here = _allowed(session, actor, store)
    actor.demand(CORRECT, here.id)
    lookup.item(session, here.id, item)
    reason = form.get("loss", "") or form.get("reason", "")
    wanted = Correction(
        id=_id(form.get("document", "")),
        chain_id=actor.chain_id,
        store_id=here.id,
        item_id=item,
        kind=_kind(form.get("kind", "")),
        quantity_milli=milli(form.get("quantity", "")),
        reason=_reason(view.language, reason)[:200],
        user_id=actor.user_id,
        lot=form.get("lot", "").strip()[:40],
        expires_on=_day(form.get("expires", "")),
    )
    with services.db.system("stock correction") as connection:
        correct(connection, wanted, view.now)
    services.live.publish(Event(EventKind.RECORD, here.id, {"type": "stock", "id": str(item)}))
    return RedirectResponse(f"/stock/{store}/{item}", 303)


def _item_typed(session: ScopedSession, actor: Actor, typed: str) -> UUID:
    """The one item that somebody means by a code, a barcode or a name."""
    stores = _stores(session, actor)
    found = lookup.stock(session, stores[0].id, typed) if typed and stores else []
    exact = [one for one in found if typed in (one.code, one.barcode, one.name)]
    if len(exact or found) != 1:
        text = _NOT_ONE.format(typed=typed)
        raise InvalidError(text, {"item": text})
    return (exact or found)[0].item_id


def milli(text: str) -> int:
    """A quantity as people type it, in thousandths."""
    try:
        number = Decimal(text.strip().replace(",", "")) * 1000
    except InvalidOperation:
        raise InvalidError(_NUMBER, {"quantity": _NUMBER}) from None
    if not number.is_finite() or number != int(number) or abs(number) > MOST_MILLI:
        raise InvalidError(_NUMBER, {"quantity": _NUMBER})
    return int(number)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidError(_WHICH, {"expires": _WHICH}) from None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(_WHICH) from None


def _kind(text: str) -> MovementKind:
    for kind in KINDS:
        if kind.value == text:
            return kind
    raise InvalidError(_WHICH, {"kind": _WHICH})


def _reason(language: Language, text: str) -> str:
    return say(language, LOSSES[text]) if text in LOSSES else text


def _stores(session: ScopedSession, actor: Actor) -> list[Store]:
    """The stores whose stock this person may see."""
    wanted = select(Store).where(Store.archived_at.is_(None)).order_by(Store.code)
    return [one for one in session.scalars(wanted) if actor.may(READ, one.id)]


def _named(stores: Sequence[Store], store_id: UUID) -> Store:
    for one in stores:
        if one.id == store_id:
            return one
    raise NotFoundError(_NO_STORE)


def _allowed(session: ScopedSession, actor: Actor, store_id: UUID) -> Store:
    store = load(session, Store, store_id)
    if not actor.may(READ, store.id):
        raise NotFoundError(_NO_STORE)
    return store


def _unknown(session: ScopedSession, actor: Actor) -> list[UnknownCode]:
    wanted = select(UnknownCode).order_by(UnknownCode.lines.desc(), UnknownCode.code).limit(CODES)
    return [one for one in session.scalars(wanted) if actor.may(READ, one.store_id)]


def _others(session: ScopedSession, actor: Actor, item: UUID) -> list[tuple[Store, StockBalance]]:
    found = lookup.elsewhere(session, item)
    return [
        (store, balance)
        for store, balance in found
        if actor.may(READ, store.id) and item not in hidden_items(session, actor, store.id)
    ]


def _life(session: ScopedSession, language: Language, changes: Sequence[Change]) -> list[Life]:
    ids = {one.movement.user_id for one in changes if one.movement.user_id}
    people = {one.id: one.name for one in session.scalars(select(User).where(User.id.in_(ids)))}
    told = []
    for one in changes:
        user_id = one.movement.user_id
        by_till = say(language, _TILL) if one.movement.document_type == goods.TICKET else ""
        who = people.get(user_id, "") if user_id else by_till
        told.append(
            Life(one, say(language, KIND_WORDS[one.movement.kind]), who, one.movement.reason)
        )
    return told
