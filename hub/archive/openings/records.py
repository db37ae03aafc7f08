"""What was in stock when the books moved here: one line an item, posted at the cut-over (INT-14).

Lines come from a file or a form as drafts, are looked through and corrected, and are posted to the
ledger as of the beginning of their cut-over day. What was posted can be taken back.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.archive.openings import service
from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import RecordAction, RecordType
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
    money,
    reference,
    text,
)


class OpeningStatus(Choice):
    DRAFT = "draft", "待过账", "To be posted"
    POSTED = "posted", "已过账", "Posted"


class OpeningBalance(StoreScoped, Record):
    """One item of one store at the cut-over; once posted it stays as it is."""

    __tablename__ = "opening_balances"
    __record__ = RecordType(
        label=T("期初库存", "Opening balances"),
        one=T("期初库存", "Opening balance"),
        rights="opening_balances",
        order="code",
        start=T(
            "导入旧系统在切换日的库存：门店、编码、数量、成本。看过再选中，整批过账。",
            "Import the stock of the old system at the cut-over: store, code, quantity, cost. "
            "Look it through, then choose all and post.",
        ),
        foresee=service.foresee,
        actions=(
            RecordAction["OpeningBalance"](
                "post",
                T("过账", "Post"),
                frozenset({OpeningStatus.DRAFT}),
                OpeningStatus.POSTED,
                service.post,
            ),
            RecordAction["OpeningBalance"](
                "take_back",
                T("冲回", "Take back"),
                frozenset({OpeningStatus.POSTED}),
                OpeningStatus.DRAFT,
                service.take_back,
                is_final=True,
            ),
        ),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    code: Mapped[str] = text(
        "商品编码或条码", "Item code or barcode", LIST | SEARCH | KEY | TITLE, max=80
    )
    cut_over: Mapped[date] = day("切换日", "Cut-over day", LIST | FILTER)
    quantity_milli: Mapped[int] = decimal("数量", "Quantity", LIST, ge=1)
    unit_cost_minor: Mapped[int | None] = money(
        "单位成本", "Cost of one", LIST, currency="currency"
    )
    status: Mapped[OpeningStatus] = choice(
        "状态", "Status", OpeningStatus, LIST | FILTER | READONLY, default=OpeningStatus.DRAFT
    )
    note: Mapped[str | None] = text("备注", "Note", ADVANCED, max=200)
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )

    def locked(self) -> T | None:
        if self.status is OpeningStatus.DRAFT:
            return None
        return T("已经过账，要改请先冲回。", "It is posted: take it back to change it.")
