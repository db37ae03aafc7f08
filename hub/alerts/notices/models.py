"""Tables of notices: channels of a chain, how each person wants to be told, what was sent to whom.

`notices` is the outbox: one row an alert, step and person, so that nobody is told twice of the same
thing. A message carries the rows of one person that were due together.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.alerts.models import Alert
from hub.kit.db import Base, ChainScoped, StoreScoped
from hub.kit.ids import uuid7

_WAITS = text("state IN ('queued', 'sending')")


class ChannelKind(StrEnum):
    """`APPRISE` is any other service by its URL."""

    MAIL = "mail"
    SMS = "sms"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    WEBHOOK = "webhook"
    NTFY = "ntfy"
    APPRISE = "apprise"


class NoticeState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    NEEDLESS = "needless"  # acknowledged, over or explained before it was sent
    UNREACHABLE = "unreachable"  # this person gave no way to be told
    FAILED = "failed"  # given up after a day


class NoticeChannel(ChainScoped, Base):
    """A way out of the hub; its URL holds secrets and is sealed. `{to}` in it is the address."""

    __tablename__ = "notice_channels"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))
    url: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(String(253))
    is_personal: Mapped[bool]
    is_active: Mapped[bool]
    position: Mapped[int]


class NoticeSettings(ChainScoped, Base):
    """How one person wants to be told; `ways` are `{"channel", "to"}`, the first is tried first.

    `quiet_from`, `quiet_to` and `digest_at` are minutes of the day of the person's zone.
    """

    __tablename__ = "notice_settings"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    ways: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    from_severity: Mapped[int] = mapped_column(SmallInteger)
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_to: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_severity: Mapped[int] = mapped_column(SmallInteger)
    digest_at: Mapped[int] = mapped_column(SmallInteger)
    zone: Mapped[str] = mapped_column(String(40))


class Notice(StoreScoped, Base):
    """One person is to hear of one step of one alert."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("alert_id", "step", "user_id"),
        Index(None, "due_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index(None, "chain_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey(Alert.id))
    step: Mapped[int] = mapped_column(SmallInteger)  # severity * STEPS + number of the step
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    severity: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    way: Mapped[int] = mapped_column(SmallInteger, default=0)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("notice_messages.id"), index=True)
    sent_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(String(300), default="")


class NoticeMessage(ChainScoped, Base):
    """What went out: the proof of delivery, or why not. Its link acknowledges what it tells."""

    __tablename__ = "notice_messages"
    __table_args__ = (Index(None, "chain_id", "started_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("notice_channels.id"))
    title: Mapped[str] = mapped_column(String(200))
    notices: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    is_delivered: Mapped[bool]
    trouble: Mapped[str] = mapped_column(String(300))


STEPS = 16
