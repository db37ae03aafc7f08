"""The form of a record type: its inputs, and what a visitor changed in them.

Beside each input stands what it showed at first (`was.<name>`), so only what the visitor really
changed is written, and somebody else's change of another field is never undone by this form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub.errors import T
from hub.kit.db import Record, ScopedSession
from hub.kit.records.custom import applies, custom_fields
from hub.kit.records.declare import (
    Field,
    fields_of,
    fields_of_line,
    store_of,
    title_of,
    written_fields,
)
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.lines import value_of
from hub.kit.records.models import model_of
from hub.kit.records.names import choices_for, names_of, references
from hub.kit.records.sealed import Secret
from hub.kit.records.sight import guard_of, is_hidden, told
from hub.web.language import Language, say
from hub.web.records.finders import as_typed, find_href
from hub.web.records.inputs import PARTS, input_type, shown, written
from hub.web.records.line_forms import SPARE_LINES, flat_lines, typed_lines

WAS = "was."
MASK = "mask."
LONG_SECRET = 200
_KEPT = T("已保存 {mask}；留空则不改。", "Kept as {mask}; leave empty to keep it.")
FEW = 60  # choices of a reference that a select still shows


class Widget(StrEnum):
    """Which macro of the templates draws an input."""

    INPUT = "input"
    TEXTAREA = "textarea"
    SELECT = "select"
    LINES = "lines"
    FIND = "find"
    CHECKS = "checks"


_MODES = {Kind.WHOLE: "numeric"} | dict.fromkeys((Kind.NUMBER, *PARTS), "decimal")


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line: its id, empty for a new one, and an input a field."""

    id_name: str
    id: str
    inputs: "Sequence[Input]"


@dataclass(frozen=True, slots=True)
class LineInputs:
    """The rows of a field of lines, and what they were at first as (name, value)."""

    rows: Sequence[LineRow]
    was: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Input:
    """One input as the template draws it; `was` is what it showed when the form was opened."""

    name: str
    label: str
    widget: Widget
    value: str
    was: str
    error: str
    hint: str
    is_required: bool
    is_advanced: bool
    is_wide: bool
    type: str
    mode: str
    max_length: int | None
    options: Sequence[tuple[str, str]]
    empty: str | None
    lines: LineInputs | None = None
    find_href: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Inputs in the order of the page: required ones first, advanced ones last, folded away."""

    plain: Sequence[Input]
    advanced: Sequence[Input]
    version: int | None
    is_returned: bool = False  # shown again with what was typed

    @property
    def is_advanced_wrong(self) -> bool:
        return any(one.error for one in self.advanced)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was posted: values as typed, what they were, and the version the form was opened at."""

    values: Mapping[str, str]
    was: Mapping[str, str]
    version: int | None
    reason: str = ""

    @staticmethod
    def of(posted: Mapping[str, str]) -> "Typed":
        version = posted.get("version", "")
        return Typed(
            {k: v for k, v in posted.items() if not k.startswith(WAS)},
            {k.removeprefix(WAS): v for k, v in posted.items() if k.startswith(WAS)},
            int(version) if version.isdecimal() and len(version) < 10 else None,
            posted.get("reason", "").strip()[:400],
        )

    def all(self, fields: Mapping[str, Field]) -> dict[str, Any]:
        """Every value of the form, for `Change.values`."""
        return {n: self._value(f) for n, f in fields.items() if n in self.values}

    def given(self, fields: Mapping[str, Field]) -> dict[str, Any]:
        """Those that are not empty."""
        return {
            name: value
            for name, value in self.all(fields).items()
            if (value.strip() if isinstance(value, str) else value)
        }

    def changes(self, fields: Mapping[str, Field]) -> dict[str, Any]:
        """Those that the visitor changed."""
        return {
            name: value
            for name, value in self.all(fields).items()
            if self._has_changed(fields[name])
        }

    def _value(self, field: Field) -> Any:
        if field.spec.kind is not Kind.LINES:
            return written(field, self.values[field.name])
        inner = fields_of_line(field.spec.line)
        return [
            {n: written(inner[n], v) if n in inner else v for n, v in line.items() if v}
            for line in typed_lines(field, self.values)
        ]

    def _has_changed(self, field: Field) -> bool:
        if field.spec.kind is Kind.LINES:
            return typed_lines(field, self.values) != typed_lines(field, self.was)
        return _plain(self.values[field.name]) != _plain(self.was.get(field.name))


def _plain(text: str | None) -> str | None:
    """Browsers send lines of a text area with CR LF."""
    return text.replace("\r\n", "\n").strip() if text is not None else None


def written_in(session: ScopedSession, model: type[Record]) -> Mapping[str, Field]:
    """The fields that people may write, those that the chain added itself last."""
    return {**written_fields(model), **custom_fields(session, model)}


def defaults(fields: Mapping[str, Field]) -> dict[str, str]:
    """What the form of a new record shows at first."""
    return {name: shown(field, field.default) for name, field in fields.items()}


def values_of(record: Record, fields: Mapping[str, Field]) -> dict[str, str]:
    """What the form of this record shows at first; of what the visitor may not see, its mask."""
    values: dict[str, str] = {}
    for name, field in fields.items():
        value = value_of(record, field)
        if guard_of(field) and (field.is_secret or told(record, field) != value):
            values |= {name: "", f"{MASK}{name}": str(told(record, field) or "")}
        elif field.spec.kind is Kind.LINES:
            values |= {name: ""} | flat_lines(field, value, shown)
        else:
            values[name] = shown(field, value)
    return values


@dataclass(frozen=True)
class Forms:
    """Draws forms of one record type for one visitor."""

    session: ScopedSession
    model: type[Record]
    language: Language

    def form(
        self,
        values: Mapping[str, str],
        was: Mapping[str, str],
        errors: Mapping[str, T] | None = None,
        version: int | None = None,
    ) -> Form:
        """`values` are shown, `was` is what they are compared with when the form comes back."""
        store_id = _uuid(values.get("store_id", ""))
        inputs = [
            self._lines(field, values, was, errors or {})
            if field.spec.kind is Kind.LINES
            else self._guarded(
                self._input(field, values.get(name, ""), was.get(name, ""), store_id, errors or {}),
                values.get(f"{MASK}{name}", ""),
            )
            for name, field in written_in(self.session, self.model).items()
            if not is_hidden(self.session, self.model, field, store_id)
            and (values.get(name) or applies(field, values))
        ]
        plain = [one for one in inputs if not one.is_advanced]
        plain.sort(key=lambda one: not one.is_required)
        advanced = [one for one in inputs if one.is_advanced]
        return Form(plain, advanced, version, errors is not None)

    def one(self, field: Field, value: str, store_id: UUID | None) -> Input:
        """The input of one field alone."""
        return self._input(field, value, value, store_id, {})

    def _guarded(self, one: Input, mask: str) -> Input:
        """With what it holds now told as far as it may be."""
        if not mask:
            return one
        return replace(one, hint=self._say(_KEPT).format(mask=mask), is_required=False)

    def _input(
        self, field: Field, value: str, was: str, store_id: UUID | None, errors: Mapping[str, T]
    ) -> Input:
        spec = field.spec
        error = errors.get(field.name)
        options = self._options(field, value, store_id)
        widget = _widget(field, options)
        if widget is Widget.FIND:
            value, was = (as_typed(self.session, field, one) for one in (value, was))
        return Input(
            name=field.name,
            label=self._label(field),
            widget=widget,
            value="" if field.is_secret else value,
            was=was,
            error=self._say(error) if error else "",
            hint=self._say(spec.hint),
            is_required=field.is_required,
            is_advanced=field.has(Show.ADVANCED),
            is_wide=widget in (Widget.TEXTAREA, Widget.CHECKS),
            type=input_type(field),
            mode=_MODES.get(spec.kind, ""),
            max_length=int(spec.max) if spec.max and spec.python in (str, Secret) else None,
            options=() if widget is Widget.FIND else options,
            empty=self._empty(field, options),
            find_href=find_href(field) if widget is Widget.FIND else "",
        )

    def _lines(
        self,
        field: Field,
        values: Mapping[str, str],
        was: Mapping[str, str],
        errors: Mapping[str, T],
    ) -> Input:
        """One row a line and some empty ones; a row that is emptied is a line removed."""
        inner = fields_of_line(field.spec.line)
        rows = [*typed_lines(field, values), *[{} for _ in range(SPARE_LINES)]]
        made = []
        for number, row in enumerate(rows):
            named = [(f"{field.name}.{number}.{n}", f, row.get(n, "")) for n, f in inner.items()]
            made.append(
                LineRow(
                    id_name=f"{field.name}.{number}.id",
                    id=row.get("id", ""),
                    inputs=[
                        replace(
                            self._input(f, value, "", None, {}),
                            name=name,
                            error=self._error(errors, name),
                        )
                        for name, f, value in named
                    ],
                )
            )
        kept = [(f"{WAS}{n}", v) for n, v in was.items() if n.startswith(f"{field.name}.")]
        base = self._input(field, "", "", None, errors)
        return replace(base, widget=Widget.LINES, lines=LineInputs(made, kept))

    def _error(self, errors: Mapping[str, T], name: str) -> str:
        return self._say(errors[name]) if name in errors else ""

    def _label(self, field: Field) -> str:
        """With the unit of a number, or the currency of money."""
        unit = self._say(field.spec.unit)
        return self._say(field.label) + (f" ({unit})" if unit else "")

    def _say(self, text: T) -> str:
        return say(self.language, text)

    def _empty(self, field: Field, options: Sequence[object]) -> str | None:
        if field.is_nullable:
            return "–"
        if field.is_required and len(options) != 1:
            return self._say(T("请选择", "Choose"))
        return None

    def _options(
        self, field: Field, value: str, store_id: UUID | None
    ) -> Sequence[tuple[str, str]]:
        spec = field.spec
        if spec.choices:
            known = [(one.value, self._say(one.label)) for one in spec.choices]
            is_past = field.code and value and value not in set(spec.choices)
            return [*known, (value, value)] if is_past else known
        if spec.kind is Kind.YES_NO:
            return [("true", self._say(T("是", "Yes"))), ("false", self._say(T("否", "No")))]
        if spec.kind is Kind.REFERENCE:
            return self._records(field, value, store_id)
        if spec.kind is Kind.REFERENCES:
            some = choices_for(self.session, field, store_id)
            return [(str(record.id), title_of(record)) for record in some]
        return ()

    def _records(
        self, field: Field, value: str, store_id: UUID | None
    ) -> Sequence[tuple[str, str]]:
        """The choices of a reference; what is chosen already stays, even if archived by now."""
        found = choices_for(self.session, field, store_id)
        chosen = _uuid(value)
        names = {record.id: title_of(record) for record in found}
        if chosen and chosen not in names:
            names |= names_of(self.session, [(field, chosen)])
        if store_id is None and "store_id" in fields_of(model_of(field.spec.target)):
            names |= self._with_stores(found)
        return [(str(key), name) for key, name in names.items()]

    def _with_stores(self, found: Sequence[Record]) -> dict[UUID, str]:
        """While no store is chosen, each name tells its store: "South Road · Cold room"."""
        stores = names_of(self.session, references(found))
        named = {r.id: f"{stores.get(store_of(r) or r.id, '–')} · {title_of(r)}" for r in found}
        return dict(sorted(named.items(), key=lambda one: one[1]))


def _widget(field: Field, options: Sequence[object]) -> Widget:
    match field.spec.kind:
        case Kind.LONG_TEXT:
            return Widget.TEXTAREA
        case Kind.SECRET if (field.spec.max or 0) > LONG_SECRET:
            return Widget.TEXTAREA
        case Kind.REFERENCE if len(options) > FEW:
            return Widget.FIND
        case Kind.CHOICE | Kind.REFERENCE | Kind.YES_NO:
            return Widget.SELECT
        case Kind.REFERENCES:
            return Widget.CHECKS
        case _:
            return Widget.INPUT


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
