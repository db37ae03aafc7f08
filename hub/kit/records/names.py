"""Names of the records that references point to, and the choices for a reference."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from hub.kit.records.access import readable
from hub.kit.records.declare import Field, fields_of, shown, title_of
from hub.kit.records.kinds import Show
from hub.kit.records.models import model_of
from hub.kit.records.pointers import pointers
from hub.kit.session import ScopedSession
from hub.kit.tables import Record, StoreScoped

MAX_CHOICES = 500

Wanted = tuple[Field, UUID | None]


class Name(str):
    """What people call a record; `is_archived` where it is there no more."""

    __slots__ = ("is_archived",)
    is_archived: bool

    @staticmethod
    def of(record: Record) -> "Name":
        return Name.made(title_of(record), record.archived_at)

    @staticmethod
    def made(title: object, archived_at: datetime | None) -> "Name":
        name = Name(title)
        name.is_archived = archived_at is not None
        return name


def references(
    records: Sequence[Record],
    fields: Mapping[str, Field] | None = None,
    *,
    with_lines: bool = False,
) -> list[Wanted]:
    """Every reference of these records of one type; those in lines only where asked for."""
    found = (p for one in records for p in pointers(one, fields, with_lines=with_lines))
    return [(p.field, p.id) for p in found]


def names_of(session: ScopedSession, wanted: Iterable[Wanted]) -> dict[UUID, Name]:
    """What people call these records, one query a type; what the asker may not see has no name."""
    ids: dict[str, set[UUID]] = {}
    for field, record_id in wanted:
        if record_id is not None:
            ids.setdefault(field.spec.target, set()).add(record_id)
    found: dict[UUID, Name] = {}
    for target, some in ids.items():
        model = model_of(target)
        title = next((one.attribute for one in shown(model, Show.TITLE)), model.id)
        wanted_rows = select(model.id, title, model.archived_at).where(
            model.id.in_(some), *readable(session, model)
        )
        found |= {row[0]: Name.made(row[1], row[2]) for row in session.execute(wanted_rows)}
    return found


def named(session: ScopedSession, field: Field, ids: Iterable[UUID]) -> Sequence[Record]:
    """The records with these ids that a reference names and the asker may read."""
    return _those(session, model_of(field.spec.target), ids)


def _those(session: ScopedSession, model: type[Record], ids: Iterable[UUID]) -> Sequence[Record]:
    query = select(model).where(model.id.in_(ids), *readable(session, model))
    return session.scalars(query).all()


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
