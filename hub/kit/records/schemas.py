"""Pydantic models of a record type, made once from its fields: what may be written, what is read.

The same models check a form, an import, an undo and the API, so one rule has one sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic import Field as Rule
from pydantic import create_model as make
from pydantic_core import PydanticCustomError

from hub.errors import InvalidError, T
from hub.kit.records.declare import Computed, Field, fields_of, fields_of_line, written_fields
from hub.kit.records.id_list import IDS_MAX, plain_ids
from hub.kit.records.kinds import MONEY_MAX, Kind, Show, Spec
from hub.kit.records.labels import LABEL_MAX, LABELS_MAX, plain_labels
from hub.kit.records.sealed import Secret
from hub.kit.records.sentences import OWN_RULE, sentences

if TYPE_CHECKING:
    from hub.kit.tables import Record

SOME_WRONG = T("有些值不对，请改正。", "Some values are not right; please correct them.")
_Small = Annotated[int, Rule(ge=-MONEY_MAX, le=MONEY_MAX)]
_UNPRINTABLE = T("含有无法显示的字符。", "Contains characters that cannot be shown.")
CustomValue = Annotated[str, Rule(max_length=4000)] | bool | _Small | None
"""Of a field that a chain added itself; what each takes is in `GET /record-types`."""
_OWN = "Fields that the chain added itself, by code; what is left out stays. See /record-types."
_OWN_READ = Rule(description="Fields that the chain added itself, by code.")
VERSION_MAX = 2**31 - 1
ITEM = TypeVar("ITEM")
CLOCK = WithJsonSchema({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$"})
"""JSON Schema's own "time" has a zone."""


class Schema(BaseModel):
    """Base of all: unknown fields are refused, infinite numbers too."""

    model_config = ConfigDict(
        extra="forbid", from_attributes=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Page(Schema, Generic[ITEM]):
    """One page of a list. Its sources are not read for each type that it is made for."""

    model_config = ConfigDict(use_attribute_docstrings=False)

    items: list[ITEM]
    next: str | None = Rule(description="`cursor` of the next page; null on the last one.")
    total: int | str = Rule(description='How many match in all; "10000+" where there are more.')


class Doing(Schema):
    """What may come along with an action."""

    version: int | None = Rule(None, ge=1, le=VERSION_MAX)
    """The version you saw; the action is refused if the record changed since."""
    reason: str = Rule("", max_length=400)
    """Why; kept in the history."""


@dataclass(frozen=True, slots=True)
class Schemas:
    """`create` and `update` take values (`update` also version and reason), `read` gives them."""

    create: type[Schema]
    update: type[Schema]
    read: type[Schema]


@cache
def schemas_of(model: "type[Record]") -> Schemas:
    """The three models of a record type, named after it in OpenAPI."""
    fields = list(fields_of(model).values())
    written = list(written_fields(model).values())
    version = Rule(None, ge=1, le=VERSION_MAX, description="The version you saw; for conflicts.")
    reason = Rule("", max_length=400, description="Why; kept in the history.")
    row: dict[str, Any] = {
        "id": (UUID, ...),
        "version": (int, ...),
        "created_at": (datetime, ...),
        "updated_at": (datetime, ...),
        "archived_at": (datetime | None, ...),
    }
    created: dict[str, Any] = {
        f.name: (_written(f), ... if f.is_required else f.default) for f in written
    }
    created["custom"] = (dict[str, CustomValue], Rule({}, description=_OWN))
    updated: dict[str, Any] = {f.name: (_written(f), None) for f in written}
    updated["custom"] = (dict[str, CustomValue], Rule({}, description=_OWN))
    updated |= {"version": (int | None, version), "reason": (str, reason)}
    read = row | {f.name: (_read(f), ...) for f in fields}
    read |= {one.name: (_computed(one), ...) for one in model.__record__.computed}
    read["custom"] = (Annotated[dict[str, CustomValue], BeforeValidator(_all_or_none)], _OWN_READ)
    return Schemas(
        _made(f"{model.__name__}Create", created),
        _made(f"{model.__name__}Update", updated),
        _made(model.__name__, read),
    )


class _Generated(Schema):
    """Base of what is made here: no source to read docstrings from, which takes a second each."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def _made(name: str, fields: dict[str, Any]) -> type[Schema]:
    return make(name, __base__=_Generated, **fields)


@cache
def _line_written(line: Any) -> Any:
    fields = fields_of_line(line).values()
    made: dict[str, Any] = {
        f.name: (_written(f), ... if f.is_required else f.default) for f in fields
    }
    return _made(f"{line.__name__}Write", {"id": (UUID | None, None)} | made)


@cache
def _line_read(line: Any) -> Any:
    made: dict[str, Any] = {f.name: (_read(f), ...) for f in fields_of_line(line).values()}
    return _made(line.__name__, {"id": (UUID, ...)} | made)


def _read(field: Field) -> Any:
    python: Any = field.spec.python
    if field.spec.kind is Kind.LINES:
        python = list[_line_read(field.spec.line)]  # type: ignore[misc]
    if field.is_secret:
        python = Annotated[str, BeforeValidator(_masked)]
    if field.spec.kind is Kind.CLOCK:
        python = Annotated[time, CLOCK]
    described = Rule(description=_description(field.spec))
    may_be_none = field.is_nullable or field.has(Show.COST)
    return Annotated[python | None if may_be_none else python, described]


def _masked(value: object) -> object:
    return str(value) if isinstance(value, Secret) else value


def _computed(one: Computed) -> Any:
    description = f"{one.label.zh} · {one.label.en} [{one.unit.en}]"
    return Annotated[int | None, Rule(description=description)]


def _written(field: Field) -> Any:
    return written_type(field.spec, is_nullable=field.is_nullable)


def written_type(spec: Spec, *, is_nullable: bool) -> Any:
    """The type of one value as it is written: an empty text is no value, or is refused."""
    rule = Rule(title=spec.label.en, description=_description(spec))
    if spec.kind is Kind.LINES:
        return Annotated[value_type(spec), rule]
    if is_nullable:
        return Annotated[value_type(spec) | None, BeforeValidator(_blank_is_none), rule]
    return Annotated[value_type(spec), BeforeValidator(_refuse_blank), rule]


def _description(spec: Spec) -> str:
    unit = f" [{spec.unit.en}]" if spec.unit.en else ""
    target = f", id of {spec.target}" if spec.target else ""
    return f"{spec.label.zh} · {spec.label.en}{unit}{target}"


def value_type(spec: Spec) -> Any:
    """The Python type of a kind with its limits."""
    match spec.kind:
        case Kind.TEXT | Kind.LONG_TEXT | Kind.SECRET if spec.normal is None:
            words = StringConstraints(strip_whitespace=True, min_length=1, max_length=_max(spec))
            return Annotated[str, words, AfterValidator(_text_check(spec))]
        case Kind.TEXT | Kind.PHONE | Kind.EMAIL:
            words = StringConstraints(min_length=1, max_length=_max(spec))
            normal = BeforeValidator(_normaliser(spec))
            return Annotated[str, normal, words, AfterValidator(_text_check(spec))]
        case Kind.LABELS:
            one = StringConstraints(min_length=1, max_length=LABEL_MAX)
            some = Rule(max_length=LABELS_MAX)
            return Annotated[list[Annotated[str, one]], some, BeforeValidator(plain_labels)]
        case Kind.REFERENCES:
            return Annotated[list[UUID], Rule(max_length=IDS_MAX), BeforeValidator(plain_ids)]
        case Kind.WHOLE | Kind.NUMBER | Kind.MONEY | Kind.MILLI:
            limits = Rule(ge=spec.min, le=spec.max)
            return Annotated[spec.python, BeforeValidator(_refuse_truth), limits]
        case Kind.INSTANT | Kind.CLOCK:
            return _MOMENTS[spec.kind]
        case Kind.LINES:
            return Annotated[list[_line_written(spec.line)], Rule(max_length=_max(spec))]  # type: ignore[misc]
        case _:
            return spec.python


def _max(spec: Spec) -> int | None:
    return None if spec.max is None else int(spec.max)


def _text_check(spec: Spec) -> Any:
    def check(value: str) -> str:
        problem = spec.check(value) if spec.check else None
        if any(ord(c) < 32 and c not in "\n\r\t" for c in value):
            problem = _UNPRINTABLE
        if problem:
            raise PydanticCustomError(OWN_RULE, "{en}", {"zh": problem.zh, "en": problem.en})
        return value

    return check


def _normaliser(spec: Spec) -> Callable[[object], object]:
    normal = spec.normal or str.strip
    return lambda value: normal(value) if isinstance(value, str) else value


def _refuse_truth(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "A truth value is no number.")
    return value


def _all_or_none(value: object) -> object:
    return {} if value is None else value


def _is_blank(value: object) -> bool:
    return value == [] or (isinstance(value, str) and not value.strip())


def _blank_is_none(value: object) -> object:
    return None if _is_blank(value) else value


def _refuse_zone(value: time) -> time:
    """A time of day is the store's own."""
    if value.tzinfo is not None:
        raise PydanticCustomError("time_parsing", "A time of day has no zone.")
    return value


_MOMENTS: dict[Kind, Any] = {
    Kind.INSTANT: AwareDatetime,
    Kind.CLOCK: Annotated[time, AfterValidator(_refuse_zone), CLOCK],
}


def _refuse_blank(value: object) -> object:
    if value is None or _is_blank(value):
        raise PydanticCustomError("missing", "This is required.")
    return value


def checked(schema: type[Schema], values: dict[str, Any], *, partial: bool) -> dict[str, Any]:
    """The values in their Python types; `partial` leaves out what was not given.

    Raises InvalidError with a sentence a field.
    """
    try:
        return schema.model_validate(values).model_dump(exclude_unset=partial)
    except ValidationError as error:
        raise InvalidError(SOME_WRONG, sentences(error.errors(include_url=False))) from error


@cache
def _dumper(model: "type[Record]") -> type[Schema]:
    """The fields alone, each of which may be missing."""
    return _made(
        f"{model.__name__}Values",
        {f.name: (f.spec.python | None, None) for f in fields_of(model).values()},
    )


def as_json(model: "type[Record]", values: dict[str, Any]) -> dict[str, Any]:
    """Values of fields in the form that JSON, and so `changes`, can hold."""
    return _dumper(model).model_construct(**values).model_dump(mode="json", include=set(values))
