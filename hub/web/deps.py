"""What endpoints ask for: the services, who asks, and a database session in this one's scope.

What only looks things up is `async`, so that it costs no change of threads.

Sessions end (and a write session commits) before the answer leaves, by `scope="function"`: with
FastAPI's default a failed commit would still have answered 201.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from hub.errors import ForbiddenError, T, UnauthorizedError
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import ScopedSession
from hub.kit.session import Changed
from hub.live import Event, EventKind
from hub.security.actor import Actor
from hub.security.sessions import Origin, Token
from hub.web.services import Services

MUST_CHANGE = T("请先修改初始密码。", "Change your first password before you go on.")


class PasswordChangeError(ForbiddenError):
    """The account still has the password that somebody else chose."""


async def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Hub = Annotated[Services, Depends(services_of)]


async def origin_of(request: Request) -> Origin:
    address = request.client.host if request.client else ""
    return Origin(address, request.headers.get("user-agent", ""))


From = Annotated[Origin, Depends(origin_of)]


def cookie_name(services: Services) -> str:
    """`__Host-` binds a cookie to this host and HTTPS; plain HTTP on loopback cannot have it."""
    return "__Host-storevitals" if services.settings.is_https else "storevitals"


def set_session_cookie(response: Response, services: Services, token: Token) -> None:
    response.set_cookie(
        cookie_name(services),
        token.secret,
        max_age=services.settings.session_max_s,
        path="/",
        secure=services.settings.is_https,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, services: Services) -> None:
    response.delete_cookie(
        cookie_name(services), path="/", secure=services.settings.is_https, httponly=True
    )


def signed_in(request: Request, services: Hub) -> Actor:
    """Who asks, by bearer token or cookie; UnauthorizedError when nobody is signed in."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        secret = request.cookies.get(cookie_name(services), "")
    if not secret:
        raise UnauthorizedError(T("请先登录。", "Sign in first."))
    return services.sign_in.sessions.actor(secret.strip())


SignedIn = Annotated[Actor, Depends(signed_in)]


async def current_user(actor: SignedIn) -> Actor:
    """Who asks, once the first password is changed."""
    if actor.must_change_password:
        raise PasswordChangeError(MUST_CHANGE)
    return actor


CurrentUser = Annotated[Actor, Depends(current_user)]


def asker_for(actor: Actor, origin: Origin) -> Asker:
    """The actor as the record engine knows people."""
    return Asker(actor.user_id, actor.name, actor, origin.address)


def read_session(services: Hub, actor: CurrentUser, origin: From) -> Iterator[ScopedSession]:
    with services.db.read(actor.scope) as session:
        bind_asker(session, asker_for(actor, origin))
        yield session


def write_session(services: Hub, actor: CurrentUser, origin: From) -> Iterator[ScopedSession]:
    with services.db.write(actor.scope) as session:
        bind_asker(session, asker_for(actor, origin))
        yield session
    for changed in session.changed:  # committed by now
        services.live.publish(_told(changed, actor))


def _told(changed: Changed, actor: Actor) -> Event:
    """A change of the chain's own records goes under the chain's id."""
    data = {"type": changed.record_type, "id": str(changed.record_id), "seq": changed.seq}
    about = data | {"action": changed.action}
    return Event(EventKind.RECORD, changed.store_id or actor.chain_id, about)


ReadSession = Annotated[ScopedSession, Depends(read_session, scope="function")]
WriteSession = Annotated[ScopedSession, Depends(write_session, scope="function")]


def require(right: str) -> Any:
    """A dependency that refuses (403) whoever lacks `right` in every store.

    `dependencies=[require("alerts.update")]`, or `actor: Annotated[Actor, require("…")]`. Where a
    store is named, check it too: `actor.demand(right, store_id)`.
    """

    async def check(actor: CurrentUser) -> Actor:
        actor.demand(right)
        return actor

    return Depends(check)
