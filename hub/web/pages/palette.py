"""/palette: what Ctrl-K finds, for the dialog that is open; /scan: to what a scanned code means."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.web.deps import CurrentUser, Hub, ReadSession
from hub.web.palette import Q_MAX, Palette
from hub.web.scanning import place_of
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)


@router.get("/palette")
def show(
    view: CurrentView,
    actor: CurrentUser,
    session: ReadSession,
    services: Hub,
    q: Annotated[str, Query(max_length=Q_MAX * 4)] = "",
) -> Response:
    groups = Palette(session, actor, view.language, services.recent).find(q)
    return view.page("palette.html", groups=groups, q=q)


@router.get("/scan")
def scan(
    view: CurrentView,
    actor: CurrentUser,
    session: ReadSession,
    services: Hub,
    code: Annotated[str, Query(min_length=1, max_length=300)],
) -> Response:
    palette = Palette(session, actor, view.language, services.recent)
    return RedirectResponse(place_of(services, actor, palette, code), 303)
