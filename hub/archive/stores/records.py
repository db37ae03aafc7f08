"""Stores: the profile of each (STO-01)."""

from collections.abc import Iterator
from datetime import date, time
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy.orm import Mapped, synonym

from hub.archive.stores import hours
from hub.errors import T
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    NOTHING,
    SEARCH,
    TITLE,
    Choice,
    choice,
    clock,
    day,
    long_text,
    number,
    reference,
    text,
)
from hub.kit.records.search import Searchable


class BusinessType(Choice):
    CONVENIENCE = "convenience", "便利店", "Convenience store"
    SUPERMARKET = "supermarket", "超市", "Supermarket"
    FRESH = "fresh", "生鲜店", "Fresh food"
    BAKERY = "bakery", "烘焙店", "Bakery"
    TEA = "tea", "茶饮店", "Tea and drinks"
    RESTAURANT = "restaurant", "餐饮店", "Restaurant"
    PHARMACY = "pharmacy", "药店", "Pharmacy"
    WELLNESS = "wellness", "健康养生馆", "Wellness"
    BEAUTY = "beauty", "美容店", "Beauty"
    MATERNITY = "maternity", "母婴店", "Mother and baby"
    OTHER = "other", "其他", "Other"


class Surroundings(Choice):
    STREET = "street", "临街", "Street front"
    BUSINESS = "business", "商圈", "Business district"
    MALL = "mall", "商场内", "In a mall"
    RESIDENTIAL = "residential", "社区", "Residential area"
    OFFICE = "office", "写字楼", "Offices"
    SCHOOL = "school", "学校", "School"
    HOSPITAL = "hospital", "医院", "Hospital"
    TRANSPORT = "transport", "交通枢纽", "Transport hub"
    SCENIC = "scenic", "景区", "Tourist site"


class StoreStatus(Choice):
    PLANNED = "planned", "筹备中", "Planned"
    OPEN = "open", "营业中", "Open"
    PAUSED = "paused", "暂停营业", "Paused"
    CLOSED = "closed", "已关店", "Closed"


def _zone_problem(value: str) -> T | None:
    if value in available_timezones():
        return None
    return T("请写成 Asia/Shanghai 这样的时区。", "Write a zone such as Asia/Shanghai.")


def currency_problem(value: str) -> T | None:
    """ISO 4217 codes are three capital letters."""
    if len(value) == 3 and value.isascii() and value.isalpha() and value.isupper():
        return None
    return T("请写成 CNY 这样的三个大写字母。", "Write three capital letters such as CNY.")


class Store(Searchable, StoreScoped, Record):
    """One store. It belongs to itself: who may see the store sees this row."""

    __tablename__ = "stores"
    __record__ = RecordType(
        label=T("门店", "Stores"),
        one=T("门店", "Store"),
        rights="stores",
        order="code",
        start=T(
            "登记第一家门店，再安装采集端。", "Register the first store, then install an agent."
        ),
    )

    store_id: Mapped[UUID] = synonym("id")
    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    business_type: Mapped[BusinessType] = choice(
        "业态", "Business type", BusinessType, LIST | FILTER, default=BusinessType.CONVENIENCE
    )
    status: Mapped[StoreStatus] = choice(
        "状态", "Status", StoreStatus, LIST | FILTER, default=StoreStatus.OPEN
    )
    region_id: Mapped[UUID | None] = reference("区域", "Region", "regions", LIST | FILTER)
    address: Mapped[str | None] = text("地址", "Address", LIST | SEARCH, max=200)
    phone: Mapped[str | None] = text("电话", "Phone", SEARCH, max=40)
    opening_hours: Mapped[str] = text(
        "营业时间",
        "Opening hours",
        NOTHING,
        max=200,
        hint=T(
            "如 09:00-22:00；分日：Mo-Fr 09:00-21:00; Sa,Su 10:00-22:00",
            "Such as 09:00-22:00, or by day: Mo-Fr 09:00-21:00; Sa,Su 10:00-22:00",
        ),
        default="09:00-22:00",
        check=hours.problem,
    )
    floor_area_m2: Mapped[float | None] = number("面积", "Floor area", LIST, unit="m²", le=100_000)
    surroundings: Mapped[Surroundings | None] = choice(
        "周边环境", "Surroundings", Surroundings, FILTER
    )
    decoration_style: Mapped[str | None] = text("装修风格", "Decoration style", max=80)
    opened_on: Mapped[date | None] = day("开业日期", "Opened on", LIST)
    latitude_deg: Mapped[float | None] = number(
        "纬度", "Latitude", ADVANCED, unit="°", ge=-90, le=90, digits=6
    )
    longitude_deg: Mapped[float | None] = number(
        "经度", "Longitude", ADVANCED, unit="°", ge=-180, le=180, digits=6
    )
    zone: Mapped[str] = text(
        "时区", "Time zone", ADVANCED, max=60, default="Asia/Shanghai", check=_zone_problem
    )
    day_start: Mapped[time] = clock(
        "营业日开始",
        "Day starts at",
        ADVANCED,
        default=time(0),
        hint=T("此时刻之前的销售算前一天。", "Sales before this time count for the day before."),
    )
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)

    def problems(self) -> Iterator[tuple[str, T]]:
        if (self.latitude_deg is None) != (self.longitude_deg is None):
            missing = "latitude_deg" if self.latitude_deg is None else "longitude_deg"
            yield missing, T("经度和纬度要一起填写。", "Give latitude and longitude together.")


class Holiday(StoreScoped, Record):
    """A day on which a store keeps other hours, or none."""

    __tablename__ = "holidays"
    __record__ = RecordType(
        label=T("节假日安排", "Holidays"),
        one=T("节假日", "Holiday"),
        rights="stores",
        order="on",
        start=T("登记不营业或改时间的日子。", "Register days with other hours."),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    on: Mapped[date] = day("日期", "Date", LIST | FILTER | KEY)
    opening_hours: Mapped[str | None] = text(
        "营业时间（空为休息）",
        "Opening hours (none: closed)",
        LIST,
        max=60,
        hint=T("如 10:00-18:00", "Such as 10:00-18:00"),
        check=hours.problem,
    )
