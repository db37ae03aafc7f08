"""The tables of the ledger: movements, which are only ever added to, and what they add up to.

Quantities are thousandths of the stock unit, values minor units of the store's currency. Goods and
spare parts share the ledger: an item is the id of a product variant or of a spare part.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import T
from hub.kit.append_only import keep_append_only
from hub.kit.records.kinds import Choice
from hub.kit.tables import Base, ChainScoped, StoreScoped


class MovementKind(Choice):
    """Why stock moved. The sign of the quantity tells the way."""

    OPENING = "opening", "期初", "Opening balance"
    RECEIPT = "receipt", "收货", "Receipt"
    SALE = "sale", "销售", "Sale"
    RETURN = "return", "退货入库", "Return"
    TO_SUPPLIER = "to_supplier", "退供应商", "Return to supplier"
    COUNT = "count", "盘点", "Count"
    COUNTED_BEFORE = "counted_before", "盘点已计入", "In the count already"
    SHIPPED = "shipped", "调出", "Shipped"
    RECEIVED = "received", "调入", "Received"
    LOSS = "loss", "报损", "Loss"
    USE = "use", "领用", "Use"
    ADJUST = "adjust", "调整", "Adjustment"


class StockMovement(StoreScoped, Base):
    """One line of one document. `occurred_at` is when it happened in the store, `seq` the order
    in which the ledger learned of it: quantities at a date go by the first, values by the second.
    """

    __tablename__ = "stock_movements"
    __table_args__ = (
        UniqueConstraint("document_id", "line", "kind"),
        CheckConstraint("quantity_milli <> 0 OR value_minor <> 0", name="moves"),
        Index(None, "store_id", "item_id", "occurred_at"),
        Index(None, "chain_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, sort_order=-10
    )
    item_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(16))
    document_type: Mapped[str] = mapped_column(String(32))
    document_id: Mapped[UUID]
    line: Mapped[int]
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    value_minor: Mapped[int] = mapped_column(BigInteger)
    lot: Mapped[str] = mapped_column(String(40), default="")
    occurred_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    user_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(String(200), default="")


class StockBalance(StoreScoped, Base):
    """What a store has of an item: always the sum of its movements. Available is on hand less
    reserved. `counted_at` is when it was last counted."""

    __tablename__ = "stock_balances"
    __table_args__ = (
        CheckConstraint("reserved_milli >= 0", name="reserved"),
        CheckConstraint("in_transit_milli >= 0", name="in_transit"),
        Index(None, "item_id"),
    )

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    on_hand_milli: Mapped[int] = mapped_column(BigInteger, default=0)
    reserved_milli: Mapped[int] = mapped_column(BigInteger, default=0)
    in_transit_milli: Mapped[int] = mapped_column(BigInteger, default=0)
    value_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    counted_at: Mapped[datetime | None]


class TillCode(ChainScoped, Base):
    """What a till calls an item, where it is neither its barcode nor its code: told by a person."""

    __tablename__ = "till_codes"

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(200), primary_key=True)
    item_id: Mapped[UUID]
    bound_by: Mapped[UUID | None]
    bound_at: Mapped[datetime]


MOVEMENTS: Table = StockMovement.__table__  # type: ignore[assignment]  # declarative says FromClause
BALANCES: Table = StockBalance.__table__  # type: ignore[assignment]  # declarative says FromClause
TILL_CODES: Table = TillCode.__table__  # type: ignore[assignment]  # declarative says FromClause
keep_append_only(MOVEMENTS)

NOT_ENOUGH = T(
    "库存不足：可用 {available}，需要 {wanted}。请先补货或减少数量。",
    "Not enough in stock: {available} available, {wanted} wanted. Receive more or take less.",
)
