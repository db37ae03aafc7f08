"""/archive and /archive/{record-type}: lists, their views, filters, columns and totals."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.kit.merging.service import may_merge
from hub.kit.preferences.service import prefer, preferences
from hub.kit.views.models import QUERY_MAX
from hub.kit.views.service import delete_view, save_view, views_for
from hub.web.deps import CurrentUser, ReadSession, WriteSession
from hub.web.records.bulk import bulk_bar
from hub.web.records.columns import MAX_COLUMNS
from hub.web.records.desk import At, Desk, Posted
from hub.web.records.filters import field_named, filter_form, with_filter
from hub.web.records.lists import (
    COMPACT,
    DENSITY,
    column_choices,
    column_names,
    columns_key,
    list_page,
    query_of,
    state_of,
)
from hub.web.records.menu import menu
from hub.web.records.state import COLUMNS, ListState, decoded
from hub.web.records.totals import total_of
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)
TIDY = "chains.update"  # who may delete what others share
State = Annotated[str, Form(max_length=QUERY_MAX)]


@router.get("/archive")
def show_archive(view: CurrentView, actor: CurrentUser) -> Response:
    """Every record type that the visitor may read, in groups."""
    return view.page("records/archive.html", groups=menu(actor, view.language))


@router.get("/archive/{kind}")
def show_list(at: At, session: ReadSession) -> Response:
    page = list_page(at, session)
    answer = at.page(
        "records/list.html",
        page=page,
        start=at.say(at.model.__record__.start),
        may_create=at.may_create(),
        may_archive=at.may("archive"),
        may_update=at.may("update"),
        may_merge=may_merge(session, at.model),
        bar=bulk_bar(at, session),
    )
    if "HX-Request" in at.view.request.headers:
        answer.headers["HX-Push-Url"] = page.state.href(page.query.cursor)
    return answer


@router.get("/archive/{kind}/total")
def show_total(at: At, session: ReadSession) -> Response:
    """How many there are on all pages; asked for once the rows are there."""
    query = query_of(at, session, state_of(at, session))
    found = total_of(at.services.recent, session, at.model, query)
    return at.page("records/total.html", total=found)


@router.get("/archive/{kind}/filters/{field}")
def show_filter(at: At, session: ReadSession, field: str) -> Response:
    """The popover of a chip; with `apply` the list that was chosen in it."""
    declared = field_named(at, session, field)
    state = state_of(at, session)
    sent = at.view.request.query_params.multi_items()
    if "apply" in dict(sent):
        base = _restored(at, session, dict(sent).get("state", ""))
        return RedirectResponse(with_filter(base, declared, sent).href(), 303)
    form = filter_form(at, session, state, query_of(at, session, state), declared)
    return at.page("records/filter.html", form=form, state=_stored(state))


@router.get("/archive/{kind}/columns")
def show_columns(at: At, session: ReadSession) -> Response:
    """The choice of columns, for a dialog."""
    state = state_of(at, session)
    key = columns_key(at.model)
    names = column_names(at, session, state, preferences(session, key).get(key))
    choices = column_choices(at, session, names)
    return at.page("records/columns.html", choices=choices, state=_stored(state))


@router.post("/archive/{kind}/columns")
def keep_columns(at: At, session: WriteSession, sent: Posted, state: State = "") -> Response:
    """Kept for this visitor and record type; without any, the type's own again.

    In a view they are also part of the address, so that the view can keep them.
    """
    wanted = [name for name in sent.get("order", "").split(",") if sent.get(f"show.{name}")]
    names = wanted[:MAX_COLUMNS]
    prefer(session, columns_key(at.model), names or None)
    base = _restored(at, session, state)
    put = base.put(COLUMNS, ",".join(names) if base.view else "")
    return RedirectResponse(put.href(), 303)


@router.post("/archive/{kind}/density")
def keep_density(at: At, session: WriteSession, sent: Posted, state: State = "") -> Response:
    prefer(session, DENSITY, COMPACT if sent.get("compact") else None)
    return RedirectResponse(_restored(at, session, state).href(), 303)


@router.post("/archive/{kind}/views")
def keep_view(at: At, session: WriteSession, sent: Posted, state: State = "") -> Response:
    base = _restored(at, session, state)
    query = urlencode(base.pairs, safe="[],")
    is_shared = bool(sent.get("shared"))
    name = sent.get("name", "")
    view = save_view(session, at.model, name, base.engine, query, is_shared=is_shared)
    return RedirectResponse(base.of_view(view).href(), 303)


@router.post("/archive/{kind}/views/{id}/delete")
def remove_view(at: At, session: WriteSession, id: UUID) -> Response:
    delete_view(session, id, may_tidy=at.actor.reach(TIDY) is None)
    return RedirectResponse(at.path, 303)


def _stored(state: ListState) -> str:
    """A list in one hidden field of a form."""
    pairs = [*state.pairs, ("view", state.view.name)] if state.view else list(state.pairs)
    return urlencode(pairs, safe="[],")


def _restored(at: Desk, session: ReadSession, stored: str) -> ListState:
    return ListState.of(at.path, decoded(stored), views_for(session, at.model))
