"""/auth: signing in by program, one's own password and sessions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel, ConfigDict, Field

from hub.errors import NotFoundError, T
from hub.kit.clock import utc_now
from hub.security.passwords import MAX_LENGTH
from hub.security.tokens import MOST_DAYS, Tokens
from hub.web.deps import ByDoor, CurrentUser, From, Hub, SignedIn, asker_for, clear_session_cookie

router = APIRouter(prefix="/auth", tags=["auth"])


class Credentials(BaseModel):
    """The form of OAuth 2's password grant; its other fields are taken and not used."""

    username: str = Field(max_length=120)
    password: str = Field(max_length=MAX_LENGTH)
    otp: str = Field("", max_length=12)
    grant_type: str = Field("password", max_length=20)
    scope: str = Field("", max_length=200)


class TokenRead(BaseModel):
    access_token: str
    token_type: str
    expires_in: int


class Me(BaseModel):
    """Who asks; `stores` null = every store of the chain."""

    id: UUID
    username: str
    name: str
    language: str
    roles: list[str]
    rights: list[str]
    stores: list[UUID] | None
    must_change_password: bool


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    old_password: str = Field(max_length=MAX_LENGTH)
    password: str = Field(max_length=1000)


class SessionRead(BaseModel):
    """One place where one is signed in."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    address: str
    user_agent: str
    name: str = Field(description="of a program's token; empty for a person")
    is_this: bool


@router.post("/token", operation_id="sign_in", dependencies=[ByDoor])
def sign_in(services: Hub, origin: From, form: Annotated[Credentials, Form()]) -> TokenRead:
    """A bearer token for programs; people sign in at `/login`.

    Whoever has an authenticator app gives its code as `otp`; without it the answer is 401 with
    `second_factor`.
    """
    token = services.sign_in.sign_in(
        form.username, form.password, origin, cookie=False, otp=form.otp
    )
    left = int((token.expires_at - utc_now()).total_seconds())
    return TokenRead(access_token=token.secret, token_type="bearer", expires_in=left)  # noqa: S106


@router.get("/me", operation_id="get_me")
def get_me(actor: SignedIn) -> Me:
    stores = actor.scope.store_ids
    return Me(
        id=actor.user_id,
        username=actor.username,
        name=actor.name,
        language=actor.language,
        roles=list(actor.roles),
        rights=sorted(actor.rights),
        stores=None if stores is None else sorted(stores),
        must_change_password=actor.must_change_password,
    )


@router.post("/password", status_code=204, operation_id="change_password", dependencies=[ByDoor])
def change_password(services: Hub, actor: SignedIn, origin: From, change: PasswordChange) -> None:
    """Ends all other sessions."""
    services.sign_in.change_password(actor, change.old_password, change.password, origin)


class NewToken(BaseModel):
    """`scopes` are rights such as `equipment.read`, each one of the maker's own."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=60)
    scopes: list[str] = Field(max_length=400)
    days: int = Field(90, ge=1, le=MOST_DAYS)


@router.post("/tokens", status_code=201, operation_id="make_token")
def make_token(services: Hub, actor: CurrentUser, origin: From, new: NewToken) -> TokenRead:
    """A token for a program, with these rights alone; ended at `/auth/sessions/{id}`."""
    token = Tokens(services.db).make(
        actor,
        new.name,
        new.scopes,
        days=new.days,
        origin=origin,
        asker=asker_for(actor, origin),
    )
    left = int((token.expires_at - utc_now()).total_seconds())
    return TokenRead(access_token=token.secret, token_type="bearer", expires_in=left)  # noqa: S106


@router.post("/sign-out", status_code=204, operation_id="sign_out")
def sign_out(services: Hub, actor: SignedIn, origin: From, response: Response) -> None:
    services.sign_in.sign_out(actor, origin)
    clear_session_cookie(response, services)


@router.get("/sessions", operation_id="list_sessions")
def list_sessions(services: Hub, actor: SignedIn) -> list[SessionRead]:
    """Where one is signed in, last used first."""
    return [
        SessionRead(
            id=session.id,
            created_at=session.created_at,
            seen_at=session.seen_at,
            address=session.address,
            user_agent=session.user_agent,
            name=session.name,
            is_this=session.id == actor.session_id,
        )
        for session in services.sign_in.sessions.listed(actor)
    ]


@router.delete("/sessions/{id}", status_code=204, operation_id="end_session")
def end_session(services: Hub, actor: SignedIn, origin: From, id: UUID) -> None:
    if not services.sign_in.sign_out(actor, origin, id):
        raise NotFoundError(T("没有这个登录会话。", "There is no such session."))
