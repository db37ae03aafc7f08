"""References of a record, of its lines and of its lists: whether what they name is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm.util import identity_key

from hub.errors import T
from hub.kit.records.custom import fields_in, held
from hub.kit.records.declare import Field, fields_of, fields_of_line, store_of
from hub.kit.records.kinds import Kind
from hub.kit.records.models import model_of
from hub.kit.records.owning import own_only
from hub.kit.session import ScopedSession
from hub.kit.tables import Record, StoreScoped

KEPT = "pointed at"  # in `info`: held, or the next row of an import would load them again
_GONE = T("请从列表中选择。", "Choose from the list.")
_ELSEWHERE = T("属于另一家门店。", "Belongs to another store.")


@dataclass(frozen=True, slots=True)
class Pointer:
    """One id that a record names; `place` is the input's name, as in `lines.0.product_id`."""

    place: str
    field: Field
    id: UUID


def pointers(
    record: Record, fields: Mapping[str, Field] | None = None, *, with_lines: bool = True
) -> Iterator[Pointer]:
    """Every reference of this record that is not empty; `fields` where its chain added some."""
    for name, field in (fields or fields_of(type(record))).items():
        match field.spec.kind:
            case Kind.REFERENCE | Kind.REFERENCES:
                yield from named_by(name, field, held(record, field))
            case Kind.LINES if with_lines:
                inner = fields_of_line(field.spec.line)
                for number, line in enumerate(getattr(record, name)):
                    for part, one in inner.items():
                        if one.spec.kind is Kind.REFERENCE:
                            yield from named_by(f"{name}.{number}.{part}", one, getattr(line, part))


def named_by(place: str, field: Field, value: Any) -> Iterator[Pointer]:
    """What one reference, or list of them, names."""
    ids = value if isinstance(value, list) else [value]
    return (Pointer(place, field, one) for one in ids if one is not None)


def pointer_problems(session: ScopedSession, record: Record, changed: set[str]) -> dict[str, T]:
    """What is wrong with the references among the changed fields, each looked for in scope."""
    has_moved = "store_id" in changed
    asked = [
        p
        for p in pointers(record, fields_in(session, type(record)))
        if has_moved or p.place.partition(".")[0] in changed
    ]
    found = _targets(session, asked)
    problems: dict[str, T] = {}
    for pointer in asked:
        target = found.get(pointer.id)
        if target is None:
            problems[pointer.place] = _GONE
        elif _is_elsewhere(record, target):
            problems[pointer.place] = _ELSEWHERE
    return problems


def _targets(session: ScopedSession, asked: list[Pointer]) -> dict[UUID, Record]:
    """What these ids name and is not archived; one query a type."""
    ids: dict[str, set[UUID]] = {}
    for pointer in asked:
        ids.setdefault(pointer.field.spec.target, set()).add(pointer.id)
    found: dict[UUID, Record] = {}
    for table, some in ids.items():
        model = model_of(table)
        here = {one: session.identity_map.get(identity_key(model, one)) for one in some}
        found |= {key: record for key, record in here.items() if isinstance(record, model)}
        if missing := some - found.keys():
            query = select(model).where(model.id.in_(missing), *own_only(session, model))
            found |= {record.id: record for record in session.scalars(query)}
    session.info.setdefault(KEPT, {}).update(found)
    return {key: record for key, record in found.items() if record.archived_at is None}


def _is_elsewhere(record: Record, target: Record) -> bool:
    """A store's record names things of its own store, or of the chain."""
    if not isinstance(target, StoreScoped) or not isinstance(record, StoreScoped):
        return False
    return store_of(target) != store_of(record)
