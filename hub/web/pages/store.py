"""The page of one store: how it is, live, and its last fourteen days."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hub.archive.stores.records import Store
from hub.kit.records.access import load
from hub.web.deps import CurrentUser, Hub, ReadSession
from hub.web.pages.charts import DEFAULT_RANGE, RANGES, Channel, Wanted, answer, line_charts
from hub.web.pages.store_page import StorePage
from hub.web.pages.trade import FIGURE_AGE_S
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)


def page_of(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    id: UUID,
    range: str = DEFAULT_RANGE,
) -> StorePage:
    """The store of the address, 404 where the visitor may not see it."""
    store = load(session, Store, id)
    known = range if range in RANGES else DEFAULT_RANGE
    return StorePage(store, session, services, actor, view.language, view.now, known)


OnePage = Annotated[StorePage, Depends(page_of)]


@router.get("/stores/{id}")
def show_store(view: CurrentView, page: OnePage) -> Response:
    zoned = replace(view, zone=ZoneInfo(page.store.zone), store_id=page.store.id)
    return zoned.kept_page("store.html", FIGURE_AGE_S, store=page.store, page=page)


@router.get("/stores/{id}/charts")
def charts_of(request: Request, page: OnePage, wanted: Annotated[Wanted, Depends()]) -> Response:
    """All linked charts over one range; their alerts as marks."""
    span = wanted.span(page.now)
    charts = page.trade.charts(span)
    groups = [
        [Channel(line.key, line.series, line.digits) for line in plot.lines]
        for plot in page.line_plots
    ]
    drawn = line_charts(page.services.timeseries, groups, span, wanted.width) if groups else []
    for plot, chart in zip(page.line_plots, drawn, strict=True):
        chart["marks"], chart["limits"] = page.marks_of(plot), page.limits_of(plot)
        charts[plot.key] = chart
    return answer(request, span, charts)
