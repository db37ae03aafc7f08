"""Customers, their classes, and members with their tiers (CUS-01, CUS-06, CUS-12, CUS-24)."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Record
from hub.kit.records.declare import Computed, RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    PERSONAL,
    SEARCH,
    TITLE,
    UNIQUE,
    Choice,
    choice,
    day,
    email,
    labels,
    long_text,
    number,
    phone,
    reference,
    text,
    whole,
    yes_no,
)
from hub.kit.records.lines import Line, lines
from hub.kit.records.search import Searchable

_EXPECTED = ("phone", "gender", "born_on", "source", "home_store_id", "owner_id")


class Gender(Choice):
    FEMALE = "female", "女", "Female"
    MALE = "male", "男", "Male"
    OTHER = "other", "其他", "Other"


class CustomerSource(Choice):
    WALK_IN = "walk_in", "到店", "Walk-in"
    REFERRAL = "referral", "转介绍", "Referral"
    ONLINE = "online", "线上", "Online"
    CAMPAIGN = "campaign", "营销活动", "Campaign"
    IMPORT = "import", "旧系统导入", "Old system"
    OTHER = "other", "其他", "Other"


class CustomerClass(Searchable, Record):
    """A group that people sort customers into by hand; it can drive prices and service."""

    __tablename__ = "customer_classes"
    __record__ = RecordType(
        label=T("客户分类", "Customer classes"),
        one=T("客户分类", "Customer class"),
        rights="membership",
        order="code",
        start=T("先定几类，如普通、重点、团购。", "Begin with a few, such as regular and key."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    discount_percent: Mapped[float | None] = number("折扣", "Discount", LIST, unit="%", le=100)
    service_level: Mapped[str | None] = text("服务标准", "Service level", LIST, max=120)
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)


class CustomerDay(Line):
    """A day that matters to a customer, year after year."""

    __tablename__ = "customer_days"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    name: Mapped[str] = text("名目", "Occasion", max=40)
    on: Mapped[date] = day("日期", "Date")
    is_lunar: Mapped[bool] = yes_no("按农历", "Lunar calendar", default=False)


class Customer(Searchable, Record):
    """A person who buys; found at once by the end of the number, the name or its pinyin."""

    __tablename__ = "customers"
    __record__ = RecordType(
        label=T("顾客", "Customers"),
        one=T("顾客", "Customer"),
        rights="customers",
        order="name",
        start=T("登记第一位顾客，只需姓名。", "Add the first customer; the name is enough."),
        computed=(
            Computed("completeness_percent", T("资料完整度", "Completeness"), T("%", "%")),
            Computed("age_years", T("年龄", "Age"), T("岁", "years")),
        ),
        is_open=True,
        twins=(("email",), ("wechat",), ("name", "born_on"), ("name", "address")),
        own="owner_id",
    )

    name: Mapped[str] = text("姓名", "Name", LIST | SEARCH | TITLE, max=80)
    phone: Mapped[str | None] = phone("电话", "Phone", LIST | SEARCH | UNIQUE | PERSONAL)
    gender: Mapped[Gender | None] = choice("性别", "Gender", Gender, LIST | FILTER)
    born_on: Mapped[date | None] = day("出生日期", "Date of birth", FILTER)
    class_id: Mapped[UUID | None] = reference(
        "客户分类", "Class", "customer_classes", LIST | FILTER
    )
    home_store_id: Mapped[UUID | None] = reference("常去门店", "Home store", "stores", FILTER)
    owner_id: Mapped[UUID | None] = reference("负责员工", "Owner", "employees", FILTER)
    source: Mapped[CustomerSource | None] = choice("来源", "Source", CustomerSource, FILTER)
    consented_on: Mapped[date | None] = day("同意收集资料", "Agreed to data kept on", FILTER)
    tags: Mapped[list[str] | None] = labels("标签", "Tags", LIST | SEARCH | FILTER)
    email: Mapped[str | None] = email("邮箱", "Email", ADVANCED | SEARCH | PERSONAL)
    wechat: Mapped[str | None] = text("微信号", "WeChat", ADVANCED | SEARCH | PERSONAL, max=60)
    address: Mapped[str | None] = text("地址", "Address", ADVANCED | PERSONAL, max=200)
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)
    days: Mapped[list[CustomerDay]] = lines("重要日子", "Important days", CustomerDay)

    @property
    def completeness_percent(self) -> int:
        """How much of what a store should know of a customer is known (CUS-20)."""
        known = sum(getattr(self, name) is not None for name in _EXPECTED)
        return 100 * known // len(_EXPECTED)

    @property
    def age_years(self) -> int | None:
        if self.born_on is None:
            return None
        today, born = utc_now().date(), self.born_on
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.born_on and self.born_on > utc_now().date():
            yield "born_on", T("出生日期在将来。", "The date of birth is in the future.")


class MemberTier(Searchable, Record):
    """A level of membership, what it takes and what it gives."""

    __tablename__ = "member_tiers"
    __record__ = RecordType(
        label=T("会员等级", "Member tiers"),
        one=T("会员等级", "Member tier"),
        rights="membership",
        order="rank",
        start=T("先定会员等级，如银卡、金卡。", "Define the tiers, such as silver and gold."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    rank: Mapped[int] = whole("级别", "Rank", LIST, ge=1, le=100, default=1)
    from_points: Mapped[int] = whole("所需积分", "Points needed", LIST, default=0)
    points_percent: Mapped[int] = whole(
        "积分倍率", "Points rate", LIST, unit="%", ge=0, le=10_000, default=100
    )
    discount_percent: Mapped[float | None] = number("折扣", "Discount", LIST, unit="%", le=100)
    privileges: Mapped[str | None] = long_text("权益", "Privileges")


class Member(Searchable, Record):
    """A customer's card; points come with the ledger of points."""

    __tablename__ = "members"
    __record__ = RecordType(
        label=T("会员", "Members"),
        one=T("会员", "Member"),
        rights="customers",
        order="number",
        start=T("为顾客办第一张会员卡。", "Give a customer the first card."),
        is_open=True,
        own="customer_id",
    )

    number: Mapped[str] = text("卡号", "Card number", LIST | SEARCH | KEY | TITLE, max=40)
    customer_id: Mapped[UUID] = reference("顾客", "Customer", "customers", LIST | FILTER | UNIQUE)
    tier_id: Mapped[UUID | None] = reference("等级", "Tier", "member_tiers", LIST | FILTER)
    joined_on: Mapped[date | None] = day("入会日期", "Joined on", LIST | FILTER)
    valid_until: Mapped[date | None] = day("有效期至", "Valid until", LIST | FILTER)
    referred_by_id: Mapped[UUID | None] = reference("推荐人", "Referred by", "customers", ADVANCED)
