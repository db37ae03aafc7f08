"""`files`: what is attached to records, one row a file; the bytes lie beside the database."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.tables import Base, ChainScoped


class StoredFile(ChainScoped, Base):
    """A photo or document of one record; who may see the record may see it.

    `owner_type` is a table, such as `equipment`. Removed ones stay in the books without their
    bytes once nobody else holds the same.
    """

    __tablename__ = "files"
    __table_args__ = (Index(None, "owner_id", "id"), Index(None, "chain_id", "sha256"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    owner_type: Mapped[str] = mapped_column(String(60))
    owner_id: Mapped[UUID]
    store_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(String(120))
    mime: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger())  # bytes as kept
    sha256: Mapped[str] = mapped_column(String(64))  # of the bytes as kept
    key_id: Mapped[int | None]  # of the vault; none: not sealed
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    added_by: Mapped[str] = mapped_column(String(80))
    removed_at: Mapped[datetime | None]

    @property
    def is_image(self) -> bool:
        return self.width_px is not None
