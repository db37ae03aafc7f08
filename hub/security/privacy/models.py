"""Tables of privacy. Persons are known by their id alone: no name stands in any of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.db import Base, ChainScoped
from hub.kit.ids import uuid7


class ConsentNotice(ChainScoped, Base):
    """What a person is told before agreeing; a new wording is a new version, never a change."""

    __tablename__ = "consent_notices"
    __table_args__ = (UniqueConstraint("chain_id", "purpose", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    purpose: Mapped[str]
    version: Mapped[int]
    text_zh: Mapped[str] = mapped_column(Text())
    text_en: Mapped[str] = mapped_column(Text())
    sha256: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Consent(ChainScoped, Base):
    """One yes of one person to one purpose, by the notice that was read; kept after withdrawal."""

    __tablename__ = "consents"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    subject_id: Mapped[UUID] = mapped_column(index=True)
    purpose: Mapped[str]
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("consent_notices.id"))
    notice_sha256: Mapped[str]
    channel: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=utc_now)
    withdrawn_at: Mapped[datetime | None]


class LiveConsent(ChainScoped, Base):
    """There is a row exactly while a consent holds: rows of health data point at it."""

    __tablename__ = "live_consents"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    consent_id: Mapped[UUID] = mapped_column(ForeignKey("consents.id"))


class ImpactAssessment(ChainScoped, Base):
    """The assessment before sensitive data are kept (PIPL 55, 56); good for a year, kept three."""

    __tablename__ = "impact_assessments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    purpose: Mapped[str]
    necessity: Mapped[str] = mapped_column(Text())
    risks: Mapped[str] = mapped_column(Text())
    measures: Mapped[str] = mapped_column(Text())
    signed_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    signed_name: Mapped[str]
    signed_at: Mapped[datetime] = mapped_column(default=utc_now)
    valid_until: Mapped[datetime]


class AccessReview(ChainScoped, Base):
    """One person's rights looked at in one quarter, and kept or taken."""

    __tablename__ = "access_reviews"
    __table_args__ = (UniqueConstraint("chain_id", "quarter", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    quarter: Mapped[date]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    reviewer_name: Mapped[str]
    is_kept: Mapped[bool]
    at: Mapped[datetime] = mapped_column(default=utc_now)
