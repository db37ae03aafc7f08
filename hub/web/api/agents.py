"""/agents: who speaks for the stores, how an agent gets its identity and how it loses it."""

from base64 import b64decode
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from hub.archive.stores.records import Store
from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.ingest.enrolment import Enrolment, Identity, Place
from hub.ingest.tables import AgentRow
from hub.kit.db import ScopedSession
from hub.kit.records.access import load
from hub.web.deps import ByDoor, CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.services import Services

router = APIRouter(prefix="/agents", tags=["agents"])
Pem = Annotated[str, Field(max_length=10_000)]
NO_AUTHORITY = T(
    "这个中心还不能签发身份：请在 hub.toml 里设置 agents_url（见 docs/operators/broker.md）。",
    "This hub cannot give identities yet: set agents_url in hub.toml (docs/operators/broker.md).",
)
NO_AGENT = T("没有这个采集端。", "There is no such agent.")
_NO_SIGNATURE = T("签名不是 base64。", "The signature is not base64.")


class CodeBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    store_id: UUID


class CodeRead(BaseModel):
    """Typed on the Pi: `storevitals-agent enrol CODE --hub URL`; told once."""

    code: str
    expires_at: datetime
    hub: str
    fingerprint: str


class EnrolBody(BaseModel):
    """`request` is a certificate request (PEM) of a P-256 key; its names do not matter."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=64)
    request: Pem


class RenewBody(BaseModel):
    """The key of `certificate` signs the text of `request` (ECDSA with SHA-256, base64)."""

    model_config = ConfigDict(extra="forbid")

    certificate: Pem
    request: Pem
    signature: str = Field(max_length=400)


class IdentityRead(BaseModel):
    """What the agent writes into its `[uplink]`; `certificate` comes with its chain."""

    agent: str
    group: str
    broker_url: str
    certificate: str
    authority: str
    starts_at: datetime
    ends_at: datetime


class WaitingRead(BaseModel):
    """The certificate had ended: somebody has to approve the new one in the hub; ask again."""

    waits: bool = True


class AuthorityRead(BaseModel):
    """The hub's own root, and its SHA-256; both empty where the hub has none."""

    certificate: str
    fingerprint: str


class AgentRead(BaseModel):
    id: UUID
    name: str
    store_id: UUID
    state: str
    heard_at: datetime | None
    certificate_until: datetime | None
    is_revoked: bool
    waits_for_approval: bool


def enrolment_of(services: Services) -> Enrolment:
    if services.enrolment is None:
        raise ConflictError(NO_AUTHORITY)
    return services.enrolment


def agent_of(session: ScopedSession, agent_id: UUID) -> AgentRow:
    """An agent of the asker's stores; NotFoundError."""
    found = session.scalar(select(AgentRow).where(AgentRow.id == agent_id))
    if found is None:
        raise NotFoundError(NO_AGENT)
    return found


@router.get("/authority", operation_id="get_authority")
def get_authority(services: Hub) -> AuthorityRead:
    """Open to everybody: the root certificate. Who fetches it compares the fingerprint."""
    if services.enrolment is None:
        return AuthorityRead(certificate="", fingerprint="")
    authority = services.enrolment.authority
    return AuthorityRead(certificate=authority.root_pem, fingerprint=authority.fingerprint)


@router.get("", operation_id="list_agents", dependencies=[require("agents.read")])
def list_agents(session: ReadSession, services: Hub, actor: CurrentUser) -> list[AgentRead]:
    """The agents of one's stores, with their certificates."""
    standing = services.enrolment.standing() if services.enrolment else {}
    rows = session.scalars(select(AgentRow).order_by(AgentRow.node_id)).all()
    return [
        AgentRead(
            id=row.id,
            name=row.node_id,
            store_id=row.store_id,
            state=row.state,
            heard_at=row.heard_at,
            certificate_until=its.ends_at if (its := standing.get(row.id)) else None,
            is_revoked=bool(its and its.is_revoked),
            waits_for_approval=bool(its and its.waits),
        )
        for row in rows
        if actor.may("agents.read", row.store_id)
    ]


@router.post(
    "/enrolment-codes",
    status_code=201,
    operation_id="make_enrolment_code",
    dependencies=[require("agents.create")],
)
def make_enrolment_code(
    session: ReadSession, services: Hub, actor: CurrentUser, origin: From, body: CodeBody
) -> CodeRead:
    """A code that lets one agent into this store within 24 hours; older ones are void."""
    store = load(session, Store, body.store_id)
    actor.demand("agents.create", store.id)
    enrolment = enrolment_of(services)
    offer = enrolment.offer(Place(store.chain_id, store.id), asker_for(actor, origin))
    return CodeRead(
        code=offer.code,
        expires_at=offer.expires_at,
        hub=services.settings.base_url,
        fingerprint=enrolment.authority.fingerprint,
    )


@router.post("/enrol", operation_id="enrol_agent", dependencies=[ByDoor])
def enrol_agent(services: Hub, origin: From, body: EnrolBody) -> IdentityRead:
    """Open to whoever has a code: a certificate for the key of the request."""
    enrolment = enrolment_of(services)
    return _read(enrolment.enrol(body.code, body.request, origin.address))


@router.post("/renew", operation_id="renew_agent", responses={202: {"model": WaitingRead}})
def renew_agent(
    services: Hub, origin: From, response: Response, body: RenewBody
) -> IdentityRead | WaitingRead:
    """Open to whoever has the key of a certificate that was not revoked."""
    try:
        signature = b64decode(body.signature, validate=True)
    except ValueError as error:  # what is no ASCII raises one too
        raise InvalidError(_NO_SIGNATURE) from error
    enrolment = enrolment_of(services)
    identity = enrolment.renew(body.certificate, body.request, signature, origin.address)
    if identity is None:
        response.status_code = 202
        return WaitingRead()
    return _read(identity)


@router.post(
    "/{id}/approve-renewal",
    status_code=204,
    operation_id="approve_renewal",
    dependencies=[require("agents.update")],
)
def approve_renewal(
    session: ReadSession, services: Hub, actor: CurrentUser, origin: From, id: UUID
) -> None:
    """Let a spare from the drawer, whose certificate has ended, have a new one."""
    actor.demand("agents.update", agent_of(session, id).store_id)
    enrolment_of(services).approve_renewal(id, asker_for(actor, origin))


@router.post(
    "/{id}/revoke",
    status_code=204,
    operation_id="revoke_agent",
    dependencies=[require("agents.archive")],
)
def revoke_agent(
    session: ReadSession, services: Hub, actor: CurrentUser, origin: From, id: UUID
) -> None:
    """Off within a minute and for good; the store's history stays."""
    actor.demand("agents.archive", agent_of(session, id).store_id)
    enrolment_of(services).revoke(id, asker_for(actor, origin))


def _read(identity: Identity) -> IdentityRead:
    return IdentityRead(
        agent=identity.agent,
        group=identity.group,
        broker_url=identity.broker_url,
        certificate=identity.certificate,
        authority=identity.authority,
        starts_at=identity.starts_at,
        ends_at=identity.ends_at,
    )
