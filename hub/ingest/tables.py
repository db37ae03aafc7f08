"""SQL tables of ingest: who may speak, what they speak of, and what could not be taken in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.db import Base, StoreScoped
from hub.kit.ids import uuid7

ID_LENGTH = 128


class NodeState(StrEnum):
    """What the hub last knew of an edge node."""

    NEW = "new"  # approved, never heard
    ONLINE = "online"
    OFFLINE = "offline"
    QUARANTINED = "quarantined"  # two machines speak as one: nothing is taken from it


class AgentRow(StoreScoped, Base):
    """An approved edge node, bound to one store for good."""

    __tablename__ = "agents"
    __table_args__ = (UniqueConstraint("group_id", "node_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    group_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    node_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    approved_at: Mapped[datetime] = mapped_column(default=utc_now)
    state: Mapped[NodeState] = mapped_column(String(16), default=NodeState.NEW)
    state_since: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]


class PendingNodeRow(Base):
    """An edge node that nobody has approved yet; nothing of it is kept, so it keeps all itself."""

    __tablename__ = "pending_nodes"

    group_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    first_heard_at: Mapped[datetime]
    last_heard_at: Mapped[datetime]


class StoreNumberRow(Base):
    """The small integer by which time series know a store."""

    __tablename__ = "store_numbers"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)


class SeriesRow(StoreScoped, Base):
    """One metric of one device of one agent; the integer `id` is given once and never again."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("agent_id", "device", "metric"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-10)
    agent_id: Mapped[UUID]
    device: Mapped[str] = mapped_column(String(ID_LENGTH))
    metric: Mapped[str] = mapped_column(String(ID_LENGTH))


class AliasRow(Base):
    """The birth table: what an alias means in the journal's rows from `since_seq` on.

    Our agents never change an alias; a foreign node may, and rows are decoded again after a kill.
    """

    __tablename__ = "agent_aliases"

    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(String(20), primary_key=True)  # unsigned 64 bit
    since_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    series_id: Mapped[int]


class DeadLetterRow(Base):
    """A message or journal row that could not be taken in; `payload` is its beginning."""

    __tablename__ = "dead_letters"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    at: Mapped[datetime]
    cause: Mapped[str] = mapped_column(String(32), index=True)
    topic: Mapped[str] = mapped_column(String(512))
    error: Mapped[str] = mapped_column(String(512))
    size_bytes: Mapped[int]
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class DeadLetterCountRow(Base):
    """How many there were of each cause, also of those whose payload was not kept."""

    __tablename__ = "dead_letter_counts"

    cause: Mapped[str] = mapped_column(String(32), primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)
