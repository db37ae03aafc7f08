"""Items as people call them, for documents that name many at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from hub.archive.products.records import Product, ProductVariant
from hub.archive.stock.items import AT_ONCE
from hub.kit.session import ScopedSession


@dataclass(frozen=True, slots=True)
class ItemName:
    """`code` is what stands on the shelf: the barcode, or the product's code."""

    item_id: UUID
    product_id: UUID
    title: str
    code: str
    unit: str
    currency: str


def item_names(session: ScopedSession, item_ids: Iterable[UUID]) -> dict[UUID, ItemName]:
    """Items that nobody sells any more have names too; spare parts have none here."""
    found: dict[UUID, ItemName] = {}
    ids = sorted(set(item_ids))
    columns = (Product.id, Product.name, Product.code, Product.unit, Product.currency)
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        of_variant = (
            select(ProductVariant.id, ProductVariant.name, ProductVariant.barcode, *columns)
            .join(Product, Product.id == ProductVariant.product_id)
            .where(ProductVariant.id.in_(some))
        )
        for item, variant, barcode, product, name, code, unit, currency in session.execute(
            of_variant
        ):
            title = f"{name} · {variant}" if variant else name
            found[item] = ItemName(item, product, title, barcode or code, unit, currency)
        for product, name, code, unit, currency in session.execute(
            select(*columns).where(Product.id.in_(some))
        ):
            found[product] = ItemName(product, product, name, code, unit, currency)
    return found
