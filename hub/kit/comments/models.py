"""`comments` on records and `mentions` of people in them: what departments tell each other."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.tables import Base, ChainScoped

TEXT_MAX = 2000


class Comment(ChainScoped, Base):
    """Seen by whoever may read the record; never changed, withdrawn by its author."""

    __tablename__ = "comments"
    __table_args__ = (Index(None, "record_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    record_type: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[UUID]
    author_id: Mapped[UUID]
    author_name: Mapped[str]
    text: Mapped[str] = mapped_column(Text())
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Mention(ChainScoped, Base):
    """Somebody named in a comment; `read_at` is the receipt."""

    __tablename__ = "mentions"
    __table_args__ = (Index(None, "user_id", "read_at"),)

    comment_id: Mapped[UUID] = mapped_column(ForeignKey("comments.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    read_at: Mapped[datetime | None]
