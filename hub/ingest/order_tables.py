"""SQL tables of remote care: orders, what agents say of themselves, roll-outs of software."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.db import Base, ChainScoped, StoreScoped
from hub.kit.ids import uuid7
from protocols.orders import Outcome, Verb


class OrderState(StrEnum):
    """Before and beside the outcomes that an agent tells (`protocols.orders.Outcome`)."""

    WAITING = "waiting"  # the agent has not answered yet
    EXPIRED = "expired"  # it never did


FINAL = frozenset({*(o.value for o in Outcome if o.is_final), OrderState.EXPIRED.value})


class RolloutState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"  # an agent went back: a person decides
    DONE = "done"
    STOPPED = "stopped"


class OrderRow(StoreScoped, Base):
    """One order to one agent; `signed` is what is sent until there is an answer."""

    __tablename__ = "agent_orders"
    __table_args__ = (Index(None, "state", "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id"), index=True)
    verb: Mapped[Verb] = mapped_column(String(16))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    signed: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default=OrderState.WAITING.value)
    told_zh: Mapped[str] = mapped_column(Text, default="")
    told_en: Mapped[str] = mapped_column(Text, default="")
    issued_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    made_by: Mapped[UUID | None]
    made_by_name: Mapped[str] = mapped_column(String(200), default="")
    rollout_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("agent_rollouts.id"), index=True, default=None
    )

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


class AgentDocumentRow(StoreScoped, Base):
    """What an agent said of itself (`protocols.orders.DOCUMENTS`); self-test reports stay."""

    __tablename__ = "agent_documents"
    __table_args__ = (Index(None, "agent_id", "kind", "at"),)

    id: Mapped[UUID] = mapped_column(
        primary_key=True, sort_order=-10
    )  # of its place in the journal
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id"))
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)


class RolloutRow(ChainScoped, Base):
    """One bundle to all agents of a chain or of one region, in stages of `STAGES` percent."""

    __tablename__ = "agent_rollouts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    version: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id"), default=None)
    stage: Mapped[int] = mapped_column(SmallInteger, default=0)
    stage_since: Mapped[datetime] = mapped_column(default=utc_now)
    state: Mapped[RolloutState] = mapped_column(String(16), default=RolloutState.RUNNING)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by: Mapped[UUID | None]
    made_by_name: Mapped[str] = mapped_column(String(200), default="")
