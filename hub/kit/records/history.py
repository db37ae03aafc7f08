"""What happened to one record, newest first, as the asker may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.kit.records.access import load
from hub.kit.records.declare import store_of
from hub.kit.records.log import ChangeLog
from hub.kit.records.sight import told_changes
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

PAGE = 100


@dataclass(frozen=True, slots=True)
class Past:
    """One row of `changes`; `values` is {field: [before, after]} in JSON form, masked as needed."""

    seq: int
    at: datetime
    action: str
    version: int | None
    asker_name: str
    reason: str
    values: Mapping[str, Sequence[Any]]


def history(
    session: ScopedSession, model: type[Record], record_id: UUID, before: int | None = None
) -> Sequence[Past]:
    """Up to PAGE rows of `changes`, older than `before`; NotFoundError as for the record itself."""
    record = load(session, model, record_id)
    table = model.__tablename__
    query = select(ChangeLog).where(
        ChangeLog.record_id == record_id, ChangeLog.record_type == table
    )
    if before is not None:
        query = query.where(ChangeLog.seq < before)
    rows = session.scalars(query.order_by(ChangeLog.seq.desc()).limit(PAGE)).all()
    store_id = store_of(record)
    return [_past(session, model, store_id, row) for row in rows]


def _past(
    session: ScopedSession, model: type[Record], store_id: UUID | None, row: ChangeLog
) -> Past:
    values = told_changes(session, model, store_id, row.values)
    return Past(row.seq, row.at, row.action, row.version, row.asker_name, row.reason, values)
