"""Tables of sales made in the hub: open baskets, and what belongs to a ticket beyond its lines."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, SmallInteger, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import T
from hub.kit.append_only import keep_append_only
from hub.kit.db import Base, StoreScoped
from hub.kit.records.kinds import Choice


class BasketStatus(Choice):
    OPEN = "open", "进行中", "Open"
    HELD = "held", "挂单", "On hold"
    PAID = "paid", "已付款", "Paid"
    DROPPED = "dropped", "已取消", "Dropped"


class SaleBasket(StoreScoped, Base):
    """What one person is selling; `lines`, `back` (what comes back of `original_id`) and `events`
    (what was taken out or re-priced, with the reason) are lists of dictionaries."""

    __tablename__ = "sale_baskets"
    __table_args__ = (Index(None, "store_id", "status", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(8), default=BasketStatus.OPEN.value)
    name: Mapped[str] = mapped_column(String(40), default="")
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    back: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    events: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    original_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    coupon: Mapped[str] = mapped_column(String(40), default="")
    ticket_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TicketReturn(StoreScoped, Base):
    """Which line of which ticket a line takes back, and how much of it came back before."""

    __tablename__ = "ticket_returns"

    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    original_id: Mapped[UUID] = mapped_column(index=True)
    original_line: Mapped[int] = mapped_column(SmallInteger)
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    before_milli: Mapped[int] = mapped_column(BigInteger)
    is_damaged: Mapped[bool]


class TicketSaving(StoreScoped, Base):
    """What one promotion took off one line, as it was told; negative on a return."""

    __tablename__ = "ticket_savings"

    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    rule: Mapped[str] = mapped_column(String(40), primary_key=True)
    text_zh: Mapped[str] = mapped_column(String(200))
    text_en: Mapped[str] = mapped_column(String(200))
    amount_cents: Mapped[int] = mapped_column(BigInteger)


class TicketNote(StoreScoped, Base):
    """What was done at a sale that somebody may ask about: a line taken out, another price."""

    __tablename__ = "ticket_notes"

    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(300))
    user_id: Mapped[UUID | None]
    at: Mapped[datetime]


class TicketDetail(StoreScoped, Base):
    """What is learned of a ticket later: whose it is, and which invoice was made out for it."""

    __tablename__ = "ticket_details"
    __table_args__ = (Index(None, "customer_id"),)

    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID | None]
    invoice_number: Mapped[str] = mapped_column(String(40), default="")
    invoice_buyer: Mapped[str] = mapped_column(String(120), default="")
    user_id: Mapped[UUID | None]
    at: Mapped[datetime]


NOTES: dict[str, T] = {
    "removed": T("删除了一行", "Line taken out"),
    "price": T("改了价格", "Price changed"),
    "anyway": T("账上不够仍然卖出", "Sold although the books had too little"),
    "void": T("作废", "Void"),
    "return": T("退货原因", "Reason of the return"),
}
RETURNS: Table = TicketReturn.__table__  # type: ignore[assignment]  # declarative says FromClause
SAVINGS: Table = TicketSaving.__table__  # type: ignore[assignment]
TICKET_NOTES: Table = TicketNote.__table__  # type: ignore[assignment]
DETAILS: Table = TicketDetail.__table__  # type: ignore[assignment]
BASKETS: Table = SaleBasket.__table__  # type: ignore[assignment]
for _table in (RETURNS, SAVINGS, TICKET_NOTES):
    keep_append_only(_table)
