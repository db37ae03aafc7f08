"""A record type told to programs: `GET /record-types` and the query parameters in OpenAPI."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from hub.errors import T
from hub.kit.records.declare import Field, fields_of, fields_of_line, path_of
from hub.kit.records.kinds import Show
from hub.kit.records.query import MAX_Q, MAX_SIZE, is_filterable, operators
from hub.kit.tables import Record, StoreScoped


class Label(BaseModel):
    """A label in both languages."""

    zh: str
    en: str


class ChoiceRead(BaseModel):
    value: str
    label: Label


class FieldRead(BaseModel):
    """One field; `shows` says where it is used, `target` the record type of a reference."""

    name: str
    label: Label
    kind: str
    unit: str
    is_required: bool
    min: float | None
    max: float | None
    choices: list[ChoiceRead]
    target: str | None
    shows: list[str]
    fields: list["FieldRead"]
    """Of each line, where the kind is lines."""


class RecordTypeRead(BaseModel):
    """One record type; `can` lists what the asker may do somewhere."""

    name: str
    label: Label
    one: Label
    belongs_to: str
    can: list[str]
    fields: list[FieldRead]
    custom: list[FieldRead]
    """What the chain added itself: members of `custom`, filtered and sorted by as `x_<name>`."""


def _label(text: T) -> Label:
    return Label(zh=text.zh, en=text.en)


def _field(field: Field) -> FieldRead:
    spec = field.spec
    return FieldRead(
        name=field.code or field.name,
        label=_label(spec.label),
        kind=spec.kind.name.lower(),
        unit=spec.unit.en,
        is_required=field.is_required,
        min=spec.min,
        max=spec.max,
        choices=[ChoiceRead(value=c.value, label=_label(c.label)) for c in spec.choices or ()],
        target=spec.target.replace("_", "-") or None,
        shows=[flag.name.lower() for flag in Show if flag in spec.show and flag.name],
        fields=[_field(f) for f in fields_of_line(spec.line).values()] if spec.line else [],
    )


def describe(
    model: type[Record], can: list[str], own: Mapping[str, Field] | None = None
) -> RecordTypeRead:
    """`own` are the fields that the chain added itself."""
    declared = model.__record__
    return RecordTypeRead(
        name=path_of(model),
        label=_label(declared.label),
        one=_label(declared.one),
        belongs_to="store" if issubclass(model, StoreScoped) else "chain",
        can=can,
        fields=[_field(field) for field in fields_of(model).values()],
        custom=[_field(field) for field in (own or {}).values()],
    )


def query_parameters(model: type[Record]) -> list[dict[str, Any]]:
    """The query string of a list, as OpenAPI parameters."""
    text = {"type": "string", "maxLength": MAX_Q}
    found = [
        _parameter("q", "free text", text),
        _parameter("sort", "a field, or -field to descend", {"type": "string"}),
        _parameter("size", "", {"type": "integer", "minimum": 1, "maximum": MAX_SIZE}),
        _parameter("cursor", "`next` of the page before", {"type": "string"}),
        _parameter("archived", "archived ones instead", {"type": "boolean"}),
    ]
    for field in filter(is_filterable, fields_of(model).values()):
        label = f"{field.label.zh} · {field.label.en}"
        found.append(_parameter(f"filter[{field.name}]", f"{label}: a,b", {"type": "string"}))
        found += [
            _parameter(f"filter[{field.name}][{operator}]", label, {"type": "string"})
            for operator in operators(field)
        ]
    return found


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }
