"""Open baskets: what a person is selling, kept until it is paid, on hold as long as need be.

What is taken out or re-priced is told with its reason and goes with the ticket (SAL-10, SAL-11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, update

from hub.analytics.selling.models import BASKETS, BasketStatus, SaleBasket
from hub.analytics.selling.originals import Original
from hub.analytics.selling.paying import Back, Goods
from hub.analytics.stores import StoreClock
from hub.archive.customers.records import Customer, Member
from hub.archive.prices.reading import Buyer, Price
from hub.archive.products.records import Product, ProductVariant
from hub.archive.promotions.baskets import Customer as Buying
from hub.archive.promotions.baskets import Wanted, Worked, work_out
from hub.archive.promotions.model import PricedLine
from hub.archive.promotions.returns import refund
from hub.archive.stock.names import ItemName, item_names
from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.kit.ids import uuid7
from hub.kit.session import ScopedSession

MOST_LINES = 500
MOST_MILLI = 10**9
_GONE = T("这个购物篮不在了，或已经付款。", "This basket is gone, or paid already.")
_FULL = T("购物篮满了，请先付款。", "The basket is full; have it paid first.")
_WHY = T("请写明原因。", "Say why.")
_AMOUNT = T("数量要大于 0。", "The quantity must be more than 0.")


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a basket as it is sold."""

    key: str
    name: ItemName
    line: PricedLine
    of_list: str
    is_own_price: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """A basket worked out: its lines, gifts and what they come to; `goods` is what is paid."""

    rows: Sequence[Shown]
    goods: Sequence[Goods]
    total_cents: int
    saved_cents: int


def find(session: ScopedSession, basket_id: UUID) -> SaleBasket:
    """One that is open or on hold."""
    found = session.get(SaleBasket, basket_id)
    if found is None or found.status not in (BasketStatus.OPEN, BasketStatus.HELD):
        raise NotFoundError(_GONE)
    return found


def current(session: ScopedSession, store_id: UUID, user_id: UUID) -> SaleBasket | None:
    """What this person is selling in this store now."""
    return session.scalars(
        select(SaleBasket)
        .where(
            SaleBasket.store_id == store_id,
            SaleBasket.user_id == user_id,
            SaleBasket.status == BasketStatus.OPEN.value,
        )
        .order_by(SaleBasket.created_at.desc())
        .limit(1)
    ).first()


def begin(
    session: ScopedSession, store_id: UUID, user_id: UUID, now: datetime, basket_id: UUID
) -> SaleBasket:
    """A new basket; what the person had open waits on hold."""
    if (before := current(session, store_id, user_id)) is not None:
        is_empty = not before.lines and not before.back
        before.status = (BasketStatus.DROPPED if is_empty else BasketStatus.HELD).value
    made = SaleBasket(
        id=basket_id,
        store_id=store_id,
        user_id=user_id,
        status=BasketStatus.OPEN.value,
        lines=[],
        back=[],
        events=[],
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    return made


def held(session: ScopedSession, store_id: UUID) -> Sequence[SaleBasket]:
    """Of everybody in the store; the newest first."""
    return session.scalars(
        select(SaleBasket)
        .where(SaleBasket.store_id == store_id, SaleBasket.status == BasketStatus.HELD.value)
        .order_by(SaleBasket.updated_at.desc())
        .limit(20)
    ).all()


def recall(session: ScopedSession, basket: SaleBasket, user_id: UUID) -> None:
    """Go on with it; what this person has open waits instead."""
    before = current(session, basket.store_id, user_id)
    if before is not None and before.id != basket.id:
        is_empty = not before.lines and not before.back
        before.status = (BasketStatus.DROPPED if is_empty else BasketStatus.HELD).value
    basket.status, basket.user_id = BasketStatus.OPEN.value, user_id


def add(basket: SaleBasket, item_id: UUID, milli: int) -> None:
    """So much more of an item; pieces of one sort are one line."""
    if not 0 < milli <= MOST_MILLI:
        raise InvalidError(_AMOUNT, {"quantity": _AMOUNT})
    lines = [dict(one) for one in basket.lines]
    same = next((x for x in lines if x["item_id"] == str(item_id) and x["price"] is None), None)
    if same:
        same["milli"] += milli
    elif len(lines) >= MOST_LINES:
        raise ConflictError(_FULL)
    else:
        lines.append({"key": uuid7().hex, "item_id": str(item_id), "milli": milli, "price": None})
    basket.lines = lines


def change(
    basket: SaleBasket, key: str, milli: int | None, price: int | None, why: str, title: str
) -> None:
    """Another quantity, none at all, or a price of one's own with the reason for it."""
    lines = [dict(one) for one in basket.lines]
    line = next((one for one in lines if one["key"] == key), None)
    if line is None:
        raise NotFoundError(_GONE)
    if milli == 0:
        lines.remove(line)
        _tell(basket, "removed", f"{title} × {line['milli'] / 1000:g} {why}".strip())
    elif milli is not None:
        if not 0 < milli <= MOST_MILLI:
            raise InvalidError(_AMOUNT, {"quantity": _AMOUNT})
        line["milli"] = milli
    if price is not None and price != line["price"]:
        if not why:
            raise InvalidError(_WHY, {"why": _WHY})
        line["price"] = price
        _tell(basket, "price", f"{title} → {price / 100:.2f}: {why}")
    basket.lines = lines


def _tell(basket: SaleBasket, kind: str, text: str) -> None:
    basket.events = [*basket.events, {"kind": kind, "text": text}]


def take_back(basket: SaleBasket, original_id: UUID, back: Sequence[Back], why: str) -> None:
    """What comes back of one receipt; in its place nothing of another can."""
    basket.original_id = original_id
    basket.back = [
        {"line": one.line, "milli": one.quantity_milli, "damaged": one.is_damaged} for one in back
    ]
    _tell(basket, "return", why)


def check_back(original: Original, one: Back) -> None:
    """Whether so much of a line can still come back; ConflictError says how much can."""
    refund(original.sold[one.line], one.quantity_milli)


def back_of(basket: SaleBasket) -> list[Back]:
    return [Back(one["line"], one["milli"], one["damaged"]) for one in basket.back]


def notes_of(basket: SaleBasket, *, is_anyway: bool) -> list[tuple[str, str]]:
    told = [(one["kind"], one["text"]) for one in basket.events]
    return [*told, ("anyway", "")] if is_anyway else told


def close(connection: Connection, basket_id: UUID, ticket_id: UUID) -> None:
    """It is paid."""
    values = {"status": BasketStatus.PAID.value, "ticket_id": ticket_id}
    connection.execute(update(BASKETS).where(BASKETS.c.id == basket_id).values(values))


def customer_by(session: ScopedSession, code: str) -> Customer | None:
    """By the card's number or the telephone number, whole."""
    card = session.scalars(
        select(Member).where(Member.number == code, Member.archived_at.is_(None))
    ).first()
    if card is not None:
        return session.get(Customer, card.customer_id)
    return session.scalars(
        select(Customer).where(Customer.phone == code, Customer.archived_at.is_(None))
    ).first()


def customer_named(session: ScopedSession, customer_id: UUID | None) -> str:
    """Their name; empty for a stranger."""
    found = session.get(Customer, customer_id) if customer_id else None
    return found.name if found else ""


def member_of(session: ScopedSession, customer_id: UUID | None) -> Member | None:
    if customer_id is None:
        return None
    return session.scalars(
        select(Member).where(Member.customer_id == customer_id, Member.archived_at.is_(None))
    ).first()


def bill(session: ScopedSession, clock: StoreClock, basket: SaleBasket, now: datetime) -> Bill:
    """What it comes to, line by line, with what runs at this moment."""
    wanted = [
        Wanted(one["key"], UUID(one["item_id"]), one["milli"], one["price"]) for one in basket.lines
    ]
    card = member_of(session, basket.customer_id)
    tier = card.tier_id if card else None
    buyer = Buyer(clock.store_id, clock.day_of(now), tier_id=tier)
    buying = Buying(card is not None, tier, frozenset({basket.coupon} - {""}))
    worked = work_out(session, buyer, buying, wanted, now.astimezone(clock.zone))
    return _told(session, worked, wanted)


def _told(session: ScopedSession, worked: Worked, wanted: Sequence[Wanted]) -> Bill:
    own = {one.key: one for one in wanted}
    gifts = _items_of(session, [UUID(one.item) for one in worked.priced.gifts])
    names = item_names(session, {one.item_id for one in wanted} | set(gifts.values()))
    codes = _codes(session, names)
    rows, goods = [], []
    for line in worked.priced.lines:
        one = own[line.line.key]
        of_list = worked.prices.get(one.item_id, Price(0)).of_list
        name = names[one.item_id]
        rows.append(Shown(one.key, name, line, of_list, one.price_minor is not None))
        savings = {(x.rule, x.text.zh, x.text.en): x.amount_minor for x in line.savings}
        price, gross = line.line.price_minor, line.line.gross_minor
        goods.append(
            Goods(
                one.item_id,
                name.title,
                codes[one.item_id],
                one.quantity_milli,
                price,
                gross,
                savings,
            )
        )
    for gift in worked.priced.gifts:
        item = gifts.get(UUID(gift.item))
        if item in names:
            of_gift = names[item].title, codes[item]
            goods.append(Goods(item, *of_gift, gift.quantity_milli, 0, 0))
    saved = sum(sum(one.savings.values()) for one in goods)
    return Bill(rows, goods, worked.priced.total_minor, saved)


def _items_of(session: ScopedSession, products: Sequence[UUID]) -> dict[UUID, UUID]:
    """The item of each product that has but one: its only variant, or itself."""
    wanted = (
        select(Product.id, func.coalesce(ProductVariant.id, Product.id))
        .outerjoin(ProductVariant, ProductVariant.product_id == Product.id)
        .where(Product.id.in_(products))
    )
    found: dict[UUID, list[UUID]] = {}
    for product, item in session.execute(wanted):
        found.setdefault(product, []).append(item)
    return {product: items[0] for product, items in found.items() if len(items) == 1}


def _codes(session: ScopedSession, names: Mapping[UUID, ItemName]) -> dict[UUID, tuple[str, ...]]:
    """By which codes an item may be known: what is on the shelf, and the product's own."""
    products = {one.product_id for one in names.values()}
    wanted = select(Product.id, Product.code).where(Product.id.in_(products))
    own: dict[Any, str] = {row.id: row.code for row in session.execute(wanted)}
    return {item: (one.code, own.get(one.product_id, "")) for item, one in names.items()}
