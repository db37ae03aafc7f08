"""Price lists: what products cost where, when and for whom."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    decimal,
    long_text,
    money,
    reference,
    references,
    text,
    whole,
)
from hub.kit.records.lines import Line, lines
from hub.kit.records.search import Searchable


class PriceChannel(Choice):
    ALL = "all", "全部渠道", "Everywhere"
    STORE = "store", "门店", "In store"
    ONLINE = "online", "线上", "Online"
    DELIVERY = "delivery", "外卖", "Delivery"


class PriceLine(Line):
    """The price of one product from some quantity on."""

    __tablename__ = "price_lines"

    price_list_id: Mapped[UUID] = mapped_column(ForeignKey("price_lists.id"), index=True)
    product_id: Mapped[UUID] = reference("商品", "Product", "products")
    from_quantity_milli: Mapped[int] = decimal("起订量", "From", default=0)
    price_minor: Mapped[int] = money("价格", "Price", currency="currency")


class PriceList(Searchable, Record):
    """Prices that hold for some stores, some customers and some time; the highest rank wins."""

    __tablename__ = "price_lists"
    __record__ = RecordType(
        label=T("价目表", "Price lists"),
        one=T("价目表", "Price list"),
        rights="products",
        order="code",
        start=T("做第一张价目表，如会员价。", "Make the first, such as members' prices."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    channel: Mapped[PriceChannel] = choice(
        "渠道", "Channel", PriceChannel, LIST | FILTER, default=PriceChannel.ALL
    )
    rank: Mapped[int] = whole("优先级", "Rank", LIST, le=1000, default=1)
    valid_from: Mapped[date | None] = day("开始", "From", LIST | FILTER)
    valid_until: Mapped[date | None] = day("结束", "Until", LIST | FILTER)
    stores: Mapped[list[UUID] | None] = references(
        "门店（空为全部）", "Stores (none: all)", "stores"
    )
    tier_id: Mapped[UUID | None] = reference("会员等级", "Member tier", "member_tiers", FILTER)
    class_id: Mapped[UUID | None] = reference(
        "客户分类", "Customer class", "customer_classes", FILTER
    )
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)
    prices: Mapped[list[PriceLine]] = lines("价格", "Prices", PriceLine)

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            yield "valid_until", T("结束早于开始。", "It ends before it begins.")
