"""SQL tables of identity: codes, certificates, and agents that ask for a new one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.db import Base, StoreScoped
from hub.kit.ids import uuid7


class EnrolmentCodeRow(StoreScoped, Base):
    """A code of eight characters: three that find this row, five that only the hash knows."""

    __tablename__ = "enrolment_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    locator: Mapped[str] = mapped_column(String(3), index=True)
    code_hash: Mapped[str]
    made_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class CertificateRow(StoreScoped, Base):
    """A certificate of an agent; `serial` in hex."""

    __tablename__ = "agent_certificates"

    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class RenewalRow(StoreScoped, Base):
    """An agent whose certificate had ended when it asked for a new one: a person decides."""

    __tablename__ = "agent_renewals"

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    asked_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
