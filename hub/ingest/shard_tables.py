"""SQL tables of several ingest workers: who works on which shard, and what a shard holds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.db import Base

AGENT_BYTES = 16


class IngestWorkerRow(Base):
    """A worker that is there; one that stops telling so is gone at `until`."""

    __tablename__ = "ingest_workers"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime]


class ShardLeaseRow(Base):
    """The right to work on a shard. `term` rises with each new owner.

    The unique key is what fences: a taker changes it, so it waits for every transaction that has
    looked at the row `FOR KEY SHARE`, while a renewal, which does not, waits for none.
    """

    __tablename__ = "shard_lease"
    __table_args__ = (UniqueConstraint("shard", "term"),)

    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner: Mapped[str | None] = mapped_column(String(64))
    term: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime]


class JournalEntryRow(Base):
    """A message that was taken in; `seq` rises within its shard without gaps."""

    __tablename__ = "journal_entries"

    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    agent_id: Mapped[bytes] = mapped_column(LargeBinary(AGENT_BYTES))
    kind: Mapped[int]
    epoch: Mapped[int] = mapped_column(BigInteger)  # signed
    batch_id: Mapped[int] = mapped_column(BigInteger)
    received_ms: Mapped[int] = mapped_column(BigInteger)
    device: Mapped[str] = mapped_column(String(128))
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class JournalMarkRow(Base):
    """How far an epoch of an agent has been taken in."""

    __tablename__ = "journal_marks"
    __table_args__ = (Index("ix_journal_marks_shard", "shard"),)

    agent_id: Mapped[bytes] = mapped_column(LargeBinary(AGENT_BYTES), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    shard: Mapped[int]
    batch_id: Mapped[int] = mapped_column(BigInteger, default=0)
    stamp_ms: Mapped[int] = mapped_column(BigInteger, default=0)


class JournalLifeRow(Base):
    """An epoch that was live; `number` tells the order in which they were."""

    __tablename__ = "journal_lives"
    __table_args__ = (Index("ix_journal_lives_shard", "shard"),)

    agent_id: Mapped[bytes] = mapped_column(LargeBinary(AGENT_BYTES), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    shard: Mapped[int]
    number: Mapped[int] = mapped_column(BigInteger)
    told_ms: Mapped[int] = mapped_column(BigInteger)


class JournalBirthRow(Base):
    """The `bdSeq` of an agent's last birth."""

    __tablename__ = "journal_births"

    agent_id: Mapped[bytes] = mapped_column(LargeBinary(AGENT_BYTES), primary_key=True)
    shard: Mapped[int] = mapped_column(index=True)
    bdseq: Mapped[int] = mapped_column(BigInteger)


class EnginePlaceRow(Base):
    """The journal position of a shard that a time-series server has safely taken in."""

    __tablename__ = "engine_places"

    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    database: Mapped[str] = mapped_column(String(512), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)


class DetectorCheckpointRow(Base):
    """The state of a shard's detectors at a journal position; the newest two are kept."""

    __tablename__ = "detector_checkpoints"

    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class LastValuesRow(Base):
    """The last values of a store's series, as the processes that serve pages see them.

    `data` is `hub.ingest.shared_last`'s. Made anew by what arrives: on PostgreSQL it is not logged.
    """

    __tablename__ = "last_values"

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
