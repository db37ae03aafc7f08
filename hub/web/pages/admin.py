"""Administration: what runs."""

from importlib.metadata import version

from fastapi import APIRouter
from starlette.responses import Response

from hub.web.deps import Hub, require
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("users.read")])


@router.get("/admin")
def show(view: CurrentView, services: Hub) -> Response:
    return view.page(
        "admin.html",
        version=version("storevitals"),
        engine=services.settings.timeseries_url.partition(":")[0],
        database="SQLite" if services.db.is_sqlite else "PostgreSQL",
    )
