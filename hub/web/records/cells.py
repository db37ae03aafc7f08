"""Values of records as people of each language read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.custom import read
from hub.kit.records.declare import Computed, Field, fields_of_line, path_of
from hub.kit.records.kinds import Choice, Kind
from hub.kit.records.lines import value_of
from hub.kit.records.models import model_of
from hub.kit.records.names import Name
from hub.kit.records.sight import told
from hub.web.formats import NO_VALUE, Formats
from hub.web.language import Language, say

YES = T("是", "Yes")
NO = T("否", "No")
BETWEEN = T("、", ", ")
ARCHIVED = T("{name}（已归档）", "{name} (archived)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in a table or a list of facts; `href` leads to the record it names."""

    text: str
    unit: str = ""
    href: str = ""
    is_number: bool = False
    is_long: bool = False
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class LineTable:
    """Lines on the page of their record; a head is (label, whether of numbers)."""

    label: str
    heads: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Cells:
    """Writes cells; `names` are those of the records that references point to."""

    language: Language
    zone: tzinfo
    names: Mapping[UUID, Name] = field(default_factory=dict)
    formats: Formats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "formats", Formats(self.language))

    def of(self, declared: Field, record: Record) -> Cell:
        return self.value(declared, told(record, declared), _currency(declared, record))

    def value(self, declared: Field, value: Any, currency: str = "") -> Cell:
        """`value` in its Python type."""
        spec = declared.spec
        if value is None:
            return Cell(NO_VALUE, is_number=declared.is_number, is_known=False)
        match spec.kind:
            case Kind.MONEY:
                money = self.formats.money(value, currency or "CNY", 2)
                return Cell(money, is_number=True)
            case Kind.MILLI:
                number = self.formats.number(value / 1000, _digits(value / 1000, spec.digits))
                return Cell(number, say(self.language, spec.unit), is_number=True)
            case Kind.WHOLE | Kind.NUMBER:
                number = self.formats.number(value, _digits(value, spec.digits))
                return Cell(number, say(self.language, spec.unit), is_number=True)
            case Kind.REFERENCE:
                return self._reference(spec.target, value)
            case Kind.REFERENCES:
                some = value if isinstance(value, list) else [value]  # a filter names one
                named = [self._reference(spec.target, one).text for one in some]
                return Cell(say(self.language, BETWEEN).join(named))
            case Kind.LINES:
                return self._lines(declared, value)
            case _:
                return Cell(self._text(value), is_long=spec.kind is Kind.LONG_TEXT)

    def computed(self, one: Computed, record: Record) -> Cell:
        """What the record works out itself."""
        value = getattr(record, one.name)
        if value is None:
            return Cell(NO_VALUE, is_number=True, is_known=False)
        if one.currency:
            money = self.formats.money(value, getattr(record, one.currency), 2)
            return Cell(money, is_number=True)
        return Cell(self.formats.number(value, 0), say(self.language, one.unit), is_number=True)

    def from_json(self, declared: Field, value: Any) -> Cell:
        """`value` as the history keeps it."""
        if value is None:
            return self.value(declared, None)
        if declared.code:
            return self.value(declared, read(declared.spec, value))
        python: Any = str if declared.is_secret else declared.spec.python
        return self.value(declared, _adapter(python).validate_python(value))

    def table(self, declared: Field, record: Record) -> LineTable:
        """The lines of a record."""
        fields = fields_of_line(declared.spec.line)
        heads = [(say(self.language, one.label), one.is_number) for one in fields.values()]
        rows = []
        for line in value_of(record, declared):
            pairs = [(one, line[name]) for name, one in fields.items()]
            rows.append([self.value(one, value, _currency(one, record)) for one, value in pairs])
        return LineTable(say(self.language, declared.label), heads, rows)

    def _lines(self, declared: Field, value: Sequence[Mapping[str, Any]]) -> Cell:
        """As the history tells them: the first words of each."""
        if not value:
            return Cell(NO_VALUE, is_known=False)
        fields = fields_of_line(declared.spec.line)
        lines = []
        for line in value:
            known = [name for name in fields if line.get(name) is not None]
            lines.append(" ".join(self.from_json(fields[n], line[n]).text for n in known[:2]))
        return Cell("\n".join(lines), is_long=True)

    def _reference(self, target: str, value: UUID) -> Cell:
        name = self.names.get(value)
        if name is None:
            return Cell(NO_VALUE, is_known=False)
        text = say(self.language, ARCHIVED).format(name=name) if name.is_archived else name
        return Cell(text, href=f"/archive/{path_of(model_of(target))}/{value}")

    def _text(self, value: Any) -> str:
        match value:
            case Choice():
                return say(self.language, value.label)
            case bool():
                return say(self.language, YES if value else NO)
            case datetime():
                return self.formats.moment(value, self.zone)
            case date():
                return value.isoformat()
            case list():
                return say(self.language, BETWEEN).join(value)
            case time():
                return value.strftime("%H:%M")
            case _:
                return str(value)


def _currency(declared: Field, record: Record) -> str:
    name = declared.spec.currency
    return getattr(record, name, "") if name else declared.spec.unit.en


def _digits(value: float, digits: int) -> int:
    """No decimals that say nothing: 118 m², but 4.5 °C."""
    return 0 if float(value).is_integer() else digits


@cache
def _adapter(python: Any) -> TypeAdapter[Any]:
    return TypeAdapter(python)
