"""A basket as the price engine takes it: prices by list, and the categories of each product."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from hub.archive.prices.reading import Buyer, Price, prices_of
from hub.archive.products.records import Product, ProductCategory, ProductVariant
from hub.archive.promotions.engine import price
from hub.archive.promotions.model import Basket, BasketLine, Priced
from hub.archive.promotions.reading import ANY_MEMBER, rules_of
from hub.archive.promotions.records import Promotion
from hub.archive.stock.models import StockBalance
from hub.kit.session import ScopedSession


@dataclass(frozen=True, slots=True)
class Wanted:
    """So much of an item; `price_minor` is what somebody says it costs, in place of its price."""

    key: str
    item_id: UUID
    quantity_milli: int
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """What promotions ask about the customer."""

    is_member: bool = False
    tier_id: UUID | None = None
    coupons: frozenset[str] = frozenset()

    @property
    def tier(self) -> str:
        if self.tier_id:
            return str(self.tier_id)
        return ANY_MEMBER if self.is_member else ""


@dataclass(frozen=True, slots=True)
class Worked:
    """A basket with its prices and savings; `prices` are those before any promotion, by item."""

    priced: Priced
    prices: Mapping[UUID, Price]
    promotions: Mapping[str, Promotion]


def work_out(
    session: ScopedSession,
    buyer: Buyer,
    customer: Customer,
    lines: Sequence[Wanted],
    at: datetime,
    *,
    drafts: Sequence[UUID] = (),
) -> Worked:
    """What the basket costs at `at`, in the store's own time, with what runs and these drafts."""
    whole: dict[UUID, int] = {}
    for one in lines:
        whole[one.item_id] = whole.get(one.item_id, 0) + one.quantity_milli
    prices = prices_of(session, whole, buyer)
    products = _products(session, whole)
    above = _above(session)
    basket = Basket(
        lines=tuple(_line(one, prices, products, above) for one in lines),
        store=str(buyer.store_id),
        channel=buyer.channel.value,
        tier=customer.tier,
        coupons=customer.coupons,
        on_hand_milli=_on_hand(session, buyer.store_id),
    )
    zone = at.tzinfo if isinstance(at.tzinfo, ZoneInfo) else ZoneInfo("UTC")
    rules = rules_of(session, zone, also=drafts)
    priced = price(basket, (rule for _, rule in rules), at)
    return Worked(priced, prices, {rule.id: one for one, rule in rules})


def _line(
    one: Wanted,
    prices: Mapping[UUID, Price],
    products: Mapping[UUID, tuple[UUID, UUID | None]],
    above: Mapping[UUID, UUID | None],
) -> BasketLine:
    product, category = products.get(one.item_id, (one.item_id, None))
    of_list = prices.get(one.item_id)
    minor = one.price_minor if one.price_minor is not None else of_list.minor if of_list else 0
    within = frozenset(str(each) for each in _chain(category, above))
    return BasketLine(one.key, str(product), one.quantity_milli, minor, within)


def _products(
    session: ScopedSession, items: Iterable[UUID]
) -> dict[UUID, tuple[UUID, UUID | None]]:
    """The product of each item, and its category."""
    ids = list(items)
    whole = select(Product.id, Product.category_id).where(Product.id.in_(ids))
    of_variant = (
        select(ProductVariant.id, Product.id, Product.category_id)
        .join(Product, Product.id == ProductVariant.product_id)
        .where(ProductVariant.id.in_(ids))
    )
    found: dict[UUID, tuple[UUID, UUID | None]] = {
        product: (product, category) for product, category in session.execute(whole)
    }
    return found | {item: (product, one) for item, product, one in session.execute(of_variant)}


def _above(session: ScopedSession) -> dict[UUID, UUID | None]:
    columns = select(ProductCategory.id, ProductCategory.parent_id)
    return {row.id: row.parent_id for row in session.execute(columns)}


def _chain(category: UUID | None, above: Mapping[UUID, UUID | None]) -> list[UUID]:
    found: list[UUID] = []
    while category and category not in found:
        found.append(category)
        category = above.get(category)
    return found


def _on_hand(session: ScopedSession, store_id: UUID) -> dict[str, int]:
    """What there is of each product that a promotion gives away, its variants together."""
    gifts = select(Promotion.gift_id).where(Promotion.gift_id.is_not(None))
    left = func.sum(StockBalance.on_hand_milli - StockBalance.reserved_milli)
    own = (
        select(StockBalance.item_id, left)
        .where(StockBalance.store_id == store_id, StockBalance.item_id.in_(gifts))
        .group_by(StockBalance.item_id)
    )
    of_variant = (
        select(ProductVariant.product_id, left)
        .join(StockBalance, StockBalance.item_id == ProductVariant.id)
        .where(StockBalance.store_id == store_id, ProductVariant.product_id.in_(gifts))
        .group_by(ProductVariant.product_id)
    )
    found = {str(gift): 0 for gift in session.scalars(gifts)}
    for rows in (own, of_variant):
        for product, milli in session.execute(rows):
            found[str(product)] += int(milli)
    return found
