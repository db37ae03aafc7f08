"""Tables of alerts and of everything that happened to them.

The partial unique index is the promise: two triggers in one millisecond make one open alert.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.detection.findings import Rule, Severity
from hub.kit.db import Base, StoreScoped
from hub.kit.ids import uuid7

_IS_OPEN = text("closed_at IS NULL")
_IS_DUE = text("next_at IS NOT NULL")


class AlertStatus(StrEnum):
    """Life of an alert in the words of ISA-18.2; the last two are closed."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    SHELVED = "shelved"
    CLEARED = "cleared"
    RESOLVED = "resolved"


class AlertEventKind(StrEnum):
    """What may happen to an alert."""

    RAISED = "raised"
    STEPPED = "stepped"
    ALSO = "also"  # something else that the same cause explains
    RETURNED = "returned"  # back so soon that it is the same alert
    GROUPED = "grouped"  # another alert explains it
    RELEASED = "released"  # what explained it is over, and it is still there
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    UNACKNOWLEDGED = "unacknowledged"
    UNDONE = "undone"
    COMMENTED = "commented"
    NOTIFIED = "notified"  # people were told; the detail says who, how and at which step
    ORDERED = "ordered"  # it has a work order
    CLEARED = "cleared"
    RESOLVED = "resolved"


class Alert(StoreScoped, Base):
    """One thing that is wrong, or was. `began_at` is when it began, by the readings.

    Its timers are columns, so that a restart forgets none: `shelved_until`, `clears_at` (the end of
    one that flaps), `step_at` (when people of step `step` are told). `next_at` is the earliest.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_open",
            "store_id",
            "source",
            "rule",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        UniqueConstraint("store_id", "source", "rule", "began_at"),
        Index(None, "chain_id", "raised_at", "id"),
        Index(None, "next_at", sqlite_where=_IS_DUE, postgresql_where=_IS_DUE),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    source: Mapped[str] = mapped_column(String(260))
    rule: Mapped[str] = mapped_column(String(32))
    severity: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(String(16))
    device: Mapped[str | None] = mapped_column(String(128))
    metric: Mapped[str | None] = mapped_column(String(128))
    began_at: Mapped[datetime]
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    assigned_to: Mapped[UUID | None]
    shelved_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    events: Mapped[int]  # the number of the newest one
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("alerts.id"), index=True)
    since_at: Mapped[datetime]  # when its present spell began; `began_at` unless it came back
    returns: Mapped[int] = mapped_column(default=0)
    clears_at: Mapped[datetime | None]
    step: Mapped[int] = mapped_column(SmallInteger, default=0)
    step_at: Mapped[datetime | None]
    told_severity: Mapped[int] = mapped_column(SmallInteger, default=0)  # the worst people know of
    next_at: Mapped[datetime | None]

    def keep_time(self) -> None:
        """After any change of a timer."""
        self.next_at = earliest(self.shelved_until, self.clears_at, self.step_at)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def severity_level(self) -> Severity:
        return Severity(self.severity)

    @property
    def rule_name(self) -> Rule:
        return Rule(self.rule)


class AlertEvent(StoreScoped, Base):
    """One line of an alert's history; `user_name` is empty when the hub itself did it."""

    __tablename__ = "alert_events"
    __table_args__ = (UniqueConstraint("alert_id", "seq"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("alerts.id"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    user_id: Mapped[UUID | None]
    user_name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(String(2000))
    severity: Mapped[int] = mapped_column(SmallInteger)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class AlertVote(StoreScoped, Base):
    """What one person thought of an alert; one vote a person."""

    __tablename__ = "alert_votes"
    __table_args__ = (UniqueConstraint("alert_id", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("alerts.id"))
    user_id: Mapped[UUID]
    is_useful: Mapped[bool]
    at: Mapped[datetime]


def earliest(*instants: datetime | None) -> datetime | None:
    """The first of several instants, some of which may not be set."""
    return min((at for at in instants if at is not None), default=None)
