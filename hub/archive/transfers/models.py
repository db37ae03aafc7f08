"""Goods on their way from one store to another (INV-14, INV-21).

A transfer belongs to two stores, so it is a row of the chain: whoever reads it is shown those of
the own stores alone.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.ids import uuid7
from hub.kit.records.kinds import Choice
from hub.kit.tables import Base, ChainScoped


class TransferStatus(Choice):
    REQUESTED = "requested", "待同意", "Asked for"
    APPROVED = "approved", "待发货", "To be shipped"
    SHIPPED = "shipped", "在途", "On its way"
    RECEIVED = "received", "已收货", "Received"
    CANCELLED = "cancelled", "已取消", "Cancelled"


class Transfer(ChainScoped, Base):
    """Who asked, who sent, who received, and why less arrived than was sent."""

    __tablename__ = "stock_transfers"
    __table_args__ = (
        CheckConstraint("from_store_id <> to_store_id", name="two_stores"),
        Index(None, "from_store_id", "id"),
        Index(None, "to_store_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    from_store_id: Mapped[UUID]
    to_store_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(String(30))
    status: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(200), default="")
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    shipped_by: Mapped[UUID | None]
    shipped_at: Mapped[datetime | None]
    received_by: Mapped[UUID | None]
    received_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200), default="")


class TransferLine(ChainScoped, Base):
    """One item, in thousandths: received, damaged and lost add up to what was shipped."""

    __tablename__ = "stock_transfer_lines"

    transfer_id: Mapped[UUID] = mapped_column(ForeignKey("stock_transfers.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[UUID]
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    value_minor: Mapped[int | None] = mapped_column(BigInteger)
    received_milli: Mapped[int | None] = mapped_column(BigInteger)
    damaged_milli: Mapped[int | None] = mapped_column(BigInteger)
    lost_milli: Mapped[int | None] = mapped_column(BigInteger)


TRANSFERS: Table = Transfer.__table__  # type: ignore[assignment]  # declarative says FromClause
LINES: Table = TransferLine.__table__  # type: ignore[assignment]
