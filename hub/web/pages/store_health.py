"""The health of a store as a page: is it well, what to do first, and what the score is made of."""

from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from hub.analytics.health import NAMES, Health, Part, health
from hub.analytics.stores import StoreClock
from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.records.access import load
from hub.maintenance import service as orders
from hub.maintenance.service import OrderQuery
from hub.web.api.store_health import RIGHTS
from hub.web.deps import CurrentUser, ReadSession
from hub.web.language import Language, say
from hub.web.pages.alert_rows import with_minus
from hub.web.pages.order_rows import rows_of
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)

LEVELS = {
    "good": T("健康", "Well"),
    "fair": T("需要留意", "Needs a look"),
    "poor": T("有问题", "In trouble"),
    "unknown": T("还没有数据", "No data yet"),
}
SHAPES = {"good": "ok", "fair": "medium", "poor": "critical", "unknown": "low"}
WHERE = {
    Part.EQUIPMENT: "/alerts?store={id}",
    Part.SALES: "/stores/{id}#sales",
    Part.TRAFFIC: "/stores/{id}",
    Part.DATA: "/stores/{id}",
    Part.COMPLIANCE: "/stores/{id}/cold-chain",
}


@router.get("/stores/{id}/health")
def show_health(view: CurrentView, session: ReadSession, actor: CurrentUser, id: UUID) -> Response:
    store = load(session, Store, id)
    for right in RIGHTS:
        actor.demand(right, store.id)
    found = health(session, StoreClock.of(store), view.now)
    mine = orders.find(
        session, OrderQuery(statuses=("assigned", "accepted", "working"), assigned_to=actor.user_id)
    )
    zoned = replace(view, zone=ZoneInfo(store.zone), store_id=store.id)
    return zoned.page(
        "store-health.html",
        store=store,
        health=found,
        level=(SHAPES[found.level], say(view.language, LEVELS[found.level])),
        parts=_parts(found, view.language, store.id),
        problems=[
            (one, with_minus(say(view.language, one.what)), say(view.language, one.action))
            for one in found.problems
        ],
        tasks=rows_of(session, mine, view),
    )


def _parts(
    found: Health, language: Language, store_id: UUID
) -> list[tuple[str, int | None, int | None, int, str, str]]:
    """Name, score, change in a week, weight, evidence, where to look."""
    return [
        (
            say(language, NAMES[one.part]),
            one.score,
            None if one.score is None or one.before is None else one.score - one.before,
            one.weight,
            say(language, one.evidence) if one.evidence else "",
            WHERE[one.part].format(id=store_id),
        )
        for one in found.parts
    ]
