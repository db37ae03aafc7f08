"""Areas: the parts of a store, such as its cold room, sales floor and till zone."""

from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.errors import T
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    Choice,
    choice,
    long_text,
    number,
    reference,
    text,
)
from hub.kit.records.search import Searchable


class AreaUse(Choice):
    SALES = "sales", "卖场", "Sales floor"
    ENTRANCE = "entrance", "出入口", "Entrance"
    TILL = "till", "收银区", "Till zone"
    COLD = "cold", "冷藏区", "Chilled area"
    COLD_ROOM = "cold_room", "冷库", "Cold room"
    KITCHEN = "kitchen", "后厨", "Kitchen"
    SERVICE = "service", "服务区", "Service area"
    STORAGE = "storage", "仓库", "Storage"
    OFFICE = "office", "办公区", "Office"
    OTHER = "other", "其他", "Other"


class Area(Searchable, StoreScoped, Record):
    """A part of one store."""

    __tablename__ = "areas"
    __record__ = RecordType(
        label=T("区", "Areas"),
        one=T("区", "Area"),
        rights="areas",
        order="name",
        start=T("把门店分成几个区，设备才有位置。", "Divide the store, so equipment has a place."),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | KEY | TITLE, max=80)
    use: Mapped[AreaUse] = choice("用途", "Use", AreaUse, LIST | FILTER, default=AreaUse.SALES)
    floor_area_m2: Mapped[float | None] = number("面积", "Floor area", LIST, unit="m²", le=100_000)
    notes: Mapped[str | None] = long_text("备注", "Notes")
