"""Equipment and facilities of a store (STO-03), fixtures without power included."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    COST,
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    UNIQUE,
    Choice,
    choice,
    day,
    long_text,
    money,
    number,
    reference,
    references,
    text,
    whole,
)
from hub.kit.records.search import Searchable


class EquipmentType(Choice):
    CABINET = "cabinet", "冷藏柜", "Cold cabinet"
    FREEZER = "freezer", "冷冻柜", "Freezer"
    COLD_ROOM = "cold_room", "冷库", "Cold room"
    HVAC = "hvac", "空调", "HVAC"
    METER = "meter", "电表", "Energy meter"
    COUNTER = "counter", "客流计数器", "Footfall counter"
    TILL = "till", "收银机", "Till"
    SCALE = "scale", "电子秤", "Scale"
    PRINTER = "printer", "打印机", "Printer"
    SCANNER = "scanner", "扫码枪", "Scanner"
    OVEN = "oven", "烤箱", "Oven"
    LIGHTING = "lighting", "照明", "Lighting"
    SHELF = "shelf", "货架", "Shelf"
    FURNITURE = "furniture", "家具", "Furniture"
    OTHER = "other", "其他", "Other"


class EquipmentStatus(Choice):
    IN_USE = "in_use", "在用", "In use"
    STANDBY = "standby", "备用", "Standby"
    REPAIR = "repair", "维修中", "Under repair"
    RETIRED = "retired", "已报废", "Retired"


class Equipment(Searchable, StoreScoped, Record):
    """What a store owns; `device_id` ties it to what its agent reads."""

    __tablename__ = "equipment"
    __record__ = RecordType(
        label=T("设备", "Equipment"),
        one=T("设备", "Equipment"),
        rights="equipment",
        order="code",
        start=T(
            "登记第一台设备，预警才知道它的位置。", "Register equipment, so alerts can name it."
        ),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    code: Mapped[str] = text("编号", "Code", LIST | SEARCH | KEY, max=40)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    type: Mapped[EquipmentType] = choice("类型", "Type", EquipmentType, LIST | FILTER)
    status: Mapped[EquipmentStatus] = choice(
        "状态", "Status", EquipmentStatus, LIST | FILTER, default=EquipmentStatus.IN_USE
    )
    model_id: Mapped[UUID | None] = reference(
        "设备型号", "Equipment type", "equipment_types", FILTER
    )
    area_id: Mapped[UUID | None] = reference("所在区", "Area", "areas", LIST | FILTER)
    device_id: Mapped[str | None] = text(
        "终端设备号",
        "Device id",
        LIST | SEARCH,
        max=64,
        hint=T(
            "采集端配置中的 id，如 cabinet-1。", "The id in the agent's file, such as cabinet-1."
        ),
    )
    brand: Mapped[str | None] = text("品牌", "Brand", LIST | SEARCH, max=80)
    model: Mapped[str | None] = text("型号", "Model", LIST | SEARCH, max=80)
    serial_no: Mapped[str | None] = text("序列号", "Serial no.", SEARCH | UNIQUE, max=80)
    purchased_on: Mapped[date | None] = day("购置日期", "Purchased on", LIST | FILTER)
    service_life_months: Mapped[int | None] = whole(
        "使用年限", "Service life", unit=T("个月", "months"), ge=1, le=1200
    )
    warranty_until: Mapped[date | None] = day("保修至", "Warranty until", FILTER)
    setpoint_c: Mapped[float | None] = number(
        "设定值", "Setpoint", ADVANCED, unit="°C", ge=-80, le=300
    )
    vendor: Mapped[str | None] = text("供货商", "Vendor", ADVANCED, max=120)
    cost_minor: Mapped[int | None] = money("购置价", "Cost", ADVANCED | COST, currency="currency")
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    technician: Mapped[str | None] = text("负责维修员", "Technician", ADVANCED, max=80)
    team: Mapped[str | None] = text("维修班组", "Team", ADVANCED, max=80)
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.purchased_on and self.warranty_until and self.warranty_until < self.purchased_on:
            yield (
                "warranty_until",
                T("保修结束早于购置日期。", "The warranty ends before purchase."),
            )


class EquipmentModel(Searchable, Record):
    """A kind of equipment as its maker sells it: how long it lives, how often it is serviced."""

    __tablename__ = "equipment_types"
    __record__ = RecordType(
        label=T("设备型号", "Equipment types"),
        one=T("设备型号", "Equipment type"),
        rights="equipment_types",
        order="name",
        start=T("登记常用型号，设备可直接选用。", "Register the models that stores use."),
    )

    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | KEY | TITLE, max=80)
    type: Mapped[EquipmentType] = choice("类型", "Type", EquipmentType, LIST | FILTER)
    brand: Mapped[str | None] = text("品牌", "Brand", LIST | SEARCH, max=80)
    model: Mapped[str | None] = text("型号", "Model", LIST | SEARCH, max=80)
    service_life_months: Mapped[int | None] = whole(
        "使用年限", "Service life", LIST, unit=T("个月", "months"), ge=1, le=1200
    )
    service_every_days: Mapped[int | None] = whole(
        "保养周期", "Serviced every", LIST, unit=T("天", "days"), ge=1, le=3650
    )
    setpoint_c: Mapped[float | None] = number("设定值", "Setpoint", unit="°C", ge=-80, le=300)
    power_w: Mapped[int | None] = whole("额定功率", "Rated power", unit="W", le=1_000_000)
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)


class SparePart(Searchable, Record):
    """A part that is kept for repairs, and what it fits."""

    __tablename__ = "spare_parts"
    __record__ = RecordType(
        label=T("备件", "Spare parts"),
        one=T("备件", "Spare part"),
        rights="equipment_types",
        order="code",
        start=T("登记常换的备件。", "Register the parts that are often replaced."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=40)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    fits: Mapped[list[UUID] | None] = references(
        "适用型号", "Fits", "equipment_types", LIST | FILTER
    )
    supplier_id: Mapped[UUID | None] = reference("供应商", "Supplier", "suppliers", LIST | FILTER)
    minimum: Mapped[int | None] = whole("最低库存", "Minimum stock", LIST, le=100_000)
    cost_minor: Mapped[int | None] = money("单价", "Cost", COST, currency="currency")
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)
