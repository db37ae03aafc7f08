"""Where a scanned code leads: to a machine, a product, or the record whose code it is."""

import unicodedata
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Connection, Table, select

from hub.archive.products.records import ProductVariant
from hub.archive.stock.items import items_of
from hub.errors import NotFoundError, T
from hub.security.actor import Actor
from hub.web.palette import Palette, plain
from hub.web.services import Services

LABELS = "/machines/"
_VARIANTS: Table = ProductVariant.__table__  # type: ignore[assignment]  # declarative says FromClause


def place_of(services: Services, actor: Actor, palette: Palette, code: str) -> str:
    """The address of what has this code; NotFoundError where nothing in sight has it."""
    code = unicodedata.normalize("NFKC", code).strip()
    path = urlsplit(code).path
    if path.startswith(LABELS):
        return path
    product = _product(services, actor, code) if actor.may("products.read") else None
    if product:
        return f"/archive/products/{product}"
    hits = [hit for group in palette.find(code) for hit in group.items]
    for hit in hits:
        if plain(hit.about) == plain(code):
            return hit.href
    raise NotFoundError(
        T("没有编码为 {code} 的商品或设备。", "No product or machine has the code {code}.").format(
            code=code
        )
    )


def _product(services: Services, actor: Actor, code: str) -> UUID | None:
    with services.db.system_read("scan") as connection:
        item = items_of(connection, actor.chain_id, [code]).get(code)
        return _whole(connection, item.id) if item else None


def _whole(connection: Connection, item_id: UUID) -> UUID:
    """The product of a variant; a product without variants is its own item."""
    query = select(_VARIANTS.c.product_id).where(_VARIANTS.c.id == item_id)
    product: UUID | None = connection.scalar(query)
    return product or item_id
