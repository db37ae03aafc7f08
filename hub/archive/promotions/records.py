"""Promotions as people write them: what is given, on which goods, where, when and to whom (MKT-04).

A draft is tried out and published; what runs is ended, never changed.
"""

from collections.abc import Iterator
from datetime import date, time
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.archive.prices.records import PriceChannel
from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordAction, RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    NOTHING,
    READONLY,
    SEARCH,
    TITLE,
    Choice,
    choice,
    clock,
    day,
    long_text,
    money,
    number,
    reference,
    references,
    text,
    whole,
    yes_no,
)
from hub.kit.records.lines import Line, lines

_WEEK = T("1 是星期一，7 是星期日；如 12345。", "1 is Monday, 7 is Sunday; such as 12345.")
_FACTOR = T(
    "客流预计变成平时的几倍，如 1.3；不知道就空着。",
    "How many times the usual visitors you expect, such as 1.3; leave empty if unknown.",
)


def week_problem(value: str) -> T | None:
    """Weekdays are digits, each once."""
    is_week = set(value) <= set("1234567") and len(set(value)) == len(value)
    return None if is_week else _WEEK


class PromotionKind(Choice):
    PERCENT = "percent", "打折", "Percent off"
    FIXED = "fixed_price", "特价", "Special price"
    SPEND = "spend_save", "满减", "Spend and save"
    BUY_GET = "buy_get", "买赠、第二件半价", "Buy some, get some"
    GIFT = "gift", "赠品", "Gift"


class PromotionStatus(Choice):
    DRAFT = "draft", "草稿", "Draft"
    RUNNING = "running", "已发布", "Published"
    ENDED = "ended", "已结束", "Ended"


class PromotionGoods(Line):
    """One product or one category that takes part, or does not."""

    __tablename__ = "promotion_goods"

    promotion_id: Mapped[UUID] = mapped_column(ForeignKey("promotions.id"), index=True)
    product_id: Mapped[UUID | None] = reference("商品", "Product", "products")
    category_id: Mapped[UUID | None] = reference("或分类", "Or category", "product_categories")
    price_minor: Mapped[int | None] = money("特价", "Special price", currency="currency")
    is_excluded: Mapped[bool] = yes_no("不参加", "Not included", default=False)


_NEEDS = {
    PromotionKind.PERCENT: ("off_percent",),
    PromotionKind.FIXED: (),
    PromotionKind.SPEND: ("spend_minor", "save_minor"),
    PromotionKind.BUY_GET: ("buy", "get"),
    PromotionKind.GIFT: ("gift_id",),
}
_NEEDED = T("这一类活动需要它。", "This kind of promotion needs it.")


class Promotion(Record):
    """Of several on the same goods the higher priority goes first; of equals what saves more."""

    __tablename__ = "promotions"
    __record__ = RecordType(
        label=T("促销活动", "Promotions"),
        one=T("促销活动", "Promotion"),
        rights="promotions",
        order="code",
        start=T("写一个活动，试算过再发布。", "Write one, try it on a basket, then publish it."),
        actions=(
            RecordAction["Promotion"](
                "publish",
                T("发布", "Publish"),
                frozenset({PromotionStatus.DRAFT}),
                PromotionStatus.RUNNING,
            ),
            RecordAction["Promotion"](
                "end",
                T("结束", "End"),
                frozenset({PromotionStatus.RUNNING}),
                PromotionStatus.ENDED,
                is_final=True,
            ),
        ),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    name_en: Mapped[str | None] = text("英文名称", "Name in English", SEARCH, max=80)
    status: Mapped[PromotionStatus] = choice(
        "状态", "Status", PromotionStatus, LIST | FILTER | READONLY, default=PromotionStatus.DRAFT
    )
    kind: Mapped[PromotionKind] = choice("类型", "Kind", PromotionKind, LIST | FILTER)
    off_percent: Mapped[int | None] = whole("减百分之", "Percent off", unit="%", ge=1, le=100)
    spend_minor: Mapped[int | None] = money("满", "Spend", currency="currency")
    save_minor: Mapped[int | None] = money("减", "Save", currency="currency")
    repeats: Mapped[bool] = yes_no("每满都减", "Each time it is met", default=False)
    buy: Mapped[int | None] = whole("买几件", "Buy", ge=0, le=1000)
    get: Mapped[int | None] = whole("送几件", "Get", ge=1, le=1000)
    most_times: Mapped[int | None] = whole("每单最多几次", "At most times a sale", ge=1)
    gift_id: Mapped[UUID | None] = reference("赠品", "Gift", "products")
    goods: Mapped[list[PromotionGoods]] = lines(
        "参加的商品（空为全部）", "Goods (none: all)", PromotionGoods
    )
    starts_on: Mapped[date | None] = day("开始", "From", LIST | FILTER)
    ends_on: Mapped[date | None] = day("最后一天", "Last day", LIST | FILTER)
    weekdays: Mapped[str | None] = text("星期", "Weekdays", max=7, hint=_WEEK, check=week_problem)
    from_time: Mapped[time | None] = clock("每天从", "Daily from")
    until_time: Mapped[time | None] = clock("到", "until")
    stores: Mapped[list[UUID] | None] = references(
        "门店（空为全部）", "Stores (none: all)", "stores"
    )
    channel: Mapped[PriceChannel] = choice(
        "渠道", "Channel", PriceChannel, FILTER, default=PriceChannel.ALL
    )
    is_for_members: Mapped[bool] = yes_no("只限会员", "Members only", NOTHING, default=False)
    tiers: Mapped[list[UUID] | None] = references(
        "会员等级（空为全部会员）", "Member tiers (none: all)", "member_tiers"
    )
    coupon: Mapped[str | None] = text("需要优惠券", "Needs the coupon", max=40)
    priority: Mapped[int] = whole("优先级", "Priority", LIST, le=1000, default=0)
    stacks: Mapped[bool] = yes_no("可与其他活动叠加", "Combines with others", LIST, default=False)
    expected_factor: Mapped[float | None] = number(
        "预计客流倍数", "Expected visitors, times", ADVANCED, ge=0.1, le=20, digits=2
    )
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)

    @property
    def title(self) -> T:
        return T(self.name, self.name_en or self.name)

    def problems(self) -> Iterator[tuple[str, T]]:
        for name in _NEEDS[self.kind]:
            if getattr(self, name) is None:
                yield name, _NEEDED
        yield from self._in_kind()
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            yield "ends_on", T("结束早于开始。", "It ends before it begins.")
        if (self.from_time is None) != (self.until_time is None):
            yield "until_time", T("两个时间要一起写。", "Give both times.")

    def _in_kind(self) -> Iterator[tuple[str, T]]:
        if any(bool(one.product_id) == bool(one.category_id) for one in self.goods):
            yield "goods", T("每行写一件商品或一个分类。", "Each line is a product or a category.")
        if self.kind is PromotionKind.FIXED and not any(
            one.product_id and one.price_minor is not None for one in self.goods
        ):
            yield "goods", T("至少一件商品要有特价。", "At least one product needs a price.")
        if self.kind is PromotionKind.SPEND and (self.save_minor or 0) > (self.spend_minor or 0):
            yield "save_minor", T("减的比满的还多。", "It saves more than is spent.")

    def locked(self) -> T | None:
        if self.status is PromotionStatus.DRAFT:
            return None
        return T(
            "活动已经发布，不再改变；请结束它，另建一个。",
            "It is published: end it, write another.",
        )
