"""What stores have, as people ask for it: by name, pinyin or code, item by item, change by change.

Everything here reads in the session of whoever asks, so it shows that person's stores alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, or_, select

from hub.archive.products.records import Product, ProductVariant
from hub.archive.stock.models import StockBalance, StockMovement
from hub.archive.stores.records import Store
from hub.errors import NotFoundError, T
from hub.kit.db import ScopedSession
from hub.kit.records.query import first_ids, matching, parse

PAGE = 100
HISTORY = 200
ITS_ID = func.coalesce(ProductVariant.id, Product.id)
_NO_ITEM = T("没有这件商品。", "There is no such item.")


class Show(StrEnum):
    """Which items of a store; `known` are those that ever moved there."""

    KNOWN = "known"
    OUT = "out"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class StockRow:
    """One item in one store; quantities are thousandths of `unit`."""

    item_id: UUID
    product_id: UUID
    code: str
    name: str
    variant: str | None
    barcode: str | None
    unit: str
    currency: str
    on_hand_milli: int
    reserved_milli: int
    in_transit_milli: int
    value_minor: int
    counted_at: datetime | None

    @property
    def available_milli(self) -> int:
        return self.on_hand_milli - self.reserved_milli

    @property
    def title(self) -> str:
        return f"{self.name} · {self.variant}" if self.variant else self.name


@dataclass(frozen=True, slots=True)
class Worth:
    """A store's stock in three numbers and its value."""

    items: int
    out: int
    negative: int
    value_minor: int


@dataclass(frozen=True, slots=True)
class Change:
    """A movement and what there was after it, in the order of the ledger."""

    movement: StockMovement
    after_milli: int


def stock(
    session: ScopedSession, store_id: UUID, q: str = "", show: Show = Show.KNOWN
) -> Sequence[StockRow]:
    """The first items of a store; words look through everything that is on file.

    A page of products or items is chosen first, from an index, and joined after that: the join of
    everything, sorted, takes seconds with 100,000 items.
    """
    rows = _rows(store_id)
    if show is not Show.KNOWN:
        lacking = _lacking(session, store_id, show)
        rows = rows.where(or_(ProductVariant.id.in_(lacking), Product.id.in_(lacking)))
    if q.strip() or show is Show.KNOWN:
        rows = rows.where(Product.id.in_(_products(session, store_id, q.strip())))
    rows = rows.order_by(Product.code, Product.id, ProductVariant.position).limit(PAGE)
    return [StockRow(*row) for row in session.execute(rows)]


def _products(session: ScopedSession, store_id: UUID, q: str) -> Sequence[UUID]:
    """The first products that words find; without words, those that ever moved in the store."""
    wanted = replace(parse(Product, [("q", q)]), size=PAGE)
    if q:
        return first_ids(session, Product, wanted)
    here = select(StockBalance.item_id).where(StockBalance.store_id == store_id)
    own = here.where(StockBalance.item_id == Product.id)
    of_variant = here.join(ProductVariant, ProductVariant.id == StockBalance.item_id).where(
        ProductVariant.product_id == Product.id
    )
    found = matching(session, select(Product.id), Product, wanted)
    found = found.where(or_(exists(of_variant), exists(own)))
    return session.scalars(found.order_by(Product.code, Product.id).limit(PAGE)).all()


def _lacking(session: ScopedSession, store_id: UUID, show: Show) -> Sequence[UUID]:
    left = StockBalance.on_hand_milli - StockBalance.reserved_milli
    short = StockBalance.on_hand_milli < 0 if show is Show.NEGATIVE else left <= 0
    wanted = select(StockBalance.item_id).where(StockBalance.store_id == store_id, short)
    return session.scalars(wanted.order_by(StockBalance.item_id).limit(PAGE)).all()


def item(session: ScopedSession, store_id: UUID, item_id: UUID) -> StockRow:
    """One item in one store, also where it never was; NotFoundError where nobody sells it."""
    which = or_(
        ProductVariant.id == item_id, and_(Product.id == item_id, ProductVariant.id.is_(None))
    )
    row = session.execute(_rows(store_id).where(which)).first()
    if row is None:
        raise NotFoundError(_NO_ITEM)
    return StockRow(*row)


def worth(session: ScopedSession, store_id: UUID) -> Worth:
    """The store's stock in a few figures."""
    left = StockBalance.on_hand_milli - StockBalance.reserved_milli
    sums = select(
        func.count(StockBalance.item_id),
        func.count(StockBalance.item_id).filter(left <= 0),
        func.count(StockBalance.item_id).filter(StockBalance.on_hand_milli < 0),
        func.coalesce(func.sum(StockBalance.value_minor), 0),
    ).where(StockBalance.store_id == store_id)
    return Worth(*session.execute(sums).one())


def changes(session: ScopedSession, store_id: UUID, item_id: UUID) -> list[Change]:
    """The newest changes of an item, each with what was there afterwards (INV-02)."""
    balance = session.get(StockBalance, (store_id, item_id))
    after = balance.on_hand_milli if balance else 0
    wanted = (
        select(StockMovement)
        .where(StockMovement.store_id == store_id, StockMovement.item_id == item_id)
        .order_by(StockMovement.seq.desc())
        .limit(HISTORY)
    )
    found = []
    for movement in session.scalars(wanted):
        found.append(Change(movement, after))
        after -= movement.quantity_milli
    return found


def elsewhere(session: ScopedSession, item_id: UUID) -> list[tuple[Store, StockBalance]]:
    """What each store has of an item, the fullest first (INV-19, CHN-09)."""
    wanted = (
        select(Store, StockBalance)
        .join(StockBalance, StockBalance.store_id == Store.id)
        .where(StockBalance.item_id == item_id)
        .order_by(StockBalance.on_hand_milli.desc())
    )
    return [(store, balance) for store, balance in session.execute(wanted)]


def quantity_at(session: ScopedSession, store_id: UUID, item_id: UUID, at: datetime) -> int:
    """What a store had of an item at an instant, by when things happened."""
    summed = select(func.sum(StockMovement.quantity_milli)).where(
        StockMovement.store_id == store_id,
        StockMovement.item_id == item_id,
        StockMovement.occurred_at <= at,
    )
    return int(session.scalar(summed) or 0)


def _rows(store_id: UUID) -> Select[Any]:
    here = and_(StockBalance.item_id == ITS_ID, StockBalance.store_id == store_id)
    columns: list[Any] = [
        ITS_ID,
        Product.id,
        Product.code,
        Product.name,
        ProductVariant.name,
        ProductVariant.barcode,
        Product.unit,
        Product.currency,
        func.coalesce(StockBalance.on_hand_milli, 0),
        func.coalesce(StockBalance.reserved_milli, 0),
        func.coalesce(StockBalance.in_transit_milli, 0),
        func.coalesce(StockBalance.value_minor, 0),
        StockBalance.counted_at,
    ]
    return (
        select(*columns)
        .select_from(Product)
        .outerjoin(ProductVariant, ProductVariant.product_id == Product.id)
        .outerjoin(StockBalance, here)
    )
