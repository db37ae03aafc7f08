"""`preferences`: what one person chose about the pages: columns, density, tiles, tours seen."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.tables import Base, ChainScoped


class Preference(ChainScoped, Base):
    """One choice; `value` is a number, a text or a list of texts."""

    __tablename__ = "preferences"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
