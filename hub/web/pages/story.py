"""The time line of one store as a page: chips for kinds, days as headings, older on demand."""

from dataclasses import replace
from itertools import groupby
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.records.access import load
from hub.web.api.story import cursor_of, place_of
from hub.web.deps import CurrentUser, ReadSession
from hub.web.language import say
from hub.web.story import Asked, Kind, story
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)
ALL = T("全部", "All")
ICONS = {
    Kind.RECORDS: "edit",
    Kind.ALERTS: "alert",
    Kind.REPAIRS: "wrench",
    Kind.FILES: "copy",
    Kind.AGENTS: "agent",
    Kind.COLD_CHAIN: "freezer",
}


@router.get("/stores/{id}/timeline")
def show_story(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    id: UUID,
    kind: Kind | None = None,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    store = load(session, Store, id)
    kinds = frozenset((kind,)) if kind else frozenset(Kind)
    items, last = story(session, actor, store, Asked(kinds, place_of(cursor)))
    zoned = replace(view, zone=ZoneInfo(store.zone), store_id=store.id)
    days = groupby(items, key=lambda one: one.at.astimezone(zoned.zone).date())
    return zoned.page(
        "store-timeline.html",
        store=store,
        story_kinds=_segments(view, kind),
        kind=kind,
        icons=ICONS,
        days=[(day, list(some)) for day, some in days],
        older=view.here(cursor=cursor_of(last)) if last else None,
        first=view.here(cursor=None) if cursor else None,
    )


def _segments(view: CurrentView, chosen: Kind | None) -> list[tuple[str, str, bool]]:
    """All, and each kind alone."""
    every = (view.here(kind=None, cursor=None), say(view.language, ALL), chosen is None)
    some = [
        (view.here(kind=one.value, cursor=None), say(view.language, one.label), one is chosen)
        for one in Kind
    ]
    return [every, *some]
