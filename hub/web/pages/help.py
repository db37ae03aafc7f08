"""Help: by topic, by words, beside the page one is on; and the first look around."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import NotFoundError, T
from hub.web import tours
from hub.web.deps import CurrentUser, Hub, WriteSession
from hub.web.help import RELEASE, find, topics
from hub.web.pages.login import own_address
from hub.web.palette import Q_MAX, plain
from hub.web.views import CurrentView, tour_key

router = APIRouter(include_in_schema=False)


@router.get("/help")
def show(view: CurrentView, q: Annotated[str, Query(max_length=Q_MAX * 4)] = "") -> Response:
    found = find(view.language, plain(q))
    known = topics(view.language).values()
    return view.page("help.html", q=q, found=found, topics=known, release=RELEASE)


@router.get("/help/{slug}")
def topic(view: CurrentView, slug: str) -> Response:
    """The whole page, or its text alone for the dialog of another page."""
    known = topics(view.language)
    if slug not in known:
        raise NotFoundError(T("没有这个帮助主题。", "There is no such help topic."))
    return view.page("help-topic.html", topic=known[slug], topics=known.values(), release=RELEASE)


@router.post("/tour")
def go(
    services: Hub,
    actor: CurrentUser,
    session: WriteSession,
    step: Annotated[int, Form(ge=tours.OVER, le=20)],
    here: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """To the next step of the look around, or to its end."""
    page = tours.go(session, actor, step)
    services.recent.forget(tour_key(actor))
    return RedirectResponse(page or own_address(here), 303)
