"""Values of records as people of each language read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import Computed, Field, path_of
from hub.kit.records.kinds import Choice, Kind
from hub.kit.records.models import model_of
from hub.web.formats import NO_VALUE, Formats
from hub.web.language import Language, say

YES = T("是", "Yes")
NO = T("否", "No")


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
class Cells:
    """Writes cells; `names` are those of the records that references point to."""

    language: Language
    zone: tzinfo
    names: Mapping[UUID, str] = field(default_factory=dict)
    formats: Formats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "formats", Formats(self.language))

    def of(self, declared: Field, record: Record) -> Cell:
        currency = getattr(record, declared.spec.currency, "") if declared.spec.currency else ""
        return self.value(declared, getattr(record, declared.name), currency)

    def value(self, declared: Field, value: Any, currency: str = "") -> Cell:
        """`value` in its Python type."""
        spec = declared.spec
        if value is None:
            return Cell(NO_VALUE, is_number=declared.is_number, is_known=False)
        match spec.kind:
            case Kind.MONEY:
                money = self.formats.money(value, currency or "CNY", 2)
                return Cell(money, is_number=True)
            case Kind.WHOLE | Kind.NUMBER:
                number = self.formats.number(value, _digits(value, spec.digits))
                return Cell(number, say(self.language, spec.unit), is_number=True)
            case Kind.REFERENCE:
                return self._reference(spec.target, value)
            case _:
                return Cell(self._text(value), is_long=spec.kind is Kind.LONG_TEXT)

    def computed(self, one: Computed, record: Record) -> Cell:
        """What the record works out itself."""
        value = getattr(record, one.name)
        if value is None:
            return Cell(NO_VALUE, is_number=True, is_known=False)
        return Cell(self.formats.number(value, 0), say(self.language, one.unit), is_number=True)

    def from_json(self, declared: Field, value: Any) -> Cell:
        """`value` as the history keeps it."""
        if value is None:
            return self.value(declared, None)
        python: Any = declared.spec.python
        return self.value(declared, _adapter(python).validate_python(value))

    def _reference(self, target: str, value: UUID) -> Cell:
        name = self.names.get(value)
        if name is None:
            return Cell(NO_VALUE, is_known=False)
        return Cell(name, href=f"/archive/{path_of(model_of(target))}/{value}")

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
                return say(self.language, T("、", ", ")).join(value)
            case time():
                return value.strftime("%H:%M")
            case _:
                return str(value)


def _digits(value: float, digits: int) -> int:
    """No decimals that say nothing: 118 m², but 4.5 °C."""
    return 0 if float(value).is_integer() else digits


@cache
def _adapter(python: Any) -> TypeAdapter[Any]:
    return TypeAdapter(python)
