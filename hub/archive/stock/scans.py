"""What a scanner read: an item and how much of it, whatever sort of code it is (INV-15).

A barcode or a code of the item itself is one piece; the barcode of a case is what the case holds; a
scale's code tells its weight, or its price, which the price of a kilogram makes a weight.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Table, select

from hub.archive.products import scale_codes
from hub.archive.products.records import Product, ProductUnit, ProductVariant, ScaleLayout
from hub.archive.products.scale_codes import Layout, Weighed
from hub.archive.stock.items import AT_ONCE, items_of
from hub.kit.rounding import half_up

PIECE_MILLI = 1000
_PRODUCTS: Table = Product.__table__  # type: ignore[assignment]  # declarative says FromClause
_VARIANTS: Table = ProductVariant.__table__  # type: ignore[assignment]
_UNITS: Table = ProductUnit.__table__  # type: ignore[assignment]
_LAYOUTS: Table = ScaleLayout.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Scanned:
    """One scan adds so much of an item."""

    item_id: UUID
    quantity_milli: int = PIECE_MILLI


def scanned(connection: Connection, chain_id: UUID, codes: Iterable[str]) -> dict[str, Scanned]:
    """What each code means; codes that mean nothing, or more than one item, are left out."""
    wanted = sorted({code for code in codes if code})
    found = {
        code: Scanned(item.id) for code, item in items_of(connection, chain_id, wanted).items()
    }
    left = [code for code in wanted if code not in found]
    if left:
        found |= _cases(connection, chain_id, left)
        found |= _weighed(connection, chain_id, [code for code in left if code not in found])
    return found


def _cases(connection: Connection, chain_id: UUID, codes: Sequence[str]) -> dict[str, Scanned]:
    units, variants = _UNITS.c, _VARIANTS.c
    items: dict[str, set[Scanned]] = {}
    for first in range(0, len(codes), AT_ONCE):
        wanted = (
            select(units.barcode, units.factor_milli, units.product_id, variants.id)
            .outerjoin(_VARIANTS, variants.product_id == units.product_id)
            .where(units.chain_id == chain_id, units.barcode.in_(codes[first : first + AT_ONCE]))
        )
        for code, factor, product, variant in connection.execute(wanted):
            items.setdefault(code, set()).add(Scanned(variant or product, factor))
    return {code: next(iter(some)) for code, some in items.items() if len(some) == 1}


def _weighed(connection: Connection, chain_id: UUID, codes: Sequence[str]) -> dict[str, Scanned]:
    layouts = _layouts(connection, chain_id)
    read = {code: scale_codes.read(code, layouts) for code in codes}
    tried = {code: _names(one) for code, one in read.items() if one is not None}
    known = items_of(connection, chain_id, (name for names in tried.values() for name in names))
    found: dict[str, Scanned] = {}
    for code, names in tried.items():
        item = next((known[name].id for name in names if name in known), None)
        told = read[code]
        milli = _milli(connection, item, told) if item and told else None
        if item and milli:
            found[code] = Scanned(item, milli)
    return found


def _layouts(connection: Connection, chain_id: UUID) -> list[Layout]:
    columns = _LAYOUTS.c
    wanted = select(
        columns.prefix, columns.article_digits, columns.price_digits, columns.weight_digits
    ).where(columns.chain_id == chain_id, columns.archived_at.is_(None))
    return [Layout(*row) for row in connection.execute(wanted.order_by(columns.id))]


def _names(one: Weighed) -> tuple[str, ...]:
    """As which the article may be on file: with the prefix, without, without leading zeros."""
    return tuple(dict.fromkeys((one.code, one.article, one.article.lstrip("0"))))


def _milli(connection: Connection, item_id: UUID, told: Weighed) -> int | None:
    if told.weight_milli is not None:
        return told.weight_milli
    price = _price(connection, item_id)
    if not price or told.price_minor is None:
        return None
    return half_up(told.price_minor * PIECE_MILLI, price)


def _price(connection: Connection, item_id: UUID) -> int | None:
    variants, products = _VARIANTS.c, _PRODUCTS.c
    of_variant = (
        select(variants.price_minor, products.price_minor)
        .join(_PRODUCTS, products.id == variants.product_id)
        .where(variants.id == item_id)
    )
    if row := connection.execute(of_variant).first():
        return next((price for price in row if price), None)
    price: int | None = connection.scalar(
        select(products.price_minor).where(products.id == item_id)
    )
    return price
