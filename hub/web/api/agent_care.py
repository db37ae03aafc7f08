"""/agents: what an agent runs, what it is told to do, and roll-outs of software (EDG-14)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from hub.archive.regions.records import Region
from hub.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, T
from hub.ingest.order_tables import AgentDocumentRow, OrderRow, RolloutRow, RolloutState
from hub.ingest.orders import STAGES, Bundle, Orders, Wish, named
from hub.kit.asker import Asker
from hub.kit.db import ScopedSession
from hub.kit.records.access import load
from hub.security.actor import Actor
from hub.web.api.agents import NO_AUTHORITY, agent_of
from hub.web.deps import CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.services import Services
from protocols.orders import DESCRIPTION, SELF_TEST, Verb

router = APIRouter(prefix="/agents", tags=["agents"])
LONGEST = 100_000
SHOWN = 30
_NO_TEXT = T("请填写配置。", "Give the configuration.")
_NO_BUNDLE = T("请选择软件包。", "Name the bundle.")
_WHOLE_CHAIN = T(
    "推送软件要有整个连锁的采集端权限。", "A roll-out takes the right over all stores of the chain."
)
_NO_ROLLOUT = T("没有这次推送。", "There is no such roll-out.")


class OrderBody(BaseModel):
    """`text` (the whole of agent.toml) for `configure`, `sha256` of a bundle for `update`."""

    model_config = ConfigDict(extra="forbid")

    verb: Verb
    text: Annotated[str, Field(max_length=LONGEST)] = ""
    sha256: Annotated[str, Field(max_length=64)] = ""


class OrderRead(BaseModel):
    """`state` is waiting, an outcome of the agent, or expired."""

    id: UUID
    verb: str
    state: str
    told_zh: str
    told_en: str
    issued_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    made_by: str


class RunningRead(BaseModel):
    """What the agent told last of itself; passwords are `***`."""

    software: str
    configuration: str
    at: datetime | None


class BundleRead(BaseModel):
    version: str
    sha256: str
    size: int


class RolloutBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sha256: Annotated[str, Field(max_length=64)]
    region_id: UUID | None = Field(None, description="only in its stores; null: the whole chain")


class RolloutRead(BaseModel):
    """`percent` of the agents have the order; `counts` are its orders by state; `region` is empty
    where it is for the whole chain."""

    id: UUID
    version: str
    region: str
    state: str
    percent: int
    counts: dict[str, int]
    created_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class Running:
    """What an agent says of itself."""

    software: str = ""
    configuration: str = ""
    machine: str = ""
    can_go_back: bool = False
    at: datetime | None = None


def orders_of(services: Services) -> Orders:
    if services.orders is None:
        raise ConflictError(NO_AUTHORITY)
    return services.orders


def running(session: ScopedSession, agent_id: UUID) -> Running:
    row = _newest(session, agent_id, DESCRIPTION, 1)
    if not row:
        return Running()
    told = _object(row[0].text)
    return Running(
        software=str(told.get("software", "")),
        configuration=str(told.get("configuration", "")),
        machine=str(told.get("machine", "")),
        can_go_back=bool(told.get("can_go_back")),
        at=row[0].at,
    )


def reports(session: ScopedSession, agent_id: UUID) -> list[tuple[datetime, dict[str, Any]]]:
    """Self-test reports, newest first."""
    return [(row.at, _object(row.text)) for row in _newest(session, agent_id, SELF_TEST, SHOWN)]


def orders_for(session: ScopedSession, agent_id: UUID) -> Sequence[OrderRow]:
    """Newest first."""
    query = select(OrderRow).where(OrderRow.agent_id == agent_id)
    return session.scalars(query.order_by(OrderRow.id.desc()).limit(SHOWN)).all()


def wish(services: Services, body: OrderBody) -> Wish:
    """Raises InvalidError, NotFoundError."""
    if body.verb is Verb.CONFIGURE:
        if not body.text.strip():
            raise InvalidError(_NO_TEXT)
        return Wish(body.verb, {"text": body.text.replace("\r\n", "\n")})
    if body.verb is Verb.UPDATE:
        if not body.sha256:
            raise InvalidError(_NO_BUNDLE)
        found = orders_of(services).bundle(body.sha256)
        return Wish(body.verb, named(found))
    return Wish(body.verb, {})


def rollouts(session: ScopedSession) -> list[RolloutRead]:
    """Newest first, with how their orders stand."""
    rows = session.scalars(select(RolloutRow).order_by(RolloutRow.id.desc()).limit(SHOWN)).all()
    names = {region.id: region.name for region in session.scalars(select(Region))}
    found = []
    for row in rows:
        states = session.scalars(select(OrderRow).where(OrderRow.rollout_id == row.id)).all()
        counts: dict[str, int] = {}
        for order in states:
            counts[order.state] = counts.get(order.state, 0) + 1
        found.append(
            RolloutRead(
                id=row.id,
                version=row.version,
                region=names.get(row.region_id, "") if row.region_id else "",
                state=row.state,
                percent=STAGES[row.stage],
                counts=counts,
                created_at=row.created_at,
                made_by=row.made_by_name,
            )
        )
    return found


def demand_chain(actor: Actor) -> None:
    """A roll-out reaches every store. Raises ForbiddenError."""
    if actor.reach("agents.update") is not None:
        raise ForbiddenError(_WHOLE_CHAIN)


def rollout_of(session: ScopedSession, rollout_id: UUID) -> RolloutRow:
    found = session.scalar(select(RolloutRow).where(RolloutRow.id == rollout_id))
    if found is None:
        raise NotFoundError(_NO_ROLLOUT)
    return found


@router.get("/{id}/running", operation_id="get_running", dependencies=[require("agents.read")])
def get_running(session: ReadSession, actor: CurrentUser, id: UUID) -> RunningRead:
    """Software and configuration that the agent runs."""
    actor.demand("agents.read", agent_of(session, id).store_id)
    found = running(session, id)
    return RunningRead(software=found.software, configuration=found.configuration, at=found.at)


@router.get("/{id}/orders", operation_id="list_orders", dependencies=[require("agents.read")])
def list_orders(session: ReadSession, actor: CurrentUser, id: UUID) -> list[OrderRead]:
    """What this agent was told to do, newest first."""
    actor.demand("agents.read", agent_of(session, id).store_id)
    return [_read(row) for row in orders_for(session, id)]


@router.post(
    "/{id}/orders",
    status_code=202,
    operation_id="give_order",
    dependencies=[require("agents.update")],
)
def give_order(
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    id: UUID,
    body: OrderBody,
) -> dict[str, UUID]:
    """Signed, sent when the agent is there, void after 24 hours; `/orders` tells what became."""
    actor.demand("agents.update", agent_of(session, id).store_id)
    asked = wish(services, body)
    return {"id": orders_of(services).issue(id, asked, asker_for(actor, origin))}


@router.get("/bundles", operation_id="list_bundles", dependencies=[require("agents.read")])
def list_bundles(services: Hub) -> list[BundleRead]:
    """Software that can be rolled out; `storevitals-hub add-bundle` brings it in."""
    found = services.orders.bundles() if services.orders else []
    return [BundleRead(version=b.version, sha256=b.sha256, size=b.size) for b in found]


@router.get("/bundles/{id}", operation_id="get_bundle", response_class=FileResponse)
def get_bundle(services: Hub, id: str) -> FileResponse:
    """Open to whoever knows its SHA-256, which is in a signed order; takes ranges."""
    if services.orders is None:
        raise NotFoundError(_NO_BUNDLE)
    return FileResponse(services.orders.bundle(id).path, media_type="application/x-tar")


@router.get("/rollouts", operation_id="list_rollouts", dependencies=[require("agents.read")])
def list_rollouts(session: ReadSession) -> list[RolloutRead]:
    return rollouts(session)


@router.post(
    "/rollouts",
    status_code=202,
    operation_id="start_rollout",
    dependencies=[require("agents.update")],
)
def start_rollout(
    session: ReadSession, services: Hub, actor: CurrentUser, origin: From, *, body: RolloutBody
) -> dict[str, UUID]:
    """To 1 %, then 10 %, then all; it pauses by itself when an agent goes back."""
    return {"id": start(session, services, actor, asker_for(actor, origin), body)}


def start(
    session: ScopedSession, services: Services, actor: Actor, asker: Asker, body: RolloutBody
) -> UUID:
    demand_chain(actor)
    bundle: Bundle = orders_of(services).bundle(body.sha256)
    if body.region_id is not None:
        load(session, Region, body.region_id)
    return orders_of(services).roll_out(actor.chain_id, bundle, asker, body.region_id)


@router.post(
    "/rollouts/{id}/{step}",
    status_code=204,
    operation_id="step_rollout",
    dependencies=[require("agents.update")],
)
def step_rollout(
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    id: UUID,
    step: RolloutState,
) -> None:
    """`running` goes on after a pause, `stopped` ends it."""
    demand_chain(actor)
    set_state(session, services, asker_for(actor, origin), id, step)


def set_state(
    session: ScopedSession,
    services: Services,
    asker: Asker,
    rollout_id: UUID,
    step: RolloutState,
) -> None:
    row = rollout_of(session, rollout_id)
    if step not in (RolloutState.RUNNING, RolloutState.STOPPED) or row.state == RolloutState.DONE:
        raise InvalidError(_NO_ROLLOUT)
    orders_of(services).set_rollout(rollout_id, step, asker)


def _newest(
    session: ScopedSession, agent_id: UUID, kind: str, most: int
) -> Sequence[AgentDocumentRow]:
    table = AgentDocumentRow
    query = select(table).where(table.agent_id == agent_id, table.kind == kind)
    return session.scalars(query.order_by(table.at.desc()).limit(most)).all()


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(row: OrderRow) -> OrderRead:
    return OrderRead(
        id=row.id,
        verb=row.verb,
        state=row.state,
        told_zh=row.told_zh,
        told_en=row.told_en,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        made_by=row.made_by_name,
    )
