"""`saved_views`: a list as somebody set it up, under a name; own, or shared with the chain."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.tables import Base, ChainScoped

NAME_MAX, QUERY_MAX = 40, 2000


class SavedView(ChainScoped, Base):
    """`query` is the query string of the list: filters, order, columns, what is searched for."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("chain_id", "record_type", "owner_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    record_type: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[UUID]
    owner_name: Mapped[str]
    name: Mapped[str] = mapped_column(String(NAME_MAX))
    query: Mapped[str] = mapped_column(Text())
    is_shared: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
