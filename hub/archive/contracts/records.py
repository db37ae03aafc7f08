"""Contracts with suppliers and landlords, reminded of until somebody decides (SUP-11, SUP-12)."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.archive.contracts import lead_times
from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Record
from hub.kit.records.declare import Computed, RecordAction, RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    COST,
    FILTER,
    KEY,
    LIST,
    READONLY,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    long_text,
    money,
    reference,
    references,
    text,
)
from hub.kit.records.search import Searchable


class ContractKind(Choice):
    SUPPLY = "supply", "供货", "Supply"
    RENT = "rent", "房屋租赁", "Rent"
    SERVICE = "service", "服务维保", "Service"
    FRANCHISE = "franchise", "加盟", "Franchise"
    OTHER = "other", "其他", "Other"


class Decision(Choice):
    OPEN = "open", "未决定", "Not decided"
    RENEW = "renew", "续签", "Renew"
    RENEGOTIATE = "renegotiate", "重新谈判", "Renegotiate"
    END = "end", "到期终止", "Let it end"


_OPEN, _TALKS = Decision.OPEN, Decision.RENEGOTIATE


class Contract(Searchable, Record):
    """One agreement; `reminder_days` say how long before its end somebody is told."""

    __tablename__ = "contracts"
    __record__ = RecordType(
        label=T("合同", "Contracts"),
        one=T("合同", "Contract"),
        rights="contracts",
        order="valid_until",
        start=T("登记第一份合同，到期前会提醒。", "Add the first; you are reminded of its end."),
        computed=(Computed("days_left", T("剩余天数", "Days left"), T("天", "days")),),
        state="decision",
        actions=(
            RecordAction["Contract"](
                "renew", T("续签", "Renew"), frozenset({_OPEN, _TALKS}), Decision.RENEW
            ),
            RecordAction["Contract"](
                "renegotiate", T("重新谈判", "Renegotiate"), frozenset({_OPEN}), _TALKS
            ),
            RecordAction["Contract"](
                "end", T("到期终止", "Let it end"), frozenset({_OPEN, _TALKS}), Decision.END
            ),
            RecordAction["Contract"](
                "reopen",
                T("重新决定", "Decide again"),
                frozenset({Decision.RENEW, _TALKS, Decision.END}),
                _OPEN,
            ),
        ),
    )

    number: Mapped[str] = text("编号", "Number", LIST | SEARCH | KEY, max=40)
    title: Mapped[str] = text("标题", "Title", LIST | SEARCH | TITLE, max=120)
    kind: Mapped[ContractKind] = choice(
        "类别", "Kind", ContractKind, LIST | FILTER, default=ContractKind.SUPPLY
    )
    supplier_id: Mapped[UUID | None] = reference("供应商", "Supplier", "suppliers", LIST | FILTER)
    decision: Mapped[Decision] = choice(
        "到期决定", "Decision", Decision, LIST | FILTER | READONLY, default=_OPEN
    )
    signed_on: Mapped[date | None] = day("签订日期", "Signed on")
    valid_from: Mapped[date | None] = day("生效日期", "Valid from")
    valid_until: Mapped[date] = day("到期日期", "Valid until", LIST | FILTER)
    reminder_days: Mapped[str] = text(
        "提前提醒",
        "Reminders",
        max=60,
        default="60, 30, 7",
        hint=T("到期前几天提醒，用逗号分开。", "Days before the end, with commas."),
        check=lead_times.problem,
    )
    stores: Mapped[list[UUID] | None] = references("适用门店", "Stores", "stores", FILTER)
    amount_minor: Mapped[int | None] = money("金额", "Amount", LIST | COST, currency="currency")
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    terms: Mapped[str | None] = long_text("条款", "Terms")

    @property
    def days_left(self) -> int:
        return (self.valid_until - utc_now().date()).days

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.valid_from and self.valid_until < self.valid_from:
            yield "valid_until", T("到期早于生效。", "The contract ends before it begins.")
