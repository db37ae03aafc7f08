"""Tables of webhooks: what is to be told to whom, what became of it, and how far the log is read.

A row of `webhook_deliveries` bears the bytes that are sent, so a replay sends the same again.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import T
from hub.kit.db import Base, ChainScoped
from hub.kit.ids import uuid7
from hub.security.retention import Keeping

_WAITS = text("state = 'waiting'")


class DeliveryState(StrEnum):
    """`WAITING` for its first or its next try."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"

    @property
    def label(self) -> T:
        return _LABELS[self]


_LABELS = {
    DeliveryState.WAITING: T("待发送", "Waiting"),
    DeliveryState.DELIVERED: T("已送达", "Delivered"),
    DeliveryState.FAILED: T("失败", "Failed"),
}


class WebhookDelivery(ChainScoped, Base):
    """One event for one webhook; `event_id` is the same in every replay."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id", "replay"),
        Index(None, "due_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index(None, "webhook_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id"))
    event_id: Mapped[str] = mapped_column(String(40))
    replay: Mapped[int] = mapped_column(SmallInteger, default=0)
    event: Mapped[str] = mapped_column(String(64))
    store_id: Mapped[UUID | None]
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    took_ms: Mapped[int | None] = mapped_column(Integer)
    trouble: Mapped[str] = mapped_column(String(300), default="")


DELIVERIES = Keeping(
    WebhookDelivery,
    "created_at",
    30,
    T("推送记录", "Log of webhooks"),
    T("查明对方收到了什么，并能重发", "To see what a receiver got, and to send it again"),
)


class WebhookPosition(Base):
    """How far a log of the hub was read for all webhooks."""

    __tablename__ = "webhook_positions"

    log: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[str] = mapped_column(String(40))
