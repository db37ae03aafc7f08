"""Staff: posts, skills, employees and their certificates (STF-01)."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import Computed, RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    PERSONAL,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    email,
    long_text,
    phone,
    reference,
    references,
    secret,
    text,
    whole,
)
from hub.kit.records.sealed import Secret, last4
from hub.kit.records.search import Searchable


class Post(Searchable, Record):
    """What somebody is hired to do."""

    __tablename__ = "posts"
    __record__ = RecordType(
        label=T("岗位", "Posts"),
        one=T("岗位", "Post"),
        rights="posts",
        order="code",
        start=T("先登记岗位，再登记员工。", "Register posts first, then employees."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    skills: Mapped[list[UUID] | None] = references("所需技能", "Skills needed", "skills", LIST)
    planned_count: Mapped[int | None] = whole("编制", "Planned", LIST, le=10_000)
    duties: Mapped[str | None] = long_text("职责", "Duties")


class Skill(Searchable, Record):
    """What somebody can do; services and shifts ask for it."""

    __tablename__ = "skills"
    __record__ = RecordType(
        label=T("技能", "Skills"),
        one=T("技能", "Skill"),
        rights="posts",
        order="code",
        start=T("登记门店需要的技能。", "Register the skills that stores need."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    needs_certificate: Mapped[str | None] = text("需持证书", "Certificate needed", LIST, max=80)


class EmployeeStatus(Choice):
    PROBATION = "probation", "试用", "On probation"
    ACTIVE = "active", "在职", "Active"
    ON_LEAVE = "on_leave", "休假", "On leave"
    LEFT = "left", "离职", "Left"


class Employee(Searchable, StoreScoped, Record):
    """Somebody who works in a store; every move and status is in the history."""

    __tablename__ = "employees"
    __record__ = RecordType(
        label=T("员工", "Employees"),
        one=T("员工", "Employee"),
        rights="employees",
        order="code",
        start=T("登记第一位员工。", "Register the first employee."),
        account="user_id",
        computed=(Computed("service_years", T("工龄", "Years of service"), T("年", "years")),),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    code: Mapped[str] = text("工号", "Number", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("姓名", "Name", LIST | SEARCH | TITLE, max=80)
    post_id: Mapped[UUID | None] = reference("岗位", "Post", "posts", LIST | FILTER)
    status: Mapped[EmployeeStatus] = choice(
        "状态", "Status", EmployeeStatus, LIST | FILTER, default=EmployeeStatus.ACTIVE
    )
    phone: Mapped[str | None] = phone("电话", "Phone", LIST | SEARCH | PERSONAL)
    hired_on: Mapped[date | None] = day("入职日期", "Hired on", LIST | FILTER)
    skills: Mapped[list[UUID] | None] = references("技能", "Skills", "skills", FILTER)
    left_on: Mapped[date | None] = day("离职日期", "Left on", ADVANCED)
    email: Mapped[str | None] = email("邮箱", "Email", ADVANCED | SEARCH | PERSONAL)
    emergency_contact: Mapped[str | None] = text(
        "紧急联系人", "Emergency contact", ADVANCED | PERSONAL, max=120
    )
    id_card_no: Mapped[Secret | None] = secret(
        "身份证号", "Identity card", ADVANCED, max=30, mask=last4
    )
    bank_account: Mapped[Secret | None] = secret(
        "工资卡号", "Bank account", ADVANCED, max=40, mask=last4
    )
    user_id: Mapped[UUID | None] = reference("登录账号", "Account", "users", ADVANCED)
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)

    @property
    def service_years(self) -> int | None:
        if self.hired_on is None:
            return None
        end = min(self.left_on or date.max, utc_now().date())
        before = (end.month, end.day) < (self.hired_on.month, self.hired_on.day)
        return max(0, end.year - self.hired_on.year - before)

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.hired_on and self.left_on and self.left_on < self.hired_on:
            yield "left_on", T("离职早于入职。", "The last day is before the first.")
        if self.status is EmployeeStatus.LEFT and self.left_on is None:
            yield "left_on", T("请填写离职日期。", "Give the last day.")


class Certificate(StoreScoped, Record):
    """What an employee has passed, and until when it holds."""

    __tablename__ = "certificates"
    __record__ = RecordType(
        label=T("员工证书", "Certificates"),
        one=T("员工证书", "Certificate"),
        rights="employees",
        order="valid_until",
        start=T("登记健康证、上岗证等。", "Register health cards and licences."),
        computed=(Computed("days_left", T("剩余天数", "Days left"), T("天", "days")),),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    employee_id: Mapped[UUID] = reference("员工", "Employee", "employees", LIST | FILTER)
    name: Mapped[str] = text("证书", "Certificate", LIST | SEARCH | TITLE, max=80)
    number: Mapped[str | None] = text("编号", "Number", LIST | SEARCH, max=60)
    issued_on: Mapped[date | None] = day("发证日期", "Issued on")
    valid_until: Mapped[date | None] = day("有效期至", "Valid until", LIST | FILTER)
    issuer: Mapped[str | None] = text("发证机构", "Issued by", ADVANCED, max=120)

    @property
    def days_left(self) -> int | None:
        return (self.valid_until - utc_now().date()).days if self.valid_until else None

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.issued_on and self.valid_until and self.valid_until < self.issued_on:
            yield "valid_until", T("有效期早于发证日期。", "It ends before it was issued.")
