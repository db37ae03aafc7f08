"""Secrets on their way into the vault and out of it again; each look is a row of the history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import InstrumentedAttribute

from hub.errors import ForbiddenError, InvalidError, T
from hub.kit.records.access import may_see, right_of
from hub.kit.records.declare import Field, fields_of, guarded, store_of
from hub.kit.records.kinds import Kind
from hub.kit.records.log import ChangeLog, row_of, tell
from hub.kit.records.ports import Place, ports_of
from hub.kit.records.schemas import SOME_WRONG
from hub.kit.records.sealed import Secret
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

REVEAL = "reveal"  # both the right's action and the word in the history
REASON_MAX = 400
_FORBIDDEN = T("您的角色不能查看保密内容（{right}）。", "Your role does not see secrets ({right}).")
_NO_REASON = T("请写明查看的原因。", "Say why you need to see this.")


@dataclass(frozen=True, slots=True)
class Sealed:
    """Values ready for the record; `past` is {field: [before, after]} of its secrets for the log.

    The log is never rewritten, so it has seals of its own, which outlive a change of keys.
    """

    values: dict[str, Any]
    past: dict[str, list[str | None]]


def subject_of(record: Record) -> UUID | None:
    """The person whom the record's secrets are about."""
    name = type(record).__record__.subject
    return getattr(record, name) if name else None


def opened(session: ScopedSession, record: Record, field: Field) -> str | None:
    """The plain text of a secret as the record holds it; nobody is told of the look."""
    kept: Secret | None = getattr(record, field.name)
    if kept is None:
        return None
    place = _place(record, field, subject_of(record))
    return ports_of(session).vault.open(place, kept.sealed)


def opened_past(
    session: ScopedSession, record: Record, field: Field, logged: str | None
) -> str | None:
    """The plain text of a secret as the history holds it."""
    if logged is None:
        return None
    place = _past_place(record, field, subject_of(record))
    return ports_of(session).vault.open(place, logged)


def sealed(session: ScopedSession, record: Record, values: Mapping[str, Any]) -> Sealed:
    """The values with every secret sealed; one that is the same as before is left out.

    When the record becomes another person's, all its secrets are sealed anew, under that key.
    """
    subject = type(record).__record__.subject
    subject_id = values.get(subject, getattr(record, subject)) if subject else None
    moves = subject_id != subject_of(record)
    _refuse_problems(session, record, values)
    made = Sealed(dict(values), {})
    for field in guarded(type(record)):
        if not field.is_secret or not (field.name in values or moves):
            continue
        before = opened(session, record, field)
        plain = values.get(field.name, before)
        if plain == before and not moves:
            made.values.pop(field.name, None)
            continue
        vault, place = ports_of(session).vault, _place(record, field, subject_id)
        past = _past_place(record, field, subject_id)
        made.values[field.name] = None if plain is None else Secret(vault.seal(place, plain))
        pair = [None if text is None else vault.seal(past, text) for text in (before, plain)]
        made.past[field.name] = pair
    return made


def _refuse_problems(session: ScopedSession, record: Record, values: Mapping[str, Any]) -> None:
    given = {
        f.name: values[f.name] for f in guarded(type(record)) if f.is_secret and f.name in values
    }
    found = dict(record.secret_problems(session, given)) if given else {}
    if found:
        raise InvalidError(SOME_WRONG, found)


def _place(record: Record, field: Field, subject_id: UUID | None) -> Place:
    return Place(record.chain_id, record.__tablename__, field.name, record.id, subject_id)


def _past_place(record: Record, field: Field, subject_id: UUID | None) -> Place:
    column = f"{record.__tablename__}.{field.name}"
    return Place(record.chain_id, ChangeLog.__tablename__, column, record.id, subject_id)


def reveal(
    session: ScopedSession,
    record: Record,
    attribute: InstrumentedAttribute[Any],
    reason: str,
) -> str | None:
    """The plain text of `Model.field` of this record; the look is in the history.

    Needs a write session and the right `<rights>.reveal`; InvalidError without a reason.
    """
    model = type(record)
    field = fields_of(model)[attribute.key]
    if field.spec.kind is not Kind.SECRET:
        raise TypeError(f"{model.__name__}.{field.name} is no secret.")
    if not may_see(session, model, REVEAL, store_of(record)):
        raise ForbiddenError(_FORBIDDEN.format(right=right_of(model, REVEAL)))
    if not reason.strip():
        raise InvalidError(_NO_REASON, {"reason": _NO_REASON})
    plain = opened(session, record, field)
    looked = {field.name: [None, None]}
    row = row_of(session, record, REVEAL, looked, reason=reason.strip()[:REASON_MAX])
    session.add(row)
    session.flush()
    tell(session, [row])
    return plain
