"""Administration: what runs."""

from importlib.metadata import version

from fastapi import APIRouter
from starlette.responses import Response

from hub.errors import T
from hub.kit.storage import storage
from hub.settings import HubSettings
from hub.web.automation import DAYS, saved
from hub.web.deps import Hub, ReadSession, require
from hub.web.views import CurrentView

STORAGE_AGE_S = 60.0
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
    data_dir = services.settings.data_dir
    return view.page(
        "admin.html",
        version=version("storevitals"),
        engine=services.settings.timeseries_url.partition(":")[0],
        database="SQLite" if services.db.is_sqlite else "PostgreSQL",
        storage=services.recent.get("storage", STORAGE_AGE_S, lambda: storage(data_dir)),
        keeps=_keeps(services.settings),
    )


def _keeps(settings: HubSettings) -> list[tuple[T, int]]:
    """For how many days raw points of each class are kept; 0: for ever."""
    return [
        (T("温度、功率等", "Temperatures, powers …"), settings.keep_gauges_days),
        (T("状态", "States"), settings.keep_states_days),
        (T("累计量", "Running totals"), settings.keep_counters_days),
        (T("客流等计数", "Counts of people"), settings.keep_events_days),
    ]
