"""What the record engine does not know of merges: the ledger of stock is never rewritten."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from hub.archive.products.records import Product
from hub.archive.stock.models import StockMovement
from hub.errors import ConflictError, T
from hub.kit.merging import service
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

_HAS_MOVED = T(
    "“{name}”已有库存流水，不能并入别的商品；请反过来合并，或先停用它。",
    "“{name}” has moved in the stock and cannot go; merge the other way round or retire it.",
)


def merge(
    session: ScopedSession, model: type[Record], stays: UUID, goes: UUID, take: Sequence[str] = ()
) -> UUID:
    """`hub.kit.merging.service.merge`, but for a product that has moved."""
    gone = session.get(model, goes)
    if isinstance(gone, Product):
        items = [gone.id, *(variant.id for variant in gone.variants)]
        moved = select(StockMovement.seq).where(StockMovement.item_id.in_(items)).limit(1)
        if session.scalar(moved) is not None:
            raise ConflictError(_HAS_MOVED.format(name=gone.name))
    return service.merge(session, model, stays, goes, take)
