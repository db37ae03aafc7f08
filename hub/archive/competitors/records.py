"""Competitors around a store and what they ask for (ANA-09)."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    day,
    long_text,
    money,
    point,
    reference,
    text,
    whole,
)
from hub.kit.records.search import Searchable


class Competitor(Searchable, StoreScoped, Record):
    """A shop that the customers of one of our stores may go to instead."""

    __tablename__ = "competitors"
    __record__ = RecordType(
        label=T("竞争对手", "Competitors"),
        one=T("竞争对手", "Competitor"),
        rights="competitors",
        order="name",
        start=T("登记门店周边的竞争对手。", "Register who competes around the store."),
    )

    store_id: Mapped[UUID] = reference("我方门店", "Our store", "stores", LIST | FILTER)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | KEY | TITLE, max=80)
    address: Mapped[str | None] = text("地址", "Address", LIST | SEARCH, max=200)
    distance_m: Mapped[int | None] = whole("距离", "Distance", LIST, unit="m", le=100_000)
    place: Mapped[str | None] = point("位置", "Map point", ADVANCED)
    strengths: Mapped[str | None] = long_text("优势", "Strengths")
    weaknesses: Mapped[str | None] = long_text("劣势", "Weaknesses")
    opportunities: Mapped[str | None] = long_text("机会", "Opportunities", ADVANCED)
    threats: Mapped[str | None] = long_text("威胁", "Threats", ADVANCED)


class CompetitorPrice(StoreScoped, Record):
    """A price or promotion that somebody saw there."""

    __tablename__ = "competitor_prices"
    __record__ = RecordType(
        label=T("竞品价格", "Competitor prices"),
        one=T("竞品价格", "Competitor price"),
        rights="competitors",
        order="-seen_on",
        start=T("记下第一个看到的价格。", "Note the first price you saw."),
    )

    store_id: Mapped[UUID] = reference("我方门店", "Our store", "stores", LIST | FILTER)
    competitor_id: Mapped[UUID] = reference("竞争对手", "Competitor", "competitors", LIST | FILTER)
    product_id: Mapped[UUID | None] = reference(
        "我方商品", "Our product", "products", LIST | FILTER
    )
    name: Mapped[str] = text("竞品", "What they sell", LIST | SEARCH | TITLE, max=120)
    price_minor: Mapped[int] = money("价格", "Price", LIST, currency="currency")
    promotion: Mapped[str | None] = text("促销", "Promotion", LIST | SEARCH, max=200)
    seen_on: Mapped[date] = day("看到日期", "Seen on", LIST | FILTER)
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
