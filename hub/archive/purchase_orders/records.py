"""Purchase orders: what a store asks a supplier for. Postings come with the ledger."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.archive.purchase_orders import service
from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import Computed, RecordAction, RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    READONLY,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    decimal,
    long_text,
    money,
    reference,
    text,
)
from hub.kit.records.lines import Line, lines


class OrderStatus(Choice):
    DRAFT = "draft", "草稿", "Draft"
    SENT = "sent", "已发出", "Sent"
    RECEIVED = "received", "已收货", "Received"
    CANCELLED = "cancelled", "已取消", "Cancelled"


_DRAFT, _SENT = OrderStatus.DRAFT, OrderStatus.SENT


class PurchaseOrderLine(Line):
    """One product of an order; the quantity counts its unit of stock."""

    __tablename__ = "purchase_order_lines"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_orders.id"), index=True)
    product_id: Mapped[UUID] = reference("商品", "Product", "products")
    quantity_milli: Mapped[int] = decimal("数量", "Quantity", ge=1)
    price_minor: Mapped[int] = money("单价", "Price", currency="currency")


class PurchaseOrder(StoreScoped, Record):
    """An order; once sent it stays as it is."""

    __tablename__ = "purchase_orders"
    __record__ = RecordType(
        label=T("采购单", "Purchase orders"),
        one=T("采购单", "Purchase order"),
        rights="purchase_orders",
        order="-number",
        start=T("开第一张采购单。", "Write the first purchase order."),
        computed=(Computed("total_minor", T("合计", "Total"), currency="currency"),),
        actions=(
            RecordAction["PurchaseOrder"](
                "send", T("发出", "Send"), frozenset({_DRAFT}), _SENT, service.send
            ),
            RecordAction["PurchaseOrder"](
                "receive",
                T("收货", "Receive"),
                frozenset({_SENT}),
                OrderStatus.RECEIVED,
                service.receive,
            ),
            RecordAction["PurchaseOrder"](
                "cancel",
                T("取消订单", "Cancel the order"),
                frozenset({_DRAFT, _SENT}),
                OrderStatus.CANCELLED,
                is_final=True,
            ),
        ),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    number: Mapped[str] = text("单号", "Number", LIST | SEARCH | KEY | TITLE, max=30)
    supplier_id: Mapped[UUID] = reference("供应商", "Supplier", "suppliers", LIST | FILTER)
    status: Mapped[OrderStatus] = choice(
        "状态", "Status", OrderStatus, LIST | FILTER | READONLY, default=_DRAFT
    )
    expected_on: Mapped[date | None] = day("期望到货", "Expected on", LIST | FILTER)
    sent_on: Mapped[date | None] = day("发出日期", "Sent on", READONLY)
    received_on: Mapped[date | None] = day("收货日期", "Received on", READONLY)
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)
    items: Mapped[list[PurchaseOrderLine]] = lines("明细", "Items", PurchaseOrderLine)

    @property
    def total_minor(self) -> int:
        """Each line rounded to whole minor units, as it will be invoiced."""
        return sum((one.quantity_milli * one.price_minor + 500) // 1000 for one in self.items)

    def locked(self) -> T | None:
        if self.status is _DRAFT:
            return None
        return T("已经发出或取消，内容不再改变。", "Sent or cancelled, it stays as it is.")
