"""The choice of one filter: its values with how many records each has, or the ends of a range."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.errors import NotFoundError, T
from hub.kit.db import ScopedSession
from hub.kit.records.custom import fields_in
from hub.kit.records.declare import Field
from hub.kit.records.facets import facets, has_facets
from hub.kit.records.kinds import POINTING, Kind
from hub.kit.records.names import names_of
from hub.kit.records.query import Filter, Operator, Query, is_filterable, operators
from hub.web.records.cells import Cells
from hub.web.records.desk import Desk
from hub.web.records.inputs import input_type, shown, written
from hub.web.records.state import ListState
from hub.web.records.totals import TOTAL_AGE_S, shared_key

NO_FIELD = T("没有这个字段。", "There is no such field.")
EMPTY, FULL = "empty", "full"
_OPERATORS = {
    Operator.IN: T("是", "is"),
    Operator.NOT: T("不是", "is not"),
}
_WHETHER = {EMPTY: T("为空", "is empty"), FULL: T("不为空", "is not empty")}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a list can be narrowed to."""

    value: str
    text: str
    count: int
    is_on: bool


@dataclass(frozen=True, slots=True)
class FilterForm:
    """What the popover of a chip shows; `choices` is None where values are typed."""

    field: str
    label: str
    unit: str
    operators: Sequence[tuple[str, str]]
    operator: str
    choices: Sequence[Choice] | None
    is_range: bool
    type: str
    low: str
    high: str
    word: str
    gone: str


def field_named(at: Desk, session: ScopedSession, name: str) -> Field:
    field = fields_in(session, at.model).get(name)
    if field is None or not is_filterable(field):
        raise NotFoundError(NO_FIELD)
    return field


def filter_form(
    at: Desk, session: ScopedSession, state: ListState, query: Query, field: Field
) -> FilterForm:
    """The form as it stands now."""
    mine = {one.operator: one for one in query.filters if one.field == field.name}
    return FilterForm(
        field=field.name,
        label=at.say(field.label),
        unit=at.say(field.spec.unit),
        operators=_offered(at, field),
        operator=_operator(mine),
        choices=_choices(at, session, query, field, mine) if has_facets(field) else None,
        is_range=Operator.GTE in operators(field),
        type=input_type(field),
        low=_end(field, mine.get(Operator.GTE)),
        high=_end(field, mine.get(Operator.LTE)),
        word=str(mine[Operator.HAS].values[0]) if Operator.HAS in mine else "",
        gone=state.without_field(field.name).href() if mine else "",
    )


def _offered(at: Desk, field: Field) -> list[tuple[str, str]]:
    known = operators(field)
    found = [(Operator.IN.value, at.say(_OPERATORS[Operator.IN]))]
    if Operator.NOT in known:
        found.append((Operator.NOT.value, at.say(_OPERATORS[Operator.NOT])))
    if Operator.EMPTY in known:
        found += [(key, at.say(text)) for key, text in _WHETHER.items()]
    return found


def _operator(mine: Mapping[Operator, Filter]) -> str:
    if Operator.EMPTY in mine:
        return EMPTY if mine[Operator.EMPTY].values[0] else FULL
    return Operator.NOT.value if Operator.NOT in mine else Operator.IN.value


def _end(field: Field, one: Filter | None) -> str:
    return shown(field, one.values[0]) if one else ""


def _choices(
    at: Desk,
    session: ScopedSession,
    query: Query,
    field: Field,
    mine: Mapping[Operator, Filter],
) -> list[Choice]:
    """What there is, and what is chosen though there is none of it now."""
    plain = replace(query, filters=tuple(f for f in query.filters if f.field != field.name))
    key = shared_key(session, at.model, plain, f"facets.{field.name}")
    counted: list[tuple[Any, int]] = at.services.recent.get(
        key, TOTAL_AGE_S, lambda: facets(session, at.model, query, field)
    )
    on = {value for one in mine.values() if one.operator in _OPERATORS for value in one.values}
    counts = dict(counted)
    names = {}
    if field.spec.kind in POINTING:
        names = names_of(session, [(field, value) for value in (*counts, *on)])
    cells = Cells(at.view.language, at.view.zone, names)
    return [
        Choice(_key(value), _text(cells, field, value), counts.get(value, 0), value in on)
        for value in dict.fromkeys((*counts, *on))
    ]


def _key(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(cells: Cells, field: Field, value: Any) -> str:
    return value if field.spec.kind is Kind.LABELS else cells.value(field, value).text


def with_filter(state: ListState, field: Field, sent: Sequence[tuple[str, str]]) -> ListState:
    """The list narrowed to what was chosen in the popover."""
    values = [value for name, value in sent if name == "value" and value.strip()]
    given = dict(sent)
    bare = state.without_field(field.name)
    name = f"filter[{field.name}]"
    operator = given.get("operator", "")
    if operator in _WHETHER:
        return bare.put(f"{name}[empty]", "true" if operator == EMPTY else "false")
    if values:
        joined = ",".join(values)
        return bare.put(f"{name}[not]" if operator == Operator.NOT else name, joined)
    for key, way in (("low", Operator.GTE), ("high", Operator.LTE), ("word", Operator.HAS)):
        typed = given.get(key, "").strip()
        if typed:
            bare = bare.put(f"{name}[{way}]", typed if key == "word" else written(field, typed))
    return bare
