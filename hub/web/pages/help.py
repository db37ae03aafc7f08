"""Help: what the signs mean, what to do first, how an agent is connected."""

from fastapi import APIRouter
from starlette.responses import Response

from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)


@router.get("/help")
def show(view: CurrentView) -> Response:
    return view.page("help.html")
