"""What happened to one record, newest first."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from hub.kit.records.access import load
from hub.kit.records.log import ChangeLog
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

PAGE = 100


def history(
    session: ScopedSession, model: type[Record], record_id: UUID, before: int | None = None
) -> Sequence[ChangeLog]:
    """Up to PAGE rows of `changes`, older than `before`; NotFoundError as for the record itself."""
    load(session, model, record_id)
    table = model.__tablename__
    query = select(ChangeLog).where(
        ChangeLog.record_id == record_id, ChangeLog.record_type == table
    )
    if before is not None:
        query = query.where(ChangeLog.seq < before)
    return session.scalars(query.order_by(ChangeLog.seq.desc()).limit(PAGE)).all()
