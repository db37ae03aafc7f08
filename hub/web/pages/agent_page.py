"""One agent: what it runs, what it should run, what it was told; and roll-outs of software."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.regions.records import Region
from hub.archive.stores.records import Store
from hub.errors import T
from hub.ingest.order_tables import OrderRow, RolloutState
from hub.ingest.orders import STAGES
from hub.kit.records.access import load
from hub.web.api.agent_care import (
    OrderBody,
    RolloutBody,
    demand_chain,
    orders_for,
    orders_of,
    reports,
    rollouts,
    running,
    set_state,
    start,
    wish,
)
from hub.web.api.agents import agent_of
from hub.web.deps import ByPerson, CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.language import Language, say
from hub.web.views import CurrentView
from protocols.orders import Verb

router = APIRouter(include_in_schema=False, dependencies=[require("agents.read")])
VERBS = {
    Verb.CONFIGURE: T("配置", "Configuration"),
    Verb.UPDATE: T("软件更新", "Update"),
    Verb.RESTART: T("重启", "Restart"),
    Verb.CHECK: T("自检", "Self-test"),
}
STATES = {
    "waiting": (T("等待采集端", "waiting for the agent"), "low"),
    "begun": (T("执行中", "under way"), "low"),
    "on_trial": (T("验证中", "on trial"), "medium"),
    "done": (T("已完成", "done"), "ok"),
    "refused": (T("被拒绝", "refused"), "high"),
    "failed": (T("失败，未改变", "failed, nothing changed"), "high"),
    "returned": (T("已退回上一版", "went back"), "high"),
    "expired": (T("已过期", "expired"), "low"),
}
ROLLOUT_STATES = {
    "running": (T("进行中", "running"), "medium"),
    "paused": (T("已暂停：有采集端未成功", "paused: an agent did not succeed"), "high"),
    "done": (T("已完成", "done"), "ok"),
    "stopped": (T("已停止", "stopped"), "low"),
}


@dataclass(frozen=True, slots=True)
class OrderLine:
    what: str
    state: str
    severity: str
    told: str
    issued_at: datetime
    made_by: str


@router.get("/admin/agents/{id}")
def shown(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser, id: UUID
) -> Response:
    agent = agent_of(session, id)
    actor.demand("agents.read", agent.store_id)
    runs, orders = running(session, id), orders_for(session, id)
    node = next((n for n in services.registry.nodes() if n.agent_id == id), None)
    wished = next((o for o in orders if o.verb == Verb.CONFIGURE and not o.is_final), None)
    return view.page(
        "agent.html",
        agent=agent,
        store=load(session, Store, agent.store_id),
        heard_at=node.heard_at if node else agent.heard_at,
        runs=runs,
        wished=str(wished.arguments.get("text", "")) if wished else runs.configuration,
        is_changing=wished is not None,
        orders=[_line(order, view.language) for order in orders],
        reports=reports(session, id),
        bundles=services.orders.bundles() if services.orders else [],
        may_order=services.orders is not None and actor.may("agents.update", agent.store_id),
    )


@router.post("/admin/agents/{id}/orders", dependencies=[ByPerson])
def give(
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    id: UUID,
    verb: Annotated[Verb, Form()],
    text: Annotated[str, Form(max_length=100_000)] = "",
    sha256: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    actor.demand("agents.update", agent_of(session, id).store_id)
    asked = wish(services, OrderBody(verb=verb, text=text, sha256=sha256))
    orders_of(services).issue(id, asked, asker_for(actor, origin))
    return RedirectResponse(f"/admin/agents/{id}", 303)


@router.get("/admin/rollouts")
def listed(view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser) -> Response:
    return view.page(
        "rollouts.html",
        rollouts=rollouts(session),
        bundles=services.orders.bundles() if services.orders else [],
        regions=session.scalars(select(Region).order_by(Region.code)).all(),
        stages=STAGES,
        words={name: (say(view.language, text), s) for name, (text, s) in STATES.items()},
        states={name: (say(view.language, text), s) for name, (text, s) in ROLLOUT_STATES.items()},
        may_roll_out=services.orders is not None and actor.reach("agents.update") is None,
    )


@router.post("/admin/rollouts", dependencies=[ByPerson])
def begin(
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    sha256: Annotated[str, Form(max_length=64)],
    region_id: Annotated[UUID | Literal[""], Form()] = "",
) -> Response:
    body = RolloutBody(sha256=sha256, region_id=region_id or None)
    start(session, services, actor, asker_for(actor, origin), body)
    return RedirectResponse("/admin/rollouts", 303)


@router.post("/admin/rollouts/{id}/{step}", dependencies=[ByPerson])
def change(
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    id: UUID,
    step: RolloutState,
) -> Response:
    demand_chain(actor)
    set_state(session, services, asker_for(actor, origin), id, step)
    return RedirectResponse("/admin/rollouts", 303)


def _line(order: OrderRow, language: Language) -> OrderLine:
    text, severity = STATES[order.state]
    return OrderLine(
        what=say(language, VERBS[Verb(order.verb)]),
        state=say(language, text),
        severity=severity,
        told=say(language, T(order.told_zh, order.told_en)),
        issued_at=order.issued_at,
        made_by=order.made_by_name,
    )
