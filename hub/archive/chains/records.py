"""The chain itself: one record, its own chain."""

from uuid import UUID

from sqlalchemy.orm import Mapped, synonym

from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import ADVANCED, LIST, SEARCH, TITLE, text


class Chain(Record):
    """A company with stores. Opened by `hub.archive.chains.service.open_chain` alone."""

    __tablename__ = "chains"
    __record__ = RecordType(
        label=T("连锁", "Chains"), one=T("连锁", "Chain"), rights="chains", order="name"
    )

    chain_id: Mapped[UUID] = synonym("id")
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    address: Mapped[str | None] = text("总部地址", "Head office", LIST | ADVANCED, max=200)
    phone: Mapped[str | None] = text("电话", "Phone", LIST, max=40)
