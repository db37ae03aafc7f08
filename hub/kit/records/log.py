"""`changes`: what was done, by whom, when, from where, before and after; only ever added to.

Every committed change of a record is one row, and so is every sign-in and refusal. Alerts, live
pages, search and analytics follow it by `seq`; the history of a record and the audit read it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Connection, Index, Integer, Table, insert, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.kit.append_only import keep_append_only
from hub.kit.asker import Asker, asker_of
from hub.kit.clock import utc_now
from hub.kit.records.declare import store_of
from hub.kit.session import Changed, ScopedSession
from hub.kit.tables import Base, ChainScoped, Record

HUB = UUID(int=0)
"""The chain of what concerns no chain, such as a sign-in with an unknown name."""


class ChangeLog(ChainScoped, Base):
    """One change; `values` is {field: [before, after]} in JSON form."""

    __tablename__ = "changes"
    __table_args__ = (
        Index(None, "record_id", "seq"),
        Index(None, "asker_id", "seq"),
        Index(None, "batch_id"),
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, sort_order=-10
    )
    at: Mapped[datetime] = mapped_column(default=utc_now)
    store_id: Mapped[UUID | None] = mapped_column(index=True)
    record_type: Mapped[str]
    record_id: Mapped[UUID | None]
    action: Mapped[str]
    version: Mapped[int | None]
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(default="")
    batch_id: Mapped[UUID | None]
    asker_id: Mapped[UUID | None]
    asker_name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")


TABLE: Table = ChangeLog.__table__  # type: ignore[assignment]  # a mapped class's table is a Table

keep_append_only(TABLE, opened_by="audit_redactions")


def keep_commit_order(session: Session) -> None:
    """Make `seq` follow the order of commits on PostgreSQL, so that a reader by cursor skips none.

    Takes a lock until the end of the transaction; on SQLite there is one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(7526764)")
        session.execute(lock, execution_options={"system": "commit order"})


def row_of(
    session: ScopedSession,
    record: Record,
    action: str,
    values: Mapping[str, Any],
    *,
    reason: str = "",
    batch_id: UUID | None = None,
) -> ChangeLog:
    """What was done to a record, not yet in the session; `values` are in JSON form."""
    asker = asker_of(session)
    return ChangeLog(
        store_id=store_of(record),
        record_type=record.__tablename__,
        record_id=record.id,
        action=str(action),
        version=record.version,
        values=dict(values),
        reason=reason,
        batch_id=batch_id,
        asker_id=asker.user_id,
        asker_name=asker.name,
        address=asker.address,
    )


def tell(session: ScopedSession, rows: Iterable[ChangeLog]) -> None:
    """Note flushed rows of `changes`: whoever watches hears of them after the commit."""
    session.changed.extend(
        Changed(row.seq, row.action, row.record_type, row.record_id, row.store_id)
        for row in rows
        if row.record_id
    )


def note(connection: Connection, action: str, asker: Asker, **values: Any) -> None:
    """Add what is no change of a record, such as a sign-in; `values` are other columns."""
    connection.execute(
        insert(TABLE).values(
            {
                "chain_id": HUB,
                "record_type": "sessions",
                "values": {},
                "reason": "",
                "at": utc_now(),
                "action": action,
                "asker_id": asker.user_id,
                "asker_name": asker.name,
                "address": asker.address,
                **values,
            }
        )
    )
