"""Documents of a store: licences, permits, manuals, and until when they hold."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.archive.contracts import lead_times
from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import Computed, RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    LIST,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    long_text,
    reference,
    text,
)
from hub.kit.records.search import Searchable


class DocumentKind(Choice):
    LICENCE = "licence", "营业执照", "Business licence"
    FOOD = "food", "食品经营许可", "Food permit"
    FIRE = "fire", "消防检查", "Fire inspection"
    HYGIENE = "hygiene", "卫生许可", "Hygiene permit"
    MANUAL = "manual", "设备手册", "Manual"
    INSPECTION = "inspection", "检定证书", "Calibration"
    INSURANCE = "insurance", "保险单", "Insurance"
    DRAWING = "drawing", "图纸", "Drawing"
    OTHER = "other", "其他", "Other"


class Document(Searchable, StoreScoped, Record):
    """One document; it is reminded of before it ends."""

    __tablename__ = "documents"
    __record__ = RecordType(
        label=T("证照与文件", "Documents"),
        one=T("文件", "Document"),
        rights="documents",
        order="valid_until",
        start=T("登记营业执照，到期前会提醒。", "Add the licence; you are reminded of its end."),
        computed=(Computed("days_left", T("剩余天数", "Days left"), T("天", "days")),),
    )

    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    title: Mapped[str] = text("标题", "Title", LIST | SEARCH | TITLE, max=120)
    kind: Mapped[DocumentKind] = choice(
        "类别", "Kind", DocumentKind, LIST | FILTER, default=DocumentKind.OTHER
    )
    number: Mapped[str | None] = text("编号", "Number", LIST | SEARCH, max=80)
    issued_on: Mapped[date | None] = day("签发日期", "Issued on")
    valid_until: Mapped[date | None] = day("有效期至", "Valid until", LIST | FILTER)
    equipment_id: Mapped[UUID | None] = reference("设备", "Equipment", "equipment", FILTER)
    reminder_days: Mapped[str] = text(
        "提前提醒",
        "Reminders",
        ADVANCED,
        max=60,
        default="60, 30, 7",
        hint=T("到期前几天提醒，用逗号分开。", "Days before the end, with commas."),
        check=lead_times.problem,
    )
    issuer: Mapped[str | None] = text("签发机构", "Issued by", ADVANCED, max=120)
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)

    @property
    def days_left(self) -> int | None:
        return (self.valid_until - utc_now().date()).days if self.valid_until else None

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.issued_on and self.valid_until and self.valid_until < self.issued_on:
            yield "valid_until", T("有效期早于签发日期。", "It ends before it was issued.")
