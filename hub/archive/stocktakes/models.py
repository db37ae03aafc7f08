"""Tables of counts: the lines with what the books said, every entry, and where items lie.

The snapshot of a line is never changed: it is the evidence of what was expected (INV-13).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.append_only import keep_append_only
from hub.kit.records.kinds import Choice
from hub.kit.tables import Base, StoreScoped


class Keep(Choice):
    """What holds of an item that moved after it was counted."""

    COUNT = "count", "以盘点数为准", "Keep the count"
    DIFFERENCE = "difference", "以差异为准", "Keep the difference"


class StocktakeLine(StoreScoped, Base):
    """One item of a count, in thousandths of its unit.

    `counted_milli` is the sum of the entries since `counted_from`; None: nobody counted it.
    `first_milli` is what was counted before a recount. What was posted stands in `posted_…`.
    """

    __tablename__ = "stocktake_lines"
    __table_args__ = (
        UniqueConstraint("stocktake_id", "line"),
        Index(None, "store_id", "item_id"),
    )

    stocktake_id: Mapped[UUID] = mapped_column(ForeignKey("stocktakes.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int]
    snapshot_milli: Mapped[int] = mapped_column(BigInteger)
    snapshot_value_minor: Mapped[int] = mapped_column(BigInteger)
    unit_cost_minor: Mapped[int] = mapped_column(BigInteger)
    is_extra: Mapped[bool] = mapped_column(default=False)
    first_milli: Mapped[int | None] = mapped_column(BigInteger)
    counted_milli: Mapped[int | None] = mapped_column(BigInteger)
    counted_from: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
    to_recount: Mapped[bool] = mapped_column(default=False)
    keep: Mapped[str] = mapped_column(String(12), default="")
    posted_milli: Mapped[int | None] = mapped_column(BigInteger)
    posted_value_minor: Mapped[int | None] = mapped_column(BigInteger)


class StocktakeEntry(StoreScoped, Base):
    """One scan or typed number, as it came: who, when, how much. `id` is given by the phone, so
    what is sent twice counts once."""

    __tablename__ = "stocktake_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    stocktake_id: Mapped[UUID] = mapped_column(ForeignKey("stocktakes.id"), index=True)
    item_id: Mapped[UUID]
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    user_id: Mapped[UUID | None]


class ItemPlace(StoreScoped, Base):
    """An item lies in this area: learned when somebody counted it there."""

    __tablename__ = "item_places"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(primary_key=True)


LINES: Table = StocktakeLine.__table__  # type: ignore[assignment]  # declarative says FromClause
ENTRIES: Table = StocktakeEntry.__table__  # type: ignore[assignment]
PLACES: Table = ItemPlace.__table__  # type: ignore[assignment]
keep_append_only(ENTRIES)
