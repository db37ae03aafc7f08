"""/people and /roles: rights of people by program, under the rules of the pages."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from hub.errors import NotFoundError, T
from hub.security.accounts import Grant
from hub.security.people import NewPerson, People
from hub.security.role_book import RoleBook, RoleSheet
from hub.web.deps import CurrentUser, From, Hub, asker_for, require
from hub.web.pages.people import keeper
from hub.web.pages.roles import keeper as role_keeper
from hub.web.services import Services

router = APIRouter(tags=["people"])
_READ_PEOPLE, _READ_ROLES = require("users.read"), require("roles.read")
_KEEP_PEOPLE, _KEEP_ROLES = Depends(keeper), Depends(role_keeper)


class GrantBody(BaseModel):
    """A role in one store; without a store in the whole chain."""

    model_config = ConfigDict(extra="forbid")

    role: str = Field(max_length=40)
    store_id: UUID | None = None


class PersonRead(BaseModel):
    id: UUID
    username: str
    name: str
    is_disabled: bool
    has_second_factor: bool
    seen_at: datetime | None
    grants: list[GrantBody]


class PersonBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    username: str = Field(max_length=64)
    name: str = Field(max_length=80)
    language: str = Field("zh", max_length=10)
    grants: list[GrantBody] = Field(max_length=200)


class LinkRead(BaseModel):
    """Hand `path` over to the person: it sets a password once."""

    id: UUID
    path: str
    expires_at: datetime


class RoleRead(BaseModel):
    code: str
    name_zh: str
    name_en: str
    rights: list[str]
    needs_second_factor: bool
    people: int


class RoleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name_zh: str = Field(max_length=60)
    name_en: str = Field(max_length=60)
    rights: list[Annotated[str, Field(max_length=100)]] = Field(max_length=2000)
    needs_second_factor: bool = False


@router.get("/people", operation_id="list_people", dependencies=[_READ_PEOPLE])
def list_people(services: Hub, actor: CurrentUser) -> list[PersonRead]:
    """Everybody of the chain with the roles they have."""
    return [
        PersonRead(
            id=one.id,
            username=one.username,
            name=one.name,
            is_disabled=one.archived_at is not None,
            has_second_factor=one.has_second_factor,
            seen_at=one.seen_at,
            grants=[GrantBody(role=g.role, store_id=g.store_id) for g in one.grants],
        )
        for one in _people(services).listed(actor.chain_id)
    ]


@router.post(
    "/people", status_code=201, operation_id="add_person", dependencies=[_READ_PEOPLE, _KEEP_PEOPLE]
)
def add_person(services: Hub, actor: CurrentUser, origin: From, body: PersonBody) -> LinkRead:
    new = NewPerson(body.username, body.name, body.language, _grants(body.grants))
    user_id, link = _people(services).add(actor.chain_id, new, asker_for(actor, origin))
    return LinkRead(id=user_id, path=f"/welcome/{link.secret}", expires_at=link.expires_at)


@router.put(
    "/people/{id}/grants",
    status_code=204,
    operation_id="set_grants",
    dependencies=[_READ_PEOPLE, _KEEP_PEOPLE],
)
def set_grants(
    services: Hub, actor: CurrentUser, origin: From, id: UUID, grants: list[GrantBody]
) -> None:
    """All roles of somebody else; holds from this person's next request."""
    asker = asker_for(actor, origin)
    _people(services).set_grants(actor.chain_id, id, _grants(grants), asker)


@router.post(
    "/people/{id}/invite", operation_id="invite_person", dependencies=[_READ_PEOPLE, _KEEP_PEOPLE]
)
def invite_person(services: Hub, actor: CurrentUser, origin: From, id: UUID) -> LinkRead:
    """A link for a new password; the old password and every session end now."""
    link = _people(services).invite(actor.chain_id, id, asker_for(actor, origin))
    return LinkRead(id=id, path=f"/welcome/{link.secret}", expires_at=link.expires_at)


@router.delete(
    "/people/{id}/sessions",
    status_code=204,
    operation_id="end_sessions",
    dependencies=[_READ_PEOPLE, _KEEP_PEOPLE],
)
def end_sessions(services: Hub, actor: CurrentUser, origin: From, id: UUID) -> None:
    """End every session and token of a person, everywhere within five seconds."""
    if not _people(services).end_sessions(actor.chain_id, id, asker_for(actor, origin)):
        raise NotFoundError(T("没有登录着的会话。", "There is no open session."))


@router.get("/roles", operation_id="list_roles", dependencies=[_READ_ROLES])
def list_roles(services: Hub, actor: CurrentUser) -> list[RoleRead]:
    return [_role(role) for role in RoleBook(services.db).listed(actor.chain_id)]


@router.put("/roles/{code}", operation_id="change_role", dependencies=[_READ_ROLES, _KEEP_ROLES])
def change_role(
    services: Hub, actor: CurrentUser, origin: From, code: str, body: RoleBody
) -> RoleRead:
    """Give a role these rights and no others."""
    book = RoleBook(services.db)
    book.change(
        actor.chain_id,
        code,
        name=T(body.name_zh, body.name_en),
        rights=body.rights,
        needs_second_factor=body.needs_second_factor,
        asker=asker_for(actor, origin),
    )
    return _role(book.get(actor.chain_id, code))


def _people(services: Services) -> People:
    return People(services.db, services.sign_in.passwords)


def _grants(bodies: list[GrantBody]) -> tuple[Grant, ...]:
    return tuple(Grant(one.role, one.store_id) for one in bodies)


def _role(role: RoleSheet) -> RoleRead:
    return RoleRead(
        code=role.code,
        name_zh=role.name.zh,
        name_en=role.name.en,
        rights=sorted(role.rights),
        needs_second_factor=role.needs_second_factor,
        people=role.people,
    )
