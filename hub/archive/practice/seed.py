"""What a practice chain begins with: one store as people know it, with nothing real in it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from hub.archive.areas.records import Area, AreaUse
from hub.archive.customers.records import Customer
from hub.archive.equipment.records import Equipment, EquipmentType
from hub.archive.products.records import Product, ProductCategory
from hub.archive.stock.corrections import DOCUMENT
from hub.archive.stock.models import MovementKind
from hub.archive.stock.posting import Movement, post
from hub.archive.stores.records import Store
from hub.archive.suppliers.records import Supplier
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Database, Scope, ScopedSession
from hub.kit.records.apply import Change, apply
from hub.kit.tables import Record
from protocols.pos.assortment import PRODUCTS

ASKER = Asker.hub("practice")
_PIECES = 40
_ARTICLES = [one for one in PRODUCTS if not one.is_weighed][:20]
_MACHINES = (
    ("CAB-1", "练习冷藏柜", EquipmentType.CABINET),
    ("FRZ-1", "练习冷冻柜", EquipmentType.FREEZER),
    ("AC-1", "练习空调", EquipmentType.HVAC),
    ("POS-1", "练习收银机", EquipmentType.TILL),
)


def seed(db: Database, chain_id: UUID) -> UUID:
    """Fill a new chain; returns its store."""
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, ASKER)
        store = _made(session, Store, code="P01", name="练习店", address="练习路 1 号")
        floor = _made(session, Area, store_id=store, name="卖场", use=AreaUse.SALES)
        for code, name, kind in _MACHINES:
            values = {"store_id": store, "area_id": floor, "code": code, "name": name}
            _made(session, Equipment, **values, type=kind)
        for number, name in enumerate(("练习食品公司", "练习日用品公司"), 1):
            _made(session, Supplier, code=f"S-{number}", name=name)
        for number in range(1, 6):
            name, phone = f"练习顾客{number}", f"1990000{number:04d}"
            _made(session, Customer, name=name, phone=phone, home_store_id=store)
        items = _goods(session)
    at = utc_now() - timedelta(days=30)
    openings = [_opening(chain_id, store, item, line, at) for line, item in enumerate(items)]
    with db.system("practice") as connection:
        post(connection, openings, utc_now())
    return store


def _goods(session: ScopedSession) -> list[UUID]:
    category = _made(session, ProductCategory, code="ALL", name="练习商品")
    found = []
    for one in _ARTICLES:
        values = {"code": one.code, "name": one.name, "category_id": category}
        values |= {"price_minor": one.price_cents, "unit": "件"}
        values["variants"] = [{"barcode": one.code, "price_minor": one.price_cents}]
        found.append(apply(session, Product, Change(values=values)).variants[0].id)
    return found


def _made(session: ScopedSession, model: type[Record], **values: Any) -> UUID:
    return apply(session, model, Change(values=values)).id


def _opening(chain_id: UUID, store_id: UUID, item_id: UUID, line: int, at: datetime) -> Movement:
    return Movement(
        chain_id=chain_id,
        store_id=store_id,
        item_id=item_id,
        kind=MovementKind.OPENING,
        document_type=DOCUMENT,
        document_id=uuid5(chain_id, str(store_id)),
        line=line,
        quantity_milli=_PIECES * 1000,
        occurred_at=at,
        value_minor=_PIECES * _ARTICLES[line].price_cents * 62 // 100,
        reason="期初盘点",
    )
