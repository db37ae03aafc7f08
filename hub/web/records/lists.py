"""The list of a record type as a page: tools, columns, rows and the ways to other pages of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from hub.kit.db import Record, ScopedSession
from hub.kit.records.declare import Field, fields_of, path_of, shown, title_of
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.names import choices_for, names_of, references
from hub.kit.records.query import Query, is_sortable, parse, rows
from hub.web.language import say
from hub.web.records.cells import Cell, Cells
from hub.web.records.totals import total_of
from hub.web.rendering import View
from hub.web.services import Services

PAGE_SIZE = 50
NAME = "record-name"
OURS = ("lang", "look")  # parameters of every page, none of the list


@dataclass(frozen=True, slots=True)
class Column:
    """A head of the table, and the label of its values on phones; `order` is as in `aria-sort`."""

    label: str
    style: str
    href: str
    order: str


@dataclass(frozen=True, slots=True)
class Row:
    """Each cell with its column; the one of the title leads to the record."""

    id: UUID
    cells: Sequence[tuple[Cell, Column]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A select of the tool bar: one field that the list can be narrowed by."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ListPage:
    """Everything that `records/list.html` shows."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    tools: Sequence[Tool]
    chips: Sequence[tuple[str, str]]
    total: int | str
    q: str
    kept: Sequence[tuple[str, str]]
    is_archived: bool
    is_filtered: bool
    next_href: str | None
    first_href: str | None
    address: str


def list_page(view: View, session: ScopedSession, model: type[Record]) -> ListPage:
    """The list that this address asks for; InvalidError when the address makes no sense."""
    params = [(k, v) for k, v in view.request.query_params.multi_items() if k not in OURS]
    query = parse(model, params)
    found = rows(session, model, query)
    services: Services = view.request.app.state.services
    tools = _tools(view, session, model)
    fields = _columns(model, tools)
    columns = [_column(view, query, field) for field in fields]
    cells = Cells(view.language, view.zone, names_of(session, references(found.items)))
    return ListPage(
        columns=columns,
        rows=[_row(cells, list(zip(fields, columns, strict=True)), one) for one in found.items],
        tools=tools,
        chips=_chips(view, cells, model, query),
        total=total_of(services.recent, session, model, query, found),
        q=query.q,
        kept=_kept(params, tools),
        is_archived=query.is_archived,
        is_filtered=bool(query.q or query.filters or query.is_archived),
        next_href=view.here(cursor=found.next) if found.next else None,
        first_href=view.here(cursor=None) if query.cursor else None,
        address=_clean(view, params),
    )


def _kept(params: Sequence[tuple[str, str]], tools: Sequence[Tool]) -> list[tuple[str, str]]:
    """What the tool bar has no input for: order and rarer filters, which a search must not lose."""
    shown = {"q", "archived", "cursor", *(tool.name for tool in tools)}
    return [(name, value) for name, value in params if name not in shown]


def _clean(view: View, params: Sequence[tuple[str, str]]) -> str:
    """The address without what a form leaves empty: this one is copied and sent to colleagues."""
    kept = [(name, value) for name, value in params if value.strip()]
    path = view.request.url.path
    return f"{path}?{urlencode(kept, safe='[],')}" if kept else path


def _columns(model: type[Record], tools: Sequence[Tool]) -> list[Field]:
    """Key and name first; the store is left out for those who have only one to choose."""
    has_stores = any(tool.name == "filter[store_id]" for tool in tools)
    fields = [f for f in shown(model, Show.LIST) if f.name != "store_id" or has_stores]
    return sorted(fields, key=lambda field: not field.has(Show.KEY | Show.TITLE))


def _column(view: View, query: Query, field: Field) -> Column:
    label = say(view.language, field.label)
    style = NAME if field.has(Show.TITLE) else "num" if field.is_number else ""
    if not is_sortable(field):
        return Column(label, style, "", "")
    is_here = query.sort.removeprefix("-") == field.name
    is_up = is_here and not query.sort.startswith("-")
    order = "ascending" if is_up else "descending" if is_here else ""
    href = view.here(sort=f"-{field.name}" if is_up else field.name, cursor=None)
    return Column(label, style, href, order)


def _row(cells: Cells, columns: Sequence[tuple[Field, Column]], record: Record) -> Row:
    address = f"/archive/{path_of(type(record))}/{record.id}"
    made = []
    for field, column in columns:
        cell = cells.of(field, record)
        made.append((Cell(cell.text, href=address) if column.style == NAME else cell, column))
    return Row(record.id, made)


def _tools(view: View, session: ScopedSession, model: type[Record]) -> list[Tool]:
    """Selects for choices and references; a reference with one possible value needs none."""
    asked = view.request.query_params
    tools = []
    for field in shown(model, Show.FILTER):
        options: list[tuple[str, str]] = []
        if field.spec.choices:
            options = [(c.value, say(view.language, c.label)) for c in field.spec.choices]
        elif field.spec.kind is Kind.REFERENCE:
            options = [(str(r.id), title_of(r)) for r in choices_for(session, field, None)]
        name = f"filter[{field.name}]"
        if len(options) > 1:
            label = say(view.language, field.label)
            tools.append(Tool(name, label, asked.get(name, ""), options))
    return tools


def _chips(view: View, cells: Cells, model: type[Record], query: Query) -> list[tuple[str, str]]:
    """Filters in force that no select of the tool bar shows, with the address without each."""
    chips = []
    fields = fields_of(model)
    for one in query.filters:
        field = fields[one.field]
        is_plain = one.operator == "in"
        if is_plain and len(one.values) == 1 and field.has(Show.FILTER):
            continue
        name = f"filter[{one.field}]" + ("" if is_plain else f"[{one.operator}]")
        signs = {"gte": "≥ ", "lte": "≤ ", "gt": "> ", "lt": "< ", "has": "∋ "}
        values = ", ".join(cells.value(field, value).text for value in one.values)
        text = f"{say(view.language, field.label)} {signs.get(one.operator, '')}{values}"
        chips.append((text, view.here(**{name: None, "cursor": None})))
    return chips
