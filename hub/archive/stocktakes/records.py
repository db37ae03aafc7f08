"""Stocktakes: what was planned to be counted, how far it is, and what came of it (INV-12, INV-13).

The lines of a count are rows of their own (`models`): twenty thousand of them are no form.
"""

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.archive.stocktakes import service
from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import RecordAction, RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    READONLY,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    instant,
    long_text,
    money,
    reference,
    text,
    whole,
    yes_no,
)


class StocktakeStatus(Choice):
    PLANNED = "planned", "待开始", "Planned"
    COUNTING = "counting", "盘点中", "Counting"
    REVIEW = "review", "待审核", "To be reviewed"
    POSTED = "posted", "已过账", "Posted"
    CANCELLED = "cancelled", "已取消", "Cancelled"


class Extent(Choice):
    """Which items of a store are counted."""

    ALL = "all", "全部商品", "Everything"
    CATEGORY = "category", "一个分类", "One category"
    AREA = "area", "一个区", "One area"
    CLASS = "class", "ABC 一类", "One ABC class"


class AbcClass(Choice):
    """By what was sold at cost in 90 days: A the first 80 %, B the next 15 %, C the rest."""

    A = "A", "A 类（前 80%）", "A (first 80 %)"
    B = "B", "B 类（其次 15%）", "B (next 15 %)"
    C = "C", "C 类（其余）", "C (the rest)"


_PLANNED, _COUNTING, _REVIEW = (
    StocktakeStatus.PLANNED,
    StocktakeStatus.COUNTING,
    StocktakeStatus.REVIEW,
)


class Stocktake(StoreScoped, Record):
    """A count; once it has begun its plan stays as it is."""

    __tablename__ = "stocktakes"
    __record__ = RecordType(
        label=T("盘点单", "Stocktakes"),
        one=T("盘点单", "Stocktake"),
        rights="stocktakes",
        order="-number",
        start=T("计划第一次盘点。", "Plan the first stocktake."),
        actions=(
            RecordAction["Stocktake"](
                "start",
                T("开始盘点", "Start counting"),
                frozenset({_PLANNED}),
                _COUNTING,
                service.start,
            ),
            RecordAction["Stocktake"](
                "review", T("提交审核", "Hand in"), frozenset({_COUNTING}), _REVIEW, service.hand_in
            ),
            RecordAction["Stocktake"](
                "recount", T("复盘", "Recount"), frozenset({_REVIEW}), _COUNTING, service.recount
            ),
            RecordAction["Stocktake"](
                "post",
                T("过账", "Post"),
                frozenset({_REVIEW}),
                StocktakeStatus.POSTED,
                service.post,
                is_final=True,
            ),
            RecordAction["Stocktake"](
                "cancel",
                T("取消盘点", "Cancel the stocktake"),
                frozenset({_PLANNED, _COUNTING, _REVIEW}),
                StocktakeStatus.CANCELLED,
                is_final=True,
            ),
        ),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    number: Mapped[str] = text("单号", "Number", LIST | SEARCH | KEY | TITLE, max=30)
    status: Mapped[StocktakeStatus] = choice(
        "状态", "Status", StocktakeStatus, LIST | FILTER | READONLY, default=_PLANNED
    )
    extent: Mapped[Extent] = choice("范围", "Extent", Extent, LIST | FILTER, default=Extent.ALL)
    category_id: Mapped[UUID | None] = reference("分类", "Category", "product_categories", LIST)
    area_id: Mapped[UUID | None] = reference("区", "Area", "areas", LIST)
    abc_class: Mapped[AbcClass | None] = choice("ABC", "ABC", AbcClass)
    is_blind: Mapped[bool] = yes_no("盲盘", "Blind", LIST, default=True)
    planned_on: Mapped[date | None] = day("计划日期", "Planned on", LIST | FILTER)
    lines: Mapped[int | None] = whole("应盘", "To count", LIST | READONLY)
    counted: Mapped[int | None] = whole("已盘", "Counted", LIST | READONLY)
    difference_minor: Mapped[int | None] = money(
        "差异金额（不计正负）", "Difference, sign aside", LIST | READONLY, currency="currency"
    )
    started_at: Mapped[datetime | None] = instant("开始时间", "Started", READONLY)
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)

    def problems(self) -> Iterator[tuple[str, T]]:
        needed = {
            Extent.CATEGORY: ("category_id", self.category_id),
            Extent.AREA: ("area_id", self.area_id),
            Extent.CLASS: ("abc_class", self.abc_class),
        }
        name, value = needed.get(self.extent, ("", True))
        if not value:
            yield name, T("请选择盘点哪一部分。", "Choose which part is counted.")

    def locked(self) -> T | None:
        if self.status is _PLANNED:
            return None
        return T("盘点已经开始，计划不再改变。", "It has begun; the plan stays as it is.")
