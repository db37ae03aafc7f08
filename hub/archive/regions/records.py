"""Regions: how a chain groups its stores."""

from sqlalchemy.orm import Mapped

from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import KEY, LIST, SEARCH, TITLE, long_text, text
from hub.kit.records.search import Searchable


class Region(Searchable, Record):
    """A group of stores, such as a city."""

    __tablename__ = "regions"
    __record__ = RecordType(
        label=T("区域", "Regions"),
        one=T("区域", "Region"),
        rights="regions",
        order="code",
        start=T("先添加一个区域，再把门店归入。", "Add a region, then put stores into it."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    notes: Mapped[str | None] = long_text("备注", "Notes")
