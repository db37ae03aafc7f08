"""The filters of a list as chips: each says its condition and opens the choice of another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.errors import T
from hub.kit.records.declare import Field
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.query import Filter, Operator, Query, is_filterable
from hub.web.language import say
from hub.web.records.cells import Cells
from hub.web.records.state import ListState

UNOFFERED = (Kind.INSTANT,)
_SAID = {
    Operator.IN: T("{v}", "{v}"),
    Operator.NOT: T("不是 {v}", "not {v}"),
    Operator.GTE: T("≥ {v}", "≥ {v}"),
    Operator.LTE: T("≤ {v}", "≤ {v}"),
    Operator.GT: T("> {v}", "> {v}"),
    Operator.LT: T("< {v}", "< {v}"),
    Operator.HAS: T("含“{v}”", "has “{v}”"),
}
_EMPTY = {True: T("空", "empty"), False: T("不空", "not empty")}
_OR = T(" 或 ", " or ")


@dataclass(frozen=True, slots=True)
class Chip:
    """One field; `said` is its condition, empty where it has none; `gone` the list without it."""

    field: str
    label: str
    said: str
    gone: str


def chips(state: ListState, cells: Cells, fields: Mapping[str, Field], query: Query) -> list[Chip]:
    """Those in force first, then what the type is usually narrowed by."""
    used = list(dict.fromkeys(one.field for one in query.filters))
    usual = [n for n, field in fields.items() if field.has(Show.FILTER) and n not in used]
    return [_chip(state, cells, fields[name], query) for name in (*used, *usual)]


def others(cells: Cells, fields: Mapping[str, Field], made: Sequence[Chip]) -> list[Chip]:
    """Fields that can be filtered too, for the menu of more filters."""
    known = {chip.field for chip in made}
    return [
        Chip(name, say(cells.language, field.label), "", "")
        for name, field in fields.items()
        if name not in known and is_filterable(field) and field.spec.kind not in UNOFFERED
    ]


def _chip(state: ListState, cells: Cells, field: Field, query: Query) -> Chip:
    said = [_said(cells, field, one) for one in query.filters if one.field == field.name]
    gone = state.without_field(field.name).href() if said else ""
    return Chip(field.name, say(cells.language, field.label), ", ".join(said), gone)


def _said(cells: Cells, field: Field, one: Filter) -> str:
    if one.operator is Operator.EMPTY:
        return say(cells.language, _EMPTY[bool(one.values[0])])
    if one.operator is Operator.HAS or field.spec.kind is Kind.LABELS:
        values = [str(value) for value in one.values]
    else:
        values = [cells.value(field, value).text for value in one.values]
    joined = say(cells.language, _OR).join(values[:3]) + (" …" if len(values) > 3 else "")
    return say(cells.language, _SAID[one.operator]).format(v=joined)
