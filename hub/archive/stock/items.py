"""Which item of the archive a code means: a till code bound by hand, a barcode, a product's code.

An item is a variant of a product, or the product itself where it has no variants. Where a till
tells names only, a name is a code too, if one product alone has it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Index, Table, select

from hub.archive.products.records import Product, ProductVariant
from hub.archive.stock.models import TILL_CODES
from hub.kit.upsert import replace_row

AT_ONCE = 500
_PRODUCTS: Table = Product.__table__  # type: ignore[assignment]  # declarative says FromClause
_VARIANTS: Table = ProductVariant.__table__  # type: ignore[assignment]
Index("ix_products_chain_id_name", _PRODUCTS.c.chain_id, _PRODUCTS.c.name)
_Found = dict[str, set[tuple[UUID, int]]]


@dataclass(frozen=True, slots=True)
class Item:
    """What moves in stock, and what one unit is said to cost."""

    id: UUID
    unit_cost_minor: int = 0


def items_of(connection: Connection, chain_id: UUID, codes: Iterable[str]) -> dict[str, Item]:
    """The item of every code that means exactly one."""
    found: dict[str, Item] = {}
    wanted = sorted(set(codes))
    for search in (_bound, _by_barcode, _by_product):
        left = [code for code in wanted if code not in found]
        for first in range(0, len(left), AT_ONCE):
            some = search(connection, chain_id, left[first : first + AT_ONCE])
            found |= {code: Item(*next(iter(items))) for code, items in some.items() if _one(items)}
    return found


def bind(
    connection: Connection, chain_id: UUID, code: str, item_id: UUID, by: tuple[UUID, datetime]
) -> None:
    """From now on `code` means this item; `by` is who says so, and when."""
    row = {"chain_id": chain_id, "code": code, "item_id": item_id}
    told = ("item_id", "bound_by", "bound_at")
    binding = row | dict(zip(told[1:], by, strict=True))
    connection.execute(replace_row(connection, TILL_CODES, told), [binding])


def costs_of(connection: Connection, item_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """What one unit of each item is said to cost; of spare parts nothing is known here."""
    costs: dict[UUID, int] = {}
    ids = sorted(set(item_ids))
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        own = select(_PRODUCTS.c.id, _PRODUCTS.c.cost_minor).where(_PRODUCTS.c.id.in_(some))
        of_variant = (
            select(_VARIANTS.c.id, _PRODUCTS.c.cost_minor)
            .join(_PRODUCTS, _PRODUCTS.c.id == _VARIANTS.c.product_id)
            .where(_VARIANTS.c.id.in_(some))
        )
        for wanted in (own, of_variant):
            costs |= {item: cost or 0 for item, cost in connection.execute(wanted)}
    return costs


def _one(items: set[tuple[UUID, int]]) -> bool:
    return len(items) == 1


def _bound(connection: Connection, chain_id: UUID, codes: Sequence[str]) -> _Found:
    wanted = select(TILL_CODES.c.code, TILL_CODES.c.item_id).where(
        TILL_CODES.c.chain_id == chain_id, TILL_CODES.c.code.in_(codes)
    )
    bound = {row.code: row.item_id for row in connection.execute(wanted)}
    costs = costs_of(connection, bound.values())
    return {code: {(item, costs.get(item, 0))} for code, item in bound.items()}


def _by_barcode(connection: Connection, chain_id: UUID, codes: Sequence[str]) -> _Found:
    wanted = (
        select(_VARIANTS.c.barcode, _VARIANTS.c.id, _PRODUCTS.c.cost_minor)
        .join(_PRODUCTS, _PRODUCTS.c.id == _VARIANTS.c.product_id)
        .where(_VARIANTS.c.chain_id == chain_id, _VARIANTS.c.barcode.in_(codes))
    )
    rows = connection.execute(wanted)
    return {code: {(item, cost or 0)} for code, item, cost in rows}


def _by_product(connection: Connection, chain_id: UUID, codes: Sequence[str]) -> _Found:
    """By the code of the product, or by its name; all its variants, of which one must be it."""
    found: _Found = {}
    for column in (_PRODUCTS.c.code, _PRODUCTS.c.name):
        left = [code for code in codes if code not in found]
        wanted = (
            select(column, _PRODUCTS.c.id, _VARIANTS.c.id, _PRODUCTS.c.cost_minor)
            .outerjoin(_VARIANTS, _VARIANTS.c.product_id == _PRODUCTS.c.id)
            .where(
                _PRODUCTS.c.chain_id == chain_id,
                column.in_(left),
                _PRODUCTS.c.archived_at.is_(None),
            )
        )
        for code, product, variant, cost in connection.execute(wanted) if left else ():
            found.setdefault(code, set()).add((variant or product, cost or 0))
    return found
