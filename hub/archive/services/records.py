"""Services and packages of them (PRD-08), with whom they suit and whom not (PRD-11)."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    COST,
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    Choice,
    choice,
    decimal,
    labels,
    long_text,
    money,
    reference,
    references,
    text,
    whole,
)
from hub.kit.records.lines import Line, lines
from hub.kit.records.search import Searchable


class OfferStatus(Choice):
    ON_SALE = "on_sale", "上架", "On sale"
    OFF_SALE = "off_sale", "下架", "Off sale"


class ServiceItem(Line):
    """What one service uses up."""

    __tablename__ = "service_items"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"), index=True)
    product_id: Mapped[UUID] = reference("耗材", "Consumable", "products")
    quantity_milli: Mapped[int] = decimal("用量", "Quantity", ge=1, default=1000)


class Service(Searchable, Record):
    """Something done for a customer."""

    __tablename__ = "services"
    __record__ = RecordType(
        label=T("服务项目", "Services"),
        one=T("服务项目", "Service"),
        rights="products",
        order="code",
        start=T("登记第一项服务，如艾灸。", "Register the first service."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    duration_min: Mapped[int] = whole("时长", "Duration", LIST, unit="min", ge=1, le=1440)
    price_minor: Mapped[int] = money("价格", "Price", LIST, currency="currency")
    status: Mapped[OfferStatus] = choice(
        "状态", "Status", OfferStatus, LIST | FILTER, default=OfferStatus.ON_SALE
    )
    skills: Mapped[list[UUID] | None] = references("所需技能", "Skills needed", "skills", FILTER)
    room: Mapped[str | None] = text("所需房间", "Room needed", max=80)
    suitable_for: Mapped[list[UUID] | None] = references(
        "适合", "Suitable for", "conditions", FILTER
    )
    not_suitable_for: Mapped[list[UUID] | None] = references(
        "不适合", "Not suitable for", "conditions", FILTER
    )
    advice: Mapped[str | None] = long_text("注意事项", "Advice")
    cost_minor: Mapped[int | None] = money("成本", "Cost", ADVANCED | COST, currency="currency")
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)
    items: Mapped[list[ServiceItem]] = lines("耗材", "Consumables", ServiceItem)


class PackageItem(Line):
    """So many times one service."""

    __tablename__ = "package_items"

    package_id: Mapped[UUID] = mapped_column(ForeignKey("packages.id"), index=True)
    service_id: Mapped[UUID] = reference("服务项目", "Service", "services")
    count: Mapped[int] = whole("次数", "Times", ge=1, le=1000, default=1)


class Package(Searchable, Record):
    """Several services sold together; what remains of it is counted when it is sold."""

    __tablename__ = "packages"
    __record__ = RecordType(
        label=T("套餐", "Packages"),
        one=T("套餐", "Package"),
        rights="products",
        order="code",
        start=T("把几项服务组成套餐。", "Put some services together."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    price_minor: Mapped[int] = money("价格", "Price", LIST, currency="currency")
    valid_days: Mapped[int] = whole(
        "有效期", "Valid for", LIST, unit=T("天", "days"), ge=1, le=3650, default=365
    )
    people: Mapped[int] = whole("人数", "People", LIST, ge=1, le=20, default=1)
    status: Mapped[OfferStatus] = choice(
        "状态", "Status", OfferStatus, LIST | FILTER, default=OfferStatus.ON_SALE
    )
    tags: Mapped[list[str] | None] = labels("标签", "Tags", LIST | SEARCH | FILTER)
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)
    items: Mapped[list[PackageItem]] = lines("包含", "Includes", PackageItem)
