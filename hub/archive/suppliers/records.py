"""Suppliers: whom the chain buys from, since when, what and on which terms (SUP-01)."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Record
from hub.kit.records.declare import Computed, RecordType
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
    email,
    labels,
    long_text,
    money,
    phone,
    reference,
    secret,
    text,
    whole,
    yes_no,
)
from hub.kit.records.lines import Line, lines
from hub.kit.records.sealed import Secret, last4
from hub.kit.records.search import Searchable

_DAYS = T("天", "days")


class Standing(Choice):
    PREFERRED = "preferred", "优先", "Preferred"
    APPROVED = "approved", "合格", "Approved"
    TRIAL = "trial", "试用", "On trial"
    POOR = "poor", "较差", "Poor"
    BLOCKED = "blocked", "停用", "Blocked"


class SupplierContact(Line):
    """Somebody to talk to there."""

    __tablename__ = "supplier_contacts"

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"), index=True)
    name: Mapped[str] = text("姓名", "Name", SEARCH, max=80)
    duty: Mapped[str | None] = text("职务", "Duty", max=80)
    phone: Mapped[str | None] = phone("电话", "Phone", SEARCH)
    email: Mapped[str | None] = email("邮箱", "Email", SEARCH)


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
        twins=(("name",),),
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
    bank_account: Mapped[Secret | None] = secret(
        "银行账号", "Bank account", ADVANCED, max=60, mask=last4
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)
    contacts: Mapped[list[SupplierContact]] = lines(
        "更多联系人", "More contacts", SupplierContact, SEARCH
    )

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


class SupplierItem(Record):
    """A product as one supplier offers it."""

    __tablename__ = "supplier_items"
    __record__ = RecordType(
        label=T("供货目录", "Supplier items"),
        one=T("供货条目", "Supplier item"),
        rights="suppliers",
        order="code",
        start=T("登记供应商的货号、价格与箱规。", "Register codes, prices and pack sizes."),
    )

    supplier_id: Mapped[UUID] = reference("供应商", "Supplier", "suppliers", LIST | FILTER)
    product_id: Mapped[UUID] = reference("商品", "Product", "products", LIST | FILTER)
    code: Mapped[str] = text("供应商货号", "Supplier's code", LIST | SEARCH | TITLE, max=60)
    price_minor: Mapped[int | None] = money("进价", "Price", LIST | COST, currency="currency")
    pack_size: Mapped[int] = whole("箱规", "Per case", LIST, ge=1, le=100_000, default=1)
    minimum: Mapped[int | None] = whole("起订量", "Minimum order", LIST, le=1_000_000)
    lead_time_days: Mapped[int | None] = whole("交货期", "Lead time", LIST, unit=_DAYS, le=365)
    is_preferred: Mapped[bool] = yes_no("首选", "Preferred", LIST | FILTER, default=False)
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
