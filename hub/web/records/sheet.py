"""The rows of a list, drawn by a template of their own: one a record type and choice of columns.

Everything that depends on the field is decided when the template is written, nothing per cell: 50
rows take a quarter of the time of a macro a cell. Texts of people are never part of the source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from functools import lru_cache
from typing import Any
from uuid import UUID

from hub.kit.db import Record
from hub.kit.records.custom import held
from hub.kit.records.declare import Computed, Field, path_of
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.models import model_of
from hub.kit.records.names import Name
from hub.kit.records.sight import guard_of
from hub.web.formats import NO_VALUE, Formats
from hub.web.language import say
from hub.web.records.cells import NO, YES, Cells
from hub.web.rendering import View
from hub.web.services import Services

_DRAWN = {
    Kind.TEXT: "{{ v }}",
    Kind.PHONE: "{{ v }}",
    Kind.EMAIL: "{{ v }}",
    Kind.LONG_TEXT: "{{ v[:80] }}",
    Kind.DAY: "{{ v }}",
    Kind.CLOCK: "{{ clock(v) }}",
    Kind.CHOICE: '<span class="badge">{{ words[v] }}</span>',
    Kind.YES_NO: "{{ yes if v else no }}",
    Kind.INSTANT: "{{ moment(v, zone) }}",
    Kind.LABELS: '{% for one in v %}<span class="badge">{{ one }}</span> {% endfor %}',
}


@dataclass(frozen=True, slots=True)
class Column:
    """A head of the table; `order` is as in `aria-sort`, `edits` the field that its cells edit."""

    name: str
    label: str
    style: str = ""
    href: str = ""
    order: str = ""
    edits: str = ""
    field: Field | None = None
    computed: Computed | None = None


@dataclass(frozen=True)
class Sheet:
    """The body of a table of records."""

    view: View
    model: type[Record]
    columns: Sequence[Column]
    records: Sequence[Record]
    names: Mapping[UUID, Name]
    is_picked_from: bool = field(default=False)

    def body(self) -> str:
        """The rows as HTML."""
        services: Services = self.view.request.app.state.services
        source = _source(
            path_of(self.model),
            tuple(_part(n, column) for n, column in enumerate(self.columns)),
            self.is_picked_from,
        )
        return services.templates.compiled(self.view.language, source).render(self._values())

    def _values(self) -> dict[str, Any]:
        language = self.view.language
        fmt = Formats(language)
        cells = Cells(language, self.view.zone, self.names)
        values: dict[str, Any] = {
            "rows": self.records,
            "names": self.names,
            "zone": self.view.zone,
            "moment": fmt.moment,
            "clock": _clock,
            "money": fmt.money,
            "number": fmt.number,
            "yes": say(language, YES),
            "no": say(language, NO),
            "dash": NO_VALUE,
            "heads": [column.label for column in self.columns],
            "cell": cells.of,
            "held": held,
            "told": cells.computed,
            "fields": [column.field or column.computed for column in self.columns],
            "units": [self._unit(column) for column in self.columns],
            "words": [self._words(column) for column in self.columns],
        }
        return values

    def _unit(self, column: Column) -> str:
        declared = column.field.spec if column.field else column.computed
        return say(self.view.language, declared.unit) if declared else ""

    def _words(self, column: Column) -> dict[Any, str]:
        choices = column.field.spec.choices if column.field else None
        return {one: say(self.view.language, one.label) for one in choices or ()}


def _clock(value: time) -> str:
    return value.strftime("%H:%M")


def _part(number: int, column: Column) -> tuple[str, str, str, bool]:
    """(value, style, how a value is drawn, whether it may be empty) of one column."""
    if column.field is None:
        drawn = f"{{% set c = told(fields[{number}], r) %}}{{{{ c.text }}}} {_UNIT}"
        return "r.version", column.style, drawn.replace("N", str(number)), False
    value = f"held(r, fields[{number}])" if column.field.code else f"r.{column.name}"
    return value, column.style, _drawn(number, column.field), column.field.is_nullable


_UNIT = '<span class="unit">{{ units[N] }}</span>'


def _drawn(number: int, declared: Field) -> str:
    """The template of one value `v` of a record `r`."""
    spec = declared.spec
    if declared.code or guard_of(declared):
        unit = f" {_UNIT.replace('N', str(number))}" if declared.is_number and spec.unit.en else ""
        return f"{{{{ cell(fields[{number}], r).text }}}}{unit}"
    if declared.has(Show.TITLE):
        return '<a id="t-{{ loop.index }}" href="/archive/{{ path }}/{{ r.id }}">{{ v }}</a>'
    match spec.kind:
        case Kind.REFERENCE:
            target = path_of(model_of(spec.target))
            link = f'<a href="/archive/{target}/{{{{ v }}}}">{{{{ names[v] }}}}</a>'
            return f"{{% if v in names %}}{link}{{% else %}}{{{{ dash }}}}{{% endif %}}"
        case Kind.MONEY:
            currency = f"r.{spec.currency}" if spec.currency else "'CNY'"
            return f"{{{{ money(v, {currency}, 2) }}}}"
        case Kind.WHOLE | Kind.NUMBER:
            digits = f"{spec.digits} if v % 1 else 0" if spec.kind is Kind.NUMBER else "0"
            unit = f" {_UNIT.replace('N', str(number))}" if spec.unit.en else ""
            return f"{{{{ number(v, {digits}) }}}}{unit}"
        case kind if kind in _DRAWN:
            return _DRAWN[kind].replace("words[v]", f"words[{number}][v]")
        case _:
            return f"{{{{ cell(fields[{number}], r).text }}}}"


@lru_cache(maxsize=512)
def _source(path: str, parts: tuple[tuple[str, str, str, bool], ...], is_picked_from: bool) -> str:
    """The text of the template."""
    cells = []
    for number, (name, style, drawn, is_nullable) in enumerate(parts):
        head = f'data-label="{{{{ heads[{number}] }}}}"'
        plain = f'<td class="{style}" {head}>{drawn.replace("{{ path }}", path)}</td>'
        empty = f'<td class="{style} record-none" {head}>{{{{ dash }}}}</td>'
        chosen = (
            f"{{% if v is none %}}{empty}{{% else %}}{plain}{{% endif %}}" if is_nullable else plain
        )
        cells.append(f"{{% set v = {name} %}}{chosen}")
    pick = (
        '<td class="pick"><input type="checkbox" name="id" value="{{ r.id }}"'
        ' aria-labelledby="t-{{ loop.index }}"></td>'
        if is_picked_from
        else ""
    )
    row = '<tr data-id="{{ r.id }}" data-version="{{ r.version }}">'
    return f"{{% for r in rows %}}{row}{pick}{''.join(cells)}</tr>\n{{% endfor %}}"
