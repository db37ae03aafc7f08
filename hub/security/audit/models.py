"""Tables of the audit beside `changes` itself: its seals, and what was found to be abnormal."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.db import Base, ChainScoped
from hub.kit.ids import uuid7


class AuditSeal(Base):
    """One link for each row of `changes`: a keyed hash over the link before and the row."""

    __tablename__ = "audit_seals"

    number: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger(), unique=True)
    seal: Mapped[bytes]
    sealed_at: Mapped[datetime] = mapped_column(default=utc_now)


class Redaction(Base):
    """A row of `changes` whose words were taken out: what it hashed to before, and its seal now.

    While there is no seal yet, the row may be changed, which is inside of one transaction.
    """

    __tablename__ = "audit_redactions"

    seq: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    digest: Mapped[bytes]
    seal: Mapped[bytes | None]
    at: Mapped[datetime] = mapped_column(default=utc_now)


class SecurityFinding(ChainScoped, Base):
    """Something abnormal that a person did; told to administrators until one of them closes it."""

    __tablename__ = "security_findings"
    __table_args__ = (UniqueConstraint("chain_id", "rule", "subject_id", "began_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    rule: Mapped[str]
    subject_id: Mapped[UUID | None]
    subject_name: Mapped[str]
    began_at: Mapped[datetime]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    closed_note: Mapped[str] = mapped_column(default="")


class WatchPosition(Base):
    """How far the watch has read `changes`."""

    __tablename__ = "audit_watch"

    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger())
