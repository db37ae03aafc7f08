"""The list of a record type as a page: views, filters, columns, rows, the ways to other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.kit.asker import asker_of
from hub.kit.db import Record, ScopedSession
from hub.kit.preferences.service import preferences
from hub.kit.records.custom import custom_fields, fields_in, held
from hub.kit.records.declare import Field
from hub.kit.records.kinds import POINTING
from hub.kit.records.names import names_of
from hub.kit.records.pointers import named_by
from hub.kit.records.query import Query, Rows, parse, rows
from hub.kit.views.models import SavedView
from hub.kit.views.service import views_for
from hub.web.records.cells import Cells
from hub.web.records.chips import Chip, chips, others
from hub.web.records.columns import choosable, chosen, columns, usual
from hub.web.records.desk import Desk
from hub.web.records.sheet import Column, Sheet
from hub.web.records.state import COLUMNS, ListState
from hub.web.records.totals import known_total

DENSITY = "density"
COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Tab:
    """A saved view; `is_mine` decides who may change it."""

    id: UUID
    name: str
    href: str
    is_here: bool
    is_mine: bool
    is_shared: bool
    by: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """Everything that `records/list.html` shows."""

    state: ListState
    query: Query
    tabs: Sequence[Tab]
    chips: Sequence[Chip]
    more: Sequence[Chip]
    columns: Sequence[Column]
    body: str
    count: int
    total: int | str | None
    next_href: str | None
    first_href: str | None
    is_compact: bool
    can_pick: bool

    @property
    def is_archived(self) -> bool:
        return self.query.is_archived

    @property
    def is_filtered(self) -> bool:
        return bool(self.query.q or self.query.filters or self.query.is_archived)

    @property
    def here(self) -> Tab | None:
        return next((tab for tab in self.tabs if tab.is_here), None)


def state_of(at: Desk, session: ScopedSession) -> ListState:
    """The list that this address asks for."""
    asked = at.view.request.query_params.multi_items()
    return ListState.of(at.path, asked, views_for(session, at.model))


def query_of(at: Desk, session: ScopedSession, state: ListState) -> Query:
    """The engine's query of a list; InvalidError when the address makes no sense."""
    cursor = [("cursor", state.cursor)] if state.cursor else []
    return parse(at.model, [*state.engine, *cursor], fields_in(session, at.model))


def column_names(at: Desk, session: ScopedSession, state: ListState, kept: object) -> list[str]:
    """Those in the address, else those the visitor keeps, else the type's."""
    own = custom_fields(session, at.model)
    first = usual(at.model, _has_stores(at), own)
    wanted = state.value(COLUMNS).split(",") if state.value(COLUMNS) else kept
    return chosen(at.model, wanted if isinstance(wanted, list) else [], first, own)


def list_page(at: Desk, session: ScopedSession) -> ListPage:
    """The whole page but the total and the facets, which are asked for when somebody looks."""
    views = views_for(session, at.model)
    state = ListState.of(at.path, at.view.request.query_params.multi_items(), views)
    query = query_of(at, session, state)
    kept = preferences(session, DENSITY, columns_key(at.model))
    fields = fields_in(session, at.model)
    names = column_names(at, session, state, kept.get(columns_key(at.model)))
    works_out = any(one.name in names for one in at.model.__record__.computed)
    found = rows(session, at.model, query, with_lines=works_out)
    can_edit, can_archive = at.may("update") and not query.is_archived, at.may("archive")
    language = at.view.language
    own = custom_fields(session, at.model)
    made = columns(at.model, names, state, query, language=language, can_edit=can_edit, own=own)
    titles = names_of(session, [*_references(fields, names, found), *_filtered(fields, query)])
    cells = Cells(language, at.view.zone, titles)
    can_pick = can_edit or can_archive
    sheet = Sheet(at.view, at.model, made, found.items, titles, can_pick)
    shown = chips(state, cells, fields, query)
    return ListPage(
        state=state,
        query=query,
        tabs=_tabs(session, views, state),
        chips=shown,
        more=others(cells, fields, shown),
        columns=made,
        body=sheet.body(),
        count=len(found.items),
        total=known_total(at.services.recent, session, at.model, query, found),
        next_href=state.href(found.next) if found.next else None,
        first_href=state.href() if query.cursor else None,
        is_compact=kept.get(DENSITY) == COMPACT,
        can_pick=can_pick,
    )


def columns_key(model: type[Record]) -> str:
    return f"columns.{model.__tablename__}"


def _has_stores(at: Desk) -> bool:
    """Whether the visitor sees more than one store."""
    stores = at.actor.scope.store_ids
    return stores is None or len(stores) > 1


def _tabs(session: ScopedSession, views: Sequence[SavedView], state: ListState) -> list[Tab]:
    me = asker_of(session).user_id
    return [
        Tab(
            id=view.id,
            name=view.name,
            href=state.of_view(view).href(),
            is_here=view is state.view,
            is_mine=view.owner_id == me,
            is_shared=view.is_shared,
            by=view.owner_name,
        )
        for view in views
    ]


Wanted = list[tuple[Field, UUID | None]]


def _references(fields: Mapping[str, Field], names: Sequence[str], found: Rows[Record]) -> Wanted:
    """The references that the columns show."""
    shown = [fields[n] for n in names if n in fields and fields[n].spec.kind in POINTING]
    return [
        (p.field, p.id)
        for one in shown
        for record in found.items
        for p in named_by(one.name, one, held(record, one))
    ]


def _filtered(fields: Mapping[str, Field], query: Query) -> Wanted:
    """The references that filters name."""
    return [
        (fields[one.field], value)
        for one in query.filters
        if fields[one.field].spec.kind in POINTING
        for value in one.values
        if isinstance(value, UUID)
    ]


def column_choices(
    at: Desk, session: ScopedSession, names: Sequence[str]
) -> list[tuple[str, str, bool]]:
    """(name, label, whether shown): the shown ones in their order, then the others."""
    known = choosable(at.model, custom_fields(session, at.model))
    order = [*names, *(name for name in known if name not in names)]
    return [(name, at.say(known[name].label), name in names) for name in order]
