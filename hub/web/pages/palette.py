"""/palette: what Ctrl-K finds, as a fragment for the dialog that is open."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.web.deps import CurrentUser, Hub, ReadSession
from hub.web.palette import Q_MAX, Palette
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
