"""Names of the records that references point to, and the choices for a reference."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select

from hub.kit.records.access import readable
from hub.kit.records.declare import Field, fields_of, shown, title_of
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.models import model_of
from hub.kit.session import ScopedSession
from hub.kit.tables import Record, StoreScoped

MAX_CHOICES = 500

Wanted = Iterable[tuple[Field, UUID | None]]


def references(records: Sequence[Record]) -> list[tuple[Field, UUID | None]]:
    """Every reference of these records of one type."""
    fields = list(fields_of(type(records[0])).values()) if records else []
    return [
        (field, getattr(record, field.name))
        for field in fields
        if field.spec.kind is Kind.REFERENCE
        for record in records
    ]


def names_of(session: ScopedSession, wanted: Wanted) -> dict[UUID, str]:
    """What people call these records, one query a type; what the asker may not see has no name."""
    ids: dict[str, set[UUID]] = {}
    for field, record_id in wanted:
        if record_id is not None:
            ids.setdefault(field.spec.target, set()).add(record_id)
    found: dict[UUID, str] = {}
    for target, some in ids.items():
        model = model_of(target)
        rows = session.scalars(select(model).where(model.id.in_(some), *readable(session, model)))
        found |= {record.id: title_of(record) for record in rows}
    return found


def choices_for(session: ScopedSession, field: Field, store_id: UUID | None) -> Sequence[Record]:
    """Records that a reference may name, up to MAX_CHOICES, in the order of their names.

    Of a type that belongs to stores, those of `store_id`; without one those of every store.
    """
    model = model_of(field.spec.target)
    title = shown(model, Show.TITLE)[0].attribute
    query = select(model).where(model.archived_at.is_(None), *readable(session, model))
    if store_id and issubclass(model, StoreScoped) and "store_id" in fields_of(model):
        query = query.where(model.store_id == store_id)
    return session.scalars(query.order_by(title, model.id).limit(MAX_CHOICES)).all()
