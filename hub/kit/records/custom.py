"""Fields that a chain adds to a record type by itself, without code (OPS-03, CHN-07).

Their definitions are records of the archive, read through the port `custom`; their values lie in
one JSON column of the record, by the code of the field. To everything else such a field is a
`Field` like a declared one, named `x_<code>`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import BigInteger, Dialect, String, TypeDecorator, cast, type_coerce
from sqlalchemy.types import TypeEngine

from hub.errors import InvalidError, T
from hub.kit.records.declare import Field, fields_of
from hub.kit.records.kinds import Kind, Show, Spec
from hub.kit.records.ports import ports_of
from hub.kit.records.schemas import SOME_WRONG, written_type
from hub.kit.records.sentences import NEEDED, sentence
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

PREFIX = "x_"
CUSTOM = "custom"
KINDS = (
    Kind.TEXT,
    Kind.LONG_TEXT,
    Kind.WHOLE,
    Kind.MILLI,
    Kind.MONEY,
    Kind.CHOICE,
    Kind.YES_NO,
    Kind.DAY,
    Kind.REFERENCE,
)
_WHOLE = (Kind.WHOLE, Kind.MILLI, Kind.MONEY, Kind.YES_NO)
_NO_FIELD = T("没有“{name}”这个字段。", "There is no field “{name}”.")


def stored(spec: Spec, value: Any) -> Any:
    """A value as the JSON column holds it: a text or a whole number."""
    if value is None:
        return None
    return int(value) if spec.kind in _WHOLE else str(value)


def read(spec: Spec, kept: Any) -> Any:
    """The value in its Python type; a choice that is offered no more stays the word it was."""
    if kept is None:
        return None
    match spec.kind:
        case Kind.YES_NO:
            return bool(kept)
        case Kind.DAY:
            return date.fromisoformat(kept)
        case Kind.REFERENCE:
            return UUID(kept)
        case Kind.CHOICE if spec.choices:
            return next((one for one in spec.choices if one.value == kept), kept)
        case _:
            return kept


def held(record: Record, field: Field) -> Any:
    """The value of a field that is no field of lines."""
    if field.code:
        return read(field.spec, (record.custom or {}).get(field.code))
    return getattr(record, field.name)


class _Kept(TypeDecorator[Any]):
    """A value out of the JSON column, so that it compares, sorts and reads as its kind does."""

    impl = String
    cache_ok = True

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return BigInteger() if self.spec.kind in _WHOLE else String()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return stored(self.spec, value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return read(self.spec, value)


def custom_field(
    model: type[Record],
    code: str,
    spec: Spec,
    *,
    is_required: bool = False,
    where: tuple[tuple[str, frozenset[str]], ...] = (),
) -> Field:
    """The field of a definition."""
    text = model.custom[code].as_string()
    plain: Any = cast(text, BigInteger) if spec.kind in _WHOLE else text
    column: Any = type_coerce(plain, _Kept(spec))
    return Field(f"{PREFIX}{code}", spec, column, is_required, True, None, code, where)


def custom_fields(session: ScopedSession, model: type[Record]) -> Mapping[str, Field]:
    """What the session's chain added to this type, read once a session."""
    known: dict[str, Mapping[str, Field]] = session.info.setdefault("custom fields", {})
    table = model.__tablename__
    if table not in known:
        known[table] = ports_of(session).custom.fields(session, model)
    return known[table]


def fields_in(session: ScopedSession, model: type[Record]) -> Mapping[str, Field]:
    """Every field of a record type in the session's chain: the declared ones, then its own."""
    own = custom_fields(session, model)
    return {**fields_of(model), **own} if own else fields_of(model)


def applies(field: Field, values: Mapping[str, Any]) -> bool:
    """Whether a record with these values has the field, as products of one category do."""
    return all(str(values.get(name, "")) in some for name, some in field.where)


def split(
    session: ScopedSession, model: type[Record], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of declared fields, and those of the chain's own by name, as they were given.

    Own ones come as `x_seats` or in `custom: {"seats": …}`.
    """
    inner = values.get(CUSTOM) or {}
    if not isinstance(inner, Mapping):
        inner = {}
    plain = {n: v for n, v in values.items() if n != CUSTOM and not n.startswith(PREFIX)}
    given = {n: v for n, v in values.items() if n.startswith(PREFIX)}
    given |= {f"{PREFIX}{code}": value for code, value in inner.items()}
    unknown = given.keys() - custom_fields(session, model).keys()
    if unknown:
        raise InvalidError(SOME_WRONG, {n: _NO_FIELD.format(name=n[:40]) for n in unknown})
    return plain, given


def checked_custom(
    session: ScopedSession, record: Record, given: Mapping[str, Any], *, is_new: bool
) -> tuple[dict[str, Any], dict[str, T]]:
    """The values in their Python types, and what is wrong; `record` bears its other values."""
    fields, found, wrong = custom_fields(session, type(record)), dict[str, Any](), dict[str, T]()
    for name, value in given.items():
        try:
            found[name] = _checked(record, fields[name], value)
        except ValidationError as error:
            wrong[name] = sentence(error.errors(include_url=False)[0])
    about = {name: getattr(record, name, None) for f in fields.values() for name, _ in f.where}
    for name, field in fields.items():
        is_asked = is_new or name in found
        if field.is_required and is_asked and found.get(name) is None and applies(field, about):
            wrong.setdefault(name, NEEDED)
    return found, wrong


def _checked(record: Record, field: Field, value: Any) -> Any:
    """What the record holds already may stay, even where it is offered no more."""
    now = (record.custom or {}).get(field.code)
    if now is not None and str(value) == str(now):
        return read(field.spec, now)
    return _adapter(field.spec).validate_python(value)


@lru_cache(maxsize=512)
def _adapter(spec: Spec) -> TypeAdapter[Any]:
    return TypeAdapter(written_type(spec, is_nullable=True))


def set_custom(record: Record, fields: Mapping[str, Field], values: Mapping[str, Any]) -> None:
    """Give the record these values; one that is emptied leaves nothing behind."""
    kept = dict(record.custom or {})
    for name, value in values.items():
        field = fields[name]
        kept[field.code] = stored(field.spec, value)
    record.custom = {code: value for code, value in kept.items() if value is not None} or None


def own_words(session: ScopedSession, record: Record) -> list[str]:
    """The texts of a record's own fields that free text finds; personal ones stay unfound."""
    fields = custom_fields(session, type(record)).values()
    texts = [one for one in fields if one.has(Show.SEARCH) and not one.has(Show.PERSONAL)]
    return [str(value) for one in texts if (value := held(record, one)) is not None]


def as_told(fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name in the form that JSON and so `changes` hold."""
    own = {field.name: field for field in fields}
    return {name: _plain(own[name], value) for name, value in values.items()}


def _plain(field: Field, value: Any) -> Any:
    if field.spec.kind is Kind.YES_NO or value is None:
        return value
    return stored(field.spec, value)


def custom_of(fields: Mapping[str, Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """`custom` of the API: every field by its code."""
    return {fields[name].code: _plain(fields[name], value) for name, value in values.items()}
