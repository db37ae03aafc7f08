"""Partners who run stores under the chain's name (CHN-08)."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    COST,
    FILTER,
    KEY,
    LIST,
    PERSONAL,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    long_text,
    number,
    phone,
    reference,
    references,
    text,
)
from hub.kit.records.search import Searchable


class PartnerKind(Choice):
    FRANCHISEE = "franchisee", "加盟商", "Franchisee"
    JOINT = "joint", "合伙人", "Joint owner"
    DEALER = "dealer", "经销商", "Dealer"


class Partner(Searchable, Record):
    """A company or person with stores of the chain, and on which terms."""

    __tablename__ = "partners"
    __record__ = RecordType(
        label=T("加盟商", "Partners"),
        one=T("加盟商", "Partner"),
        rights="partners",
        order="code",
        start=T("登记第一家加盟商。", "Register the first partner."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    kind: Mapped[PartnerKind] = choice(
        "类别", "Kind", PartnerKind, LIST | FILTER, default=PartnerKind.FRANCHISEE
    )
    stores: Mapped[list[UUID] | None] = references("门店", "Stores", "stores", LIST | FILTER)
    contact: Mapped[str | None] = text("联系人", "Contact", LIST | SEARCH, max=80)
    phone: Mapped[str | None] = phone("电话", "Phone", LIST | SEARCH | PERSONAL)
    since: Mapped[date | None] = day("加盟日期", "Since", LIST | FILTER)
    until: Mapped[date | None] = day("到期日期", "Until", FILTER)
    contract_id: Mapped[UUID | None] = reference("合同", "Contract", "contracts")
    royalty_percent: Mapped[float | None] = number(
        "提成比例", "Royalty", COST, unit="%", le=100, digits=2
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.since and self.until and self.until < self.since:
            yield "until", T("到期早于加盟。", "It ends before it begins.")
