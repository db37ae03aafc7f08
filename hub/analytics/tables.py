"""Tables of trade: tickets as they came, what was not understood, and the roll-ups."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from hub.kit.db import Base, StoreScoped
from hub.kit.ids import uuid7

_COUNTED = text("NOT is_repeat")


class _Arrived(StoreScoped):
    """Mixin of documents: (agent, epoch, batch, index) is where in its agent's journal it came."""

    agent_id: Mapped[UUID]
    epoch: Mapped[int] = mapped_column(BigInteger)  # 64 bits, taken as signed
    batch_id: Mapped[int] = mapped_column(BigInteger)
    item: Mapped[int]
    received_at: Mapped[datetime]

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[object, ...]:
        return (UniqueConstraint("agent_id", "epoch", "batch_id", "item"),)


class TicketRow(_Arrived, Base):
    """A till ticket. A repeat says the same as one before: kept, never counted.

    `is_conflict` marks a ticket whose number was used before on that day with other content, as
    after a reset of the till: it counts, and somebody should look at it.
    """

    __tablename__ = "tickets"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[object, ...]:
        key = ("store_id", "till", "business_day", "number")
        return (
            UniqueConstraint("agent_id", "epoch", "batch_id", "item"),
            Index(
                "uq_tickets_counted",
                *key,
                "content_hash",
                unique=True,
                sqlite_where=_COUNTED,
                postgresql_where=_COUNTED,
            ),
            Index(None, "store_id", "at"),
        )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    till: Mapped[str] = mapped_column(String(64))
    business_day: Mapped[date]
    number: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime]
    currency: Mapped[str] = mapped_column(String(3))
    total_cents: Mapped[int] = mapped_column(BigInteger)
    discount_cents: Mapped[int] = mapped_column(BigInteger)
    change_cents: Mapped[int] = mapped_column(BigInteger)
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    member: Mapped[str | None] = mapped_column(String(64))
    cashier: Mapped[str | None] = mapped_column(String(64))
    original_day: Mapped[date | None]
    original_number: Mapped[str | None] = mapped_column(String(64))
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    is_repeat: Mapped[bool]
    is_conflict: Mapped[bool]


class TicketLineRow(StoreScoped, Base):
    """One article on a ticket; quantities are thousandths of the unit."""

    __tablename__ = "ticket_lines"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    code: Mapped[str | None] = mapped_column(String(64))
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    price_cents: Mapped[int] = mapped_column(BigInteger)
    discount_cents: Mapped[int] = mapped_column(BigInteger)
    amount_cents: Mapped[int] = mapped_column(BigInteger)


class TicketTenderRow(StoreScoped, Base):
    """One way of paying, as handed over."""

    __tablename__ = "ticket_tenders"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    tender: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    amount_cents: Mapped[int] = mapped_column(BigInteger)


class QuarantinedTicketRow(_Arrived, Base):
    """What came from a till and was not understood, with its bytes as they came (EDG-06)."""

    __tablename__ = "quarantined_tickets"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    till: Mapped[str] = mapped_column(String(128))
    format: Mapped[str] = mapped_column(String(64))
    error: Mapped[str] = mapped_column(String(1000))
    raw: Mapped[bytes] = mapped_column(LargeBinary)


class FootfallSlot(StoreScoped, Base):
    """A quarter of an hour of one door; `coverage` 0…1 is how much of it could be counted."""

    __tablename__ = "footfall_slots"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(String(128), primary_key=True)
    start_at: Mapped[datetime] = mapped_column(primary_key=True)
    in_count: Mapped[int]
    out_count: Mapped[int]
    coverage: Mapped[float]


class SalesHour(StoreScoped, Base):
    """Sales of one hour; the hours of a business day add up to its tickets to the cent.

    `tickets` are sales less voids; returns and voids carry negative amounts.
    """

    __tablename__ = "sales_hour"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    business_day: Mapped[date] = mapped_column(primary_key=True)
    start_at: Mapped[datetime] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    revenue_cents: Mapped[int] = mapped_column(BigInteger)
    tickets: Mapped[int]
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    discount_cents: Mapped[int] = mapped_column(BigInteger)


class SalesDayItem(StoreScoped, Base):
    """What one article sold on one business day, by what the till calls it: its code, or its name
    where it gives none. The articles of a day add up to the lines of its tickets to the cent.
    """

    __tablename__ = "sales_day_item"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    business_day: Mapped[date] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(200), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    revenue_cents: Mapped[int] = mapped_column(BigInteger)


class UnknownCode(StoreScoped, Base):
    """What a till sold and the archive does not know: it moves no stock until somebody binds it."""

    __tablename__ = "unknown_codes"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    lines: Mapped[int]
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
