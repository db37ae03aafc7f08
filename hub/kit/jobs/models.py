"""`jobs`: work in the background, one row each, that goes on after a restart."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.tables import Base, ChainScoped


class JobState(StrEnum):
    """WAITING is not begun or was interrupted; ASKING waits for a decision of its asker."""

    WAITING = "waiting"
    RUNNING = "running"
    ASKING = "asking"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (JobState.WAITING, JobState.RUNNING, JobState.ASKING, JobState.PAUSED)
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Job(ChainScoped, Base):
    """One piece of work. Its kind decides what `params`, `memo` and `result` hold.

    `position` of `total` is how far it got (rows); `memo` is what the next step must know and moves
    in the transaction of what the step wrote. `trouble` is the sentence of a failure, zh and en.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state"), Index(None, "asker_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(40), default="")  # such as a record type
    state: Mapped[str] = mapped_column(String(20), default=JobState.WAITING)
    asker_id: Mapped[UUID | None]
    asker_name: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(80), default="")
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    memo: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    position: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[list[str] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]  # of the process that works on it
    worker: Mapped[str | None] = mapped_column(String(40))

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED
