"""Tables of approvals: the rules, what waits, who said what, who stands in for whom."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.db import Base, ChainScoped
from hub.kit.ids import uuid7


class ApprovalState(StrEnum):
    """Where a request stands; all but the first are over."""

    WAITING = "waiting"
    APPROVED = "approved"  # a permission that is not used yet, such as for an export
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    FAILED = "failed"  # approved, but by then it could not be done any more


class ApprovalRule(ChainScoped, Base):
    """`record_type` and `action` need the steps, from `above` on where `field` is a number.

    `steps` are codes of roles in their order; each step is another person.
    """

    __tablename__ = "approval_rules"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    record_type: Mapped[str]
    action: Mapped[str]
    field: Mapped[str] = mapped_column(default="")
    above: Mapped[int] = mapped_column(BigInteger(), default=0)
    steps: Mapped[list[str]] = mapped_column(JSON)
    deadline_h: Mapped[int] = mapped_column(default=72)
    ended_at: Mapped[datetime | None]


class ApprovalRequest(ChainScoped, Base):
    """A change held back; the record itself is untouched. `change` is what will be done.

    Of its secrets the names are in `secret_fields`; what they will be is sealed in `secrets`, under
    the person's key where they are about one, and taken out when the request is over.
    """

    __tablename__ = "approval_requests"
    __table_args__ = (Index(None, "chain_id", "state"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    store_id: Mapped[UUID | None]
    record_type: Mapped[str]
    record_id: Mapped[UUID | None]
    action: Mapped[str]
    record_version: Mapped[int | None]
    change: Mapped[dict[str, Any]] = mapped_column(JSON)
    secret_fields: Mapped[list[str] | None] = mapped_column(JSON)
    secrets: Mapped[str | None] = mapped_column(Text())
    steps: Mapped[list[str]] = mapped_column(JSON)
    asker_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    asker_name: Mapped[str]
    state: Mapped[str] = mapped_column(default=ApprovalState.WAITING)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    deadline_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")


class ApprovalVote(ChainScoped, Base):
    """What one person said at one step; nobody votes twice on one request."""

    __tablename__ = "approval_votes"
    __table_args__ = (UniqueConstraint("request_id", "voter_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("approval_requests.id"))
    step: Mapped[int]
    voter_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    voter_name: Mapped[str]
    instead_of: Mapped[str] = mapped_column(default="")
    is_yes: Mapped[bool]
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=utc_now)


class ApprovalDelegate(ChainScoped, Base):
    """Until then `delegate_id` may say yes or no where `user_id` may."""

    __tablename__ = "approval_delegates"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    delegate_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    until: Mapped[datetime]
