"""The star of every page, and the way to the page that somebody begins with."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession
from hub.web.favourites import start_of, toggle
from hub.web.pages.login import own_address
from hub.web.views import favourites_key

router = APIRouter(include_in_schema=False)


@router.get("/start")
def start(session: ReadSession, actor: CurrentUser) -> Response:
    return RedirectResponse(start_of(session, actor), 303)


@router.post("/favourites")
def star(
    services: Hub,
    actor: CurrentUser,
    session: WriteSession,
    href: Annotated[str, Form(max_length=400)],
    title: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    page = own_address(href)
    toggle(session, page, title)
    services.recent.forget(favourites_key(actor))
    return RedirectResponse(page, 303)
