"""What the demo's stores sell, with the codes of their tills, and what stood on the shelves."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from hub.archive.products.records import Product, ProductCategory
from hub.archive.stock.corrections import DOCUMENT
from hub.archive.stock.models import MovementKind
from hub.archive.stock.posting import Movement, post
from hub.errors import T
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Database, Scope, ScopedSession
from hub.kit.records.apply import Change, apply
from protocols.pos.assortment import PRODUCTS, Want
from protocols.pos.assortment import Product as Article

BEGAN = timedelta(days=120)  # how long ago the demo's books began
PIECES = 900  # of an article of weight 1, to begin with
_OPENING = UUID("5f0ce5d2-43a0-4d7e-9d1b-0d6f2a3b1c11")
_REASON = "期初盘点"
_CATEGORIES = {
    "cabinet-1": ("COLD", T("冷藏饮料", "Cold drinks")),
    "cabinet-2": ("FRESH", T("鲜食乳品", "Fresh food and dairy")),
    "freezer-1": ("FROZEN", T("冷冻食品", "Frozen food")),
    "hot": ("HOT", T("热食现制", "Hot food and coffee")),
    "loose": ("FRUIT", T("水果", "Fruit")),
    None: ("DRY", T("食品百货", "Groceries and household")),
}


def stock_up(db: Database, chain_id: UUID, stores: Mapping[UUID, date]) -> None:
    """Products with the codes that the tills of the demo print, and an opening balance of each."""
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, Asker.hub("demo"))
        categories = {
            key: apply(session, ProductCategory, Change(values={"code": code, "name": name.zh})).id
            for key, (code, name) in _CATEGORIES.items()
        }
        items = {article.code: _add(session, article, categories) for article in PRODUCTS}
    now = utc_now()
    openings = [
        _opening(chain_id, store_id, items, line, max(now - BEGAN, _noon(opened_on)))
        for store_id, opened_on in stores.items()
        for line in range(len(PRODUCTS))
    ]
    with db.system("demo") as connection:
        post(connection, openings, now)


def _add(session: ScopedSession, article: Article, categories: Mapping[str | None, UUID]) -> UUID:
    values = {
        "code": article.code,
        "name": article.name,
        "category_id": categories[_category(article)],
        "unit": "kg" if article.is_weighed else "件",
        "price_minor": article.price_cents,
        "cost_minor": _cost(article),
        "tax_percent": float(article.tax_percent),
    }
    if not article.is_weighed:
        values["variants"] = [{"barcode": article.code, "price_minor": article.price_cents}]
    product = apply(session, Product, Change(values=values))
    return product.variants[0].id if product.variants else product.id


def _category(article: Article) -> str | None:
    if article.is_weighed:
        return "loose"
    is_hot = article.cabinet is None and article.want in (Want.BREAKFAST, Want.LUNCH)
    return "hot" if is_hot else article.cabinet


def _cost(article: Article) -> int:
    return article.price_cents * 62 // 100


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def _opening(
    chain_id: UUID, store_id: UUID, items: Mapping[str, UUID], line: int, at: datetime
) -> Movement:
    article = PRODUCTS[line]
    pieces = max(12, round(PIECES * article.weight))
    return Movement(
        chain_id=chain_id,
        store_id=store_id,
        item_id=items[article.code],
        kind=MovementKind.OPENING,
        document_type=DOCUMENT,
        document_id=uuid5(_OPENING, str(store_id)),
        line=line,
        quantity_milli=pieces * 1000,
        occurred_at=at,
        value_minor=pieces * _cost(article),
        reason=_REASON,
    )
