"""What of a record the asker may see: costs are hidden, personal texts and secrets masked.

Whatever leaves the hub (page, API, history, export, print) takes values of fields from here.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import object_session

from hub.errors import ForbiddenError, T
from hub.kit.asker import asker_of
from hub.kit.records.access import may_see, right_of
from hub.kit.records.custom import custom_fields, custom_of, fields_in, held
from hub.kit.records.declare import Field, guarded, store_of
from hub.kit.records.kinds import Show
from hub.kit.records.reveal import opened
from hub.kit.records.schemas import Schema, schemas_of
from hub.kit.records.sealed import HIDDEN, hidden
from hub.kit.session import ScopedSession
from hub.kit.tables import Record, StoreScoped

_GUARDED = T("您的角色看不到“{label}”。", "Your role does not see “{label}”.")


class Guard(Enum):
    """The right that a guarded field needs beside that of its record, as in `<rights>.cost`."""

    COST = "cost"
    PERSONAL = "personal"
    REVEAL = "reveal"


def guard_of(field: Field) -> Guard | None:
    """None where everybody who reads the record sees the field."""
    if field.is_secret:
        return Guard.REVEAL
    if field.has(Show.COST):
        return Guard.COST
    return Guard.PERSONAL if field.has(Show.PERSONAL) else None


def is_hidden(
    session: ScopedSession, model: type[Record], field: Field, store: UUID | None
) -> bool:
    """Whether the asker does not even get a mask of it."""
    return field.has(Show.COST) and not may_see(session, model, Guard.COST.value, store)


def told(record: Record, field: Field) -> Any:
    """The value of a field for the asker of the record's session: itself, its mask, or None."""
    value = held(record, field)
    guard = guard_of(field)
    if guard is None or value is None:
        return value
    session = object_session(record)
    if not isinstance(session, ScopedSession):
        return None
    if guard is Guard.REVEAL:
        return _mask(session, record, field)
    if _sees(session, record, guard):
        return value
    return field.spec.mask(value) if guard is Guard.PERSONAL else None


def _mask(session: ScopedSession, record: Record, field: Field) -> str:
    """A mask that tells something of the secret is made from it each time; none is stored."""
    if field.spec.mask is hidden:
        return HIDDEN
    return field.spec.mask(opened(session, record, field) or "")


def _sees(session: ScopedSession, record: Record, guard: Guard) -> bool:
    return may_see(session, type(record), guard.value, store_of(record))


def read_of(record: Record) -> Schema:
    """The record as the API tells it to the asker."""
    model = type(record)
    read = schemas_of(model).read
    seen = read.model_validate(record)
    told_now = {f.name: told(record, f) for f in guarded(model)}
    session = object_session(record)
    if isinstance(session, ScopedSession) and (own := custom_fields(session, model)):
        told_now["custom"] = custom_of(own, {name: told(record, f) for name, f in own.items()})
    return seen.model_copy(update=told_now) if told_now else seen


def told_changes(
    session: ScopedSession, model: type[Record], store_id: UUID | None, values: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """{field: [before, after]} of the history, as the asker may see it."""
    fields = fields_in(session, model)
    return {
        name: [_told_json(session, model, fields[name], one, store_id) for one in pair]
        if name in fields and guard_of(fields[name])
        else pair
        for name, pair in values.items()
        if name not in fields or not is_hidden(session, model, fields[name], store_id)
    }


def _told_json(
    session: ScopedSession, model: type[Record], field: Field, value: Any, store_id: UUID | None
) -> Any:
    if value is None or field.has(Show.COST):
        return value
    if field.is_secret:
        return HIDDEN
    if may_see(session, model, Guard.PERSONAL.value, store_id):
        return value
    return field.spec.mask(value)


def demand_sight(session: ScopedSession, model: type[Record], names: set[str]) -> None:
    """Raise ForbiddenError where the asker may not list by one of these fields.

    Order and filters would tell what is hidden.
    """
    for field in (*guarded(model), *custom_fields(session, model).values()):
        guard = guard_of(field)
        if guard and field.name in names and not _sees_all(session, model, guard):
            zh, en = field.label.zh, field.label.en.lower()
            raise ForbiddenError(T(_GUARDED.zh.format(label=zh), _GUARDED.en.format(label=en)))


def _sees_all(session: ScopedSession, model: type[Record], guard: Guard) -> bool:
    """In every record that the asker reads."""
    reach = asker_of(session).rights.reach
    allowed, readable = reach(right_of(model, guard.value)), reach(right_of(model, "read"))
    if allowed is None or not issubclass(model, StoreScoped):
        return allowed is None or bool(allowed)
    return readable is not None and readable <= allowed
