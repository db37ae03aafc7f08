"""Administration: what runs."""

from importlib.metadata import version

from fastapi import APIRouter
from starlette.responses import Response

from hub.web.automation import DAYS, saved
from hub.web.deps import Hub, ReadSession, require
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("users.read")])


@router.get("/admin/automation")
def automation(view: CurrentView, services: Hub, session: ReadSession) -> Response:
    """What the hub does that people did by hand, and its own work (UX-16)."""
    rows = saved(session, services, view.now)
    hours = sum(one.hours for one in rows)
    rounds = sorted(services.rounds.values(), key=lambda one: one.name.en)
    return view.page("automation.html", rows=rows, hours=hours, days=DAYS, rounds=rounds)


@router.get("/admin")
def show(view: CurrentView, services: Hub) -> Response:
    return view.page(
        "admin.html",
        version=version("storevitals"),
        engine=services.settings.timeseries_url.partition(":")[0],
        database="SQLite" if services.db.is_sqlite else "PostgreSQL",
    )
