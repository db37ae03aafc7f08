"""Every part of the pages on one page: the reference of templates and of screenshots."""

from fastapi import APIRouter
from starlette.responses import Response

from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)


@router.get("/ui-kit")
def show(view: CurrentView) -> Response:
    return view.page("ui-kit.html")
