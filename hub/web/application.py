"""The ASGI application: every router of the API and of the pages, in literal lists."""

import asyncio

from fastapi import APIRouter, Depends, FastAPI
from starlette.routing import Match
from starlette.types import Scope

from hub.web.api import (
    agent_care,
    agents,
    alerts,
    approvals,
    audit,
    auth,
    days,
    events,
    exchange,
    files,
    fit,
    health,
    jobs,
    people,
    records,
    stores,
    timeseries,
    webhooks,
)
from hub.web.api import merging as merging_api
from hub.web.api import stocktakes as stocktake_api
from hub.web.api import store_health as health_api
from hub.web.api import story as story_api
from hub.web.api import tickets as ticket_api
from hub.web.api import transfers as transfer_api
from hub.web.api import work_orders as order_api
from hub.web.approvals import install_approvals
from hub.web.deps import DOORS
from hub.web.headers import SafeHeaders
from hub.web.measures import Metering
from hub.web.once import install_replays, refuse_lost_key
from hub.web.openapi import Api
from hub.web.pages import (
    account,
    admin,
    agent_page,
    alert_desk,
    alert_page,
    alert_rules,
    assortment,
    checkout,
    cold_chain,
    comments,
    company,
    courses,
    devices,
    dossier,
    expiry,
    favourites,
    feedback,
    home,
    imports,
    interfaces,
    invitation,
    login,
    machine_charts,
    maintenance,
    merging,
    notice_settings,
    notices,
    order_link,
    order_photos,
    order_sheet,
    overview,
    persons,
    policies,
    practice,
    privacy,
    promotions,
    record_bulk,
    record_cells,
    record_files,
    record_lists,
    refused,
    roles,
    sales,
    sales_figures,
    stock,
    stock_dates,
    stock_watch,
    stocktakes,
    store,
    store_health,
    takebacks,
    tasks,
    till,
    transfers,
    trust,
    ui_kit,
    work_orders,
    worker,
)
from hub.web.pages import agents as agent_pages
from hub.web.pages import alerts as alert_pages
from hub.web.pages import approvals as approval_pages
from hub.web.pages import audit as audit_pages
from hub.web.pages import help as help_pages
from hub.web.pages import palette as palette_pages
from hub.web.pages import people as people_pages
from hub.web.pages import records as record_pages
from hub.web.pages import story as story_pages
from hub.web.pages.errors import page_error
from hub.web.problems import install_problems
from hub.web.services import Services

API_PREFIX = "/api/v1"
API: tuple[APIRouter, ...] = (
    auth.router,
    agents.router,
    agent_care.router,
    people.router,
    audit.router,
    approvals.router,
    health.router,
    events.router,
    timeseries.router,
    days.router,
    stores.router,
    story_api.router,
    alerts.router,
    order_api.router,
    health_api.router,
    jobs.router,
    webhooks.router,
    exchange.router,
    files.router,
    fit.router,
    stocktake_api.router,
    transfer_api.router,
    ticket_api.router,
    merging_api.router,
    records.router,
)
PAGES: tuple[APIRouter, ...] = (
    overview.router,
    home.router,
    tasks.router,
    favourites.router,
    courses.router,
    login.router,
    company.router,
    trust.router,
    store.router,
    sales.router,
    promotions.router,
    checkout.router,
    takebacks.router,
    sales_figures.router,
    assortment.router,
    stocktakes.router,
    transfers.router,
    stock_dates.router,
    expiry.router,
    stock_watch.router,
    stock.router,
    alert_pages.router,
    imports.router,
    record_files.router,
    record_lists.router,
    record_bulk.router,
    record_cells.router,
    merging.router,
    alert_desk.router,
    notices.router,
    notice_settings.router,
    alert_rules.router,
    alert_page.router,
    maintenance.router,
    work_orders.router,
    order_photos.router,
    order_sheet.router,
    order_link.router,
    worker.router,
    store_health.router,
    story_pages.router,
    dossier.router,
    interfaces.router,
    cold_chain.router,
    record_pages.router,
    palette_pages.router,
    comments.router,
    admin.router,
    agent_pages.router,
    devices.router,
    machine_charts.router,
    refused.router,
    agent_page.router,
    help_pages.router,
    feedback.router,
    practice.router,
    till.router,
    account.router,
    invitation.router,
    people_pages.router,
    roles.router,
    audit_pages.router,
    approval_pages.router,
    privacy.router,
    persons.router,
    policies.router,
    ui_kit.router,
)


class ApiRouter(APIRouter):
    """The whole API; addresses of pages are not compared with its hundreds of routes."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not scope["path"].startswith(API_PREFIX):
            return Match.NONE, {}
        return super().matches(scope)


def create_app(services: Services) -> FastAPI:
    """The ASGI application over parts that are already there; tests use it as well."""
    app = Api(
        title="StoreVitals",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    app.state.door = asyncio.Semaphore(DOORS)
    app.mount("/static", services.templates.assets)
    api = ApiRouter()
    for router in API:
        api.include_router(router)
    app.include_router(api, prefix=API_PREFIX, dependencies=[Depends(refuse_lost_key)])
    for router in PAGES:
        app.include_router(router)
    install_problems(app, page_error)
    install_approvals(app)
    install_replays(app)
    app.add_middleware(SafeHeaders, is_https=services.settings.is_https)
    app.add_middleware(Metering)
    return app
