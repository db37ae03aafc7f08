"""Agents: who speaks for which store, until when; let one in, shut one out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.stores.records import Store
from hub.errors import T
from hub.ingest.enrolment import Place, Standing
from hub.ingest.tables import AgentRow, NodeState
from hub.kit.db import ScopedSession
from hub.kit.records import query as records
from hub.kit.records.access import load
from hub.security.pki import grouped
from hub.web.api.agents import agent_of, enrolment_of
from hub.web.deps import ByPerson, CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.language import Language, say
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("agents.read")])
STATES = {
    NodeState.NEW: (T("还没有上报", "not heard yet"), "low"),
    NodeState.ONLINE: (T("在线", "online"), "ok"),
    NodeState.OFFLINE: (T("离线", "offline"), "high"),
    NodeState.QUARANTINED: (T("已隔离", "quarantined"), "critical"),
}
REVOKED = (T("已吊销", "revoked"), "low")
WAITS = (T("等待批准续期", "asks for renewal"), "medium")


@dataclass(frozen=True, slots=True)
class AgentLine:
    """An edge node and how it is."""

    id: UUID
    name: str
    store_id: UUID
    store: str
    state: str
    severity: str
    heard_at: datetime | None
    until: datetime | None
    is_revoked: bool
    waits: bool


@router.get("/admin/agents")
def listed(view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser) -> Response:
    stores = _stores(session)
    return view.page(
        "agents.html",
        agents=[one for one in lines(session, services, view.language) if one.store_id in stores],
        stores={own: name for own, name in stores.items() if actor.may("agents.create", own)},
        has_authority=services.enrolment is not None,
        may_revoke=actor.may("agents.archive"),
        may_approve=actor.may("agents.update"),
    )


@router.post("/admin/agents/code", dependencies=[ByPerson])
def offer(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    store: Annotated[UUID, Form()],
) -> Response:
    """The code is on this page alone: it cannot be shown again."""
    where = load(session, Store, store)
    actor.demand("agents.create", where.id)
    enrolment = enrolment_of(services)
    made = enrolment.offer(Place(where.chain_id, where.id), asker_for(actor, origin))
    url, mark = services.settings.base_url, enrolment.authority.fingerprint
    link = f"{url}/#enrol/{made.code}/{mark}"
    return view.page(
        "agent-code.html",
        store=where,
        offer=made,
        code=f"{made.code[:4]}-{made.code[4:]}",
        command=f"sudo storevitals-agent enrol {made.code} --hub {url} --fingerprint {mark[:16]}",
        mark=grouped(mark),
        url=url,
        svg=segno.make(link, error="m").svg_inline(scale=4, border=2, light="#fff"),
    )


@router.post("/admin/agents/{id}/revoke", dependencies=[ByPerson])
def revoke(
    session: ReadSession, services: Hub, actor: CurrentUser, origin: From, id: UUID
) -> Response:
    actor.demand("agents.archive", agent_of(session, id).store_id)
    enrolment_of(services).revoke(id, asker_for(actor, origin))
    return RedirectResponse("/admin/agents", 303)


@router.post("/admin/agents/{id}/approve-renewal", dependencies=[ByPerson])
def approve(
    session: ReadSession, services: Hub, actor: CurrentUser, origin: From, id: UUID
) -> Response:
    actor.demand("agents.update", agent_of(session, id).store_id)
    enrolment_of(services).approve_renewal(id, asker_for(actor, origin))
    return RedirectResponse("/admin/agents", 303)


def lines(session: ScopedSession, services: Services, language: Language) -> list[AgentLine]:
    """Those of the stores that the visitor sees."""
    standing = services.enrolment.standing() if services.enrolment else {}
    stores = _stores(session)
    live = {node.agent_id: node for node in services.registry.nodes()}
    rows = session.scalars(select(AgentRow).order_by(AgentRow.node_id)).all()
    found = []
    for row in rows:
        node, its = live.get(row.id), standing.get(row.id)
        text, severity = _state(node.state if node else NodeState(row.state), its)
        found.append(
            AgentLine(
                id=row.id,
                name=row.node_id,
                store_id=row.store_id,
                store=stores.get(row.store_id, ""),
                state=say(language, text),
                severity=severity,
                heard_at=node.heard_at if node else row.heard_at,
                until=its.ends_at if its else None,
                is_revoked=bool(its and its.is_revoked),
                waits=bool(its and its.waits),
            )
        )
    return found


def _state(state: NodeState, its: Standing | None) -> tuple[T, str]:
    if its and its.is_revoked:
        return REVOKED
    return WAITS if its and its.waits else STATES[state]


def _stores(session: ScopedSession) -> dict[UUID, str]:
    found = records.rows(session, Store, records.Query(sort="code", size=records.MAX_SIZE))
    return {store.id: store.name for store in found.items}
