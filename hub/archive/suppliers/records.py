"""Suppliers: whom the chain buys from, since when and on which terms (SUP-01)."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Mapped

from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Record
from hub.kit.records.declare import Computed, RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    UNIQUE,
    Choice,
    choice,
    day,
    email,
    labels,
    long_text,
    phone,
    text,
    whole,
)
from hub.kit.records.search import Searchable

_DAYS = T("天", "days")


class Standing(Choice):
    PREFERRED = "preferred", "优先", "Preferred"
    APPROVED = "approved", "合格", "Approved"
    TRIAL = "trial", "试用", "On trial"
    POOR = "poor", "较差", "Poor"
    BLOCKED = "blocked", "停用", "Blocked"


class Supplier(Searchable, Record):
    """A company that delivers to the chain."""

    __tablename__ = "suppliers"
    __record__ = RecordType(
        label=T("供应商", "Suppliers"),
        one=T("供应商", "Supplier"),
        rights="suppliers",
        order="code",
        start=T("登记第一家供应商。", "Register the first supplier."),
        computed=(
            Computed("cooperation_years", T("合作年数", "Years of cooperation"), T("年", "years")),
        ),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    standing: Mapped[Standing] = choice(
        "等级", "Standing", Standing, LIST | FILTER, default=Standing.APPROVED
    )
    product_kinds: Mapped[list[str] | None] = labels(
        "供货品类", "Product kinds", LIST | SEARCH | FILTER
    )
    contact: Mapped[str | None] = text("联系人", "Contact", LIST | SEARCH, max=80)
    phone: Mapped[str | None] = phone("电话", "Phone", LIST | SEARCH)
    email: Mapped[str | None] = email("邮箱", "Email", SEARCH)
    since: Mapped[date | None] = day("合作开始", "Partner since", LIST | FILTER)
    lead_time_days: Mapped[int | None] = whole("交货期", "Lead time", LIST, unit=_DAYS, le=365)
    until: Mapped[date | None] = day("合作结束", "Partner until", ADVANCED | FILTER)
    payment_days: Mapped[int | None] = whole("账期", "Payment term", ADVANCED, unit=_DAYS, le=365)
    tax_no: Mapped[str | None] = text(
        "统一社会信用代码", "Tax number", ADVANCED | SEARCH | UNIQUE, max=30
    )
    address: Mapped[str | None] = text("地址", "Address", ADVANCED | SEARCH, max=200)
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)

    @property
    def cooperation_years(self) -> int | None:
        """Whole years from the first day to the last, or to today."""
        if self.since is None:
            return None
        end = min(self.until or date.max, utc_now().date())
        before = (end.month, end.day) < (self.since.month, self.since.day)
        return max(0, end.year - self.since.year - before)

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.since and self.until and self.until < self.since:
            yield "until", T("结束日期早于开始日期。", "The partnership ends before it starts.")
