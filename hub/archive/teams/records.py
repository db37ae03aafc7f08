"""Teams: people who look after something together."""

from uuid import UUID

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
    long_text,
    references,
    text,
)
from hub.kit.records.search import Searchable


class Team(Searchable, Record):
    """People who look after something together, and the stores they do it for."""

    __tablename__ = "teams"
    __record__ = RecordType(
        label=T("班组", "Teams"),
        one=T("班组", "Team"),
        rights="teams",
        order="name",
        start=T("建第一个班组，预警才有人接。", "Make a team, so that alerts find somebody."),
    )

    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | KEY | TITLE, max=80)
    members: Mapped[list[UUID] | None] = references("成员", "Members", "users", LIST)
    stores: Mapped[list[UUID] | None] = references("负责门店", "Stores", "stores", FILTER)
    notes: Mapped[str | None] = long_text("备注", "Notes")
