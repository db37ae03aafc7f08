"""The cold-chain log of a day: printable, with excursions, what was done, and a signature."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.analytics import cold_chain
from hub.analytics.stores import StoreClock
from hub.archive.stores.records import Store
from hub.kit.records.access import load
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("readings.read")])

SIGN = "alerts.update"


@router.get("/stores/{id}/cold-chain")
def show_log(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    id: UUID,
    day: date | None = None,
) -> Response:
    store = load(session, Store, id)
    actor.demand("readings.read", store.id)
    clock = StoreClock.of(store)
    today = clock.day_of(view.now)
    shown = min(day or today - timedelta(days=1), today)
    units = cold_chain.log_of(session, services.timeseries, _air_of(services, id), clock, shown)
    zoned = replace(view, zone=ZoneInfo(store.zone), store_id=store.id)
    return zoned.page(
        "cold-chain.html",
        store=store,
        day=shown,
        units=units,
        signature=cold_chain.signature(session, id, shown),
        may_sign=actor.may(SIGN, id) and shown < today,
        before=view.here(day=shown - timedelta(days=1)),
        after=view.here(day=shown + timedelta(days=1)) if shown < today else None,
    )


def _air_of(services: Services, store_id: UUID) -> dict[str, int]:
    """The series of the air temperature by device."""
    known = services.registry.of_store(store_id)
    return {one.device: one.id for one in known if one.metric == cold_chain.AIR}


@router.post("/stores/{id}/cold-chain/{day}")
def sign_log(
    session: WriteSession,
    actor: CurrentUser,
    id: UUID,
    day: date,
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    store = load(session, Store, id)
    actor.demand(SIGN, store.id)
    cold_chain.sign(session, StoreClock.of(store), day, note)
    return RedirectResponse(f"/stores/{id}/cold-chain?day={day}", 303)
