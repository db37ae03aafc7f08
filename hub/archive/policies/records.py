"""Policies: rules of the chain that people read and accept."""

from datetime import date

from sqlalchemy.orm import Mapped

from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    day,
    labels,
    long_text,
    text,
    whole,
)
from hub.kit.records.search import Searchable


class Policy(Searchable, Record):
    """One policy; every wording of it stays in the history."""

    __tablename__ = "policies"
    __record__ = RecordType(
        label=T("制度", "Policies"),
        one=T("制度", "Policy"),
        rights="policies",
        order="code",
        start=T("写下第一条制度，如食品安全。", "Write the first, such as food safety."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    title: Mapped[str] = text("标题", "Title", LIST | SEARCH | TITLE, max=120)
    applies_to: Mapped[list[str] | None] = labels("适用对象", "For whom", LIST | FILTER)
    valid_from: Mapped[date | None] = day("生效日期", "Valid from", LIST | FILTER)
    review_months: Mapped[int] = whole(
        "复审周期", "Reviewed every", unit=T("个月", "months"), ge=1, le=120, default=12
    )
    wording: Mapped[str] = long_text("正文", "Text", max=20_000)
