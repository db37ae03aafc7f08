"""What items cost at a place and time: by the price lists that hold there, else by themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select

from hub.archive.prices.records import PriceChannel, PriceLine, PriceList
from hub.archive.products.records import Product, ProductVariant
from hub.kit.session import ScopedSession


@dataclass(frozen=True, slots=True)
class Buyer:
    """Where and when somebody buys, and as which member; no tier: a stranger."""

    store_id: UUID
    day: date
    channel: PriceChannel = PriceChannel.STORE
    tier_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """`of_list` names the price list; empty where it is the item's own."""

    minor: int
    of_list: str = ""


def prices_of(
    session: ScopedSession, wanted_milli: Mapping[UUID, int], buyer: Buyer
) -> dict[UUID, Price]:
    """The price of one unit of each item when so much of it is bought; what has none is left out.

    Of the lists that hold, the highest rank wins; within it, the step for the quantity.
    """
    own, product_of = _own(session, list(wanted_milli))
    of_lists = _listed(session, set(product_of.values()), buyer)
    found: dict[UUID, Price] = {}
    for item, product in product_of.items():
        steps = [one for one in of_lists.get(product, ()) if one[1] <= wanted_milli[item]]
        if steps:
            _, _, minor, name = max(steps)
            found[item] = Price(minor, name)
        elif item in own:
            found[item] = Price(own[item])
    return found


def _own(session: ScopedSession, items: list[UUID]) -> tuple[dict[UUID, int], dict[UUID, UUID]]:
    """Prices and products of items: of variants, and of products that are items themselves."""
    prices: dict[UUID, int] = {}
    product_of: dict[UUID, UUID] = {}
    whole = select(Product.id, Product.price_minor).where(Product.id.in_(items))
    for product, price in session.execute(whole):
        product_of[product] = product
        if price is not None:
            prices[product] = price
    of_variant = (
        select(ProductVariant.id, Product.id, ProductVariant.price_minor, Product.price_minor)
        .join(Product, Product.id == ProductVariant.product_id)
        .where(ProductVariant.id.in_(items))
    )
    for item, product, price, of_product in session.execute(of_variant):
        product_of[item] = product
        if (told := of_product if price is None else price) is not None:
            prices[item] = told
    return prices, product_of


def _listed(
    session: ScopedSession, products: set[UUID], buyer: Buyer
) -> dict[UUID, list[tuple[int, int, int, str]]]:
    """By product: (rank, from how much, price, name of the list)."""
    line, head = PriceLine, PriceList
    wanted = (
        select(line, head)
        .join(head, head.id == line.price_list_id)
        .where(
            line.product_id.in_(products),
            head.archived_at.is_(None),
            or_(head.valid_from.is_(None), head.valid_from <= buyer.day),
            or_(head.valid_until.is_(None), head.valid_until >= buyer.day),
            head.channel.in_((PriceChannel.ALL, buyer.channel)),
            head.class_id.is_(None),
        )
    )
    found: dict[UUID, list[tuple[int, int, int, str]]] = {}
    for one, lists in session.execute(wanted):
        is_here = not lists.stores or buyer.store_id in lists.stores
        if is_here and lists.tier_id in (None, buyer.tier_id):
            step = lists.rank, one.from_quantity_milli, one.price_minor, lists.name
            found.setdefault(one.product_id, []).append(step)
    return found
