"""What endpoints ask for: the services, who asks, and a database session in this one's scope.

What only looks things up is `async`, so that it costs no change of threads.

Sessions end (and a write session commits) before the answer leaves, by `scope="function"`: with
FastAPI's default a failed commit would still have answered 201.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request, Response

from hub.errors import BusyError, ForbiddenError, T, UnauthorizedError
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Record, ScopedSession
from hub.kit.records.access import load
from hub.kit.session import Changed
from hub.live import Event, EventKind
from hub.security.actor import Actor, Hurdle
from hub.security.sessions import Origin, Token
from hub.security.site import Site
from hub.web.once import begin, key_of
from hub.web.services import Services

_CLOSING = ThreadPoolExecutor(4, "closing")
DOORS = 2  # sign-ins at work at once; the others wait without a thread
DOOR_PATIENCE_S = 120.0
BACKGROUND = "x-background"
"""Header of what a page asks by itself, without its reader: it keeps no idle session alive."""
_HURDLES = {
    Hurdle.PASSWORD: T("请先修改初始密码。", "Change your first password before you go on."),
    Hurdle.SECOND_FACTOR: T(
        "您的角色要求两步验证，请先设置。", "Your role needs a second factor; set it up first."
    ),
    Hurdle.POLICIES: T("请先阅读并接受制度。", "Read and accept the policies first."),
}


class HurdleError(ForbiddenError):
    """Something comes before everything else, such as changing a first password."""

    def __init__(self, hurdle: Hurdle) -> None:
        super().__init__(_HURDLES[hurdle])
        self.hurdle = hurdle


async def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Hub = Annotated[Services, Depends(services_of)]


async def origin_of(request: Request) -> Origin:
    address = request.client.host if request.client else ""
    return Origin(address, request.headers.get("user-agent", ""))


From = Annotated[Origin, Depends(origin_of)]


async def wait_for_door(request: Request) -> AsyncIterator[None]:
    """In front of whatever checks a password: who waits here holds none of the page's threads."""
    door: asyncio.Semaphore = request.app.state.door
    try:
        async with asyncio.timeout(DOOR_PATIENCE_S):
            await door.acquire()
    except TimeoutError as error:
        raise BusyError(
            T("登录的人太多，请稍后再试。", "Too many people sign in; try again shortly.")
        ) from error
    try:
        yield
    finally:
        door.release()


ByDoor = Depends(wait_for_door, scope="function")


async def site_of(request: Request, services: Hub) -> Site:
    """The host that passkeys are bound to: the public address, or localhost on this machine."""
    url = urlsplit(services.settings.public_url or str(request.base_url))
    return Site(url.hostname or "", f"{url.scheme}://{url.netloc}")


ThisSite = Annotated[Site, Depends(site_of)]


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


def signed_in(request: Request, services: Hub, origin: From) -> Actor:
    """Who asks, by bearer token or cookie; UnauthorizedError when nobody is signed in.

    Of programs and of scripts in pages the hub takes so many requests a minute.
    """
    is_api = request.url.path.startswith("/api/")
    by_itself = BACKGROUND in request.headers or "event-stream" in request.headers.get("accept", "")
    try:
        actor = services.sign_in.sessions.actor(_secret(request, services), is_use=not by_itself)
    except UnauthorizedError:
        if is_api:  # a page only leads to the door
            services.strangers.take(origin.address)
        raise
    if is_api:
        services.pace.take(actor.session_id)
    return actor


def listening(request: Request, services: Services) -> Actor:
    """Who still listens to an open stream; listening alone keeps no idle session alive."""
    return services.sign_in.sessions.actor(_secret(request, services), is_use=False)


def _secret(request: Request, services: Services) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        secret = request.cookies.get(cookie_name(services), "")
    if not secret:
        raise UnauthorizedError(T("请先登录。", "Sign in first."))
    return secret.strip()


SignedIn = Annotated[Actor, Depends(signed_in)]


async def current_user(actor: SignedIn) -> Actor:
    """Who asks, once nothing stands before it such as a first password."""
    if actor.hurdle:
        raise HurdleError(actor.hurdle)
    return actor


CurrentUser = Annotated[Actor, Depends(current_user)]


async def person(actor: SignedIn) -> None:
    """Refuse whoever is here by a program's token or a PIN where accounts or rights change."""
    if actor.is_program:
        raise ForbiddenError(T("令牌不能改账号。", "A token cannot change its account."))
    if actor.is_by_pin:
        raise ForbiddenError(
            T("用 PIN 进入时不能这样做，请用密码登录。", "Not by PIN: sign in with your password.")
        )


ByPerson = Depends(person)


def asker_for(actor: Actor, origin: Origin) -> Asker:
    """The actor as the record engine knows people."""
    return Asker(actor.user_id, actor.name, actor, origin.address)


async def read_session(
    services: Hub, actor: CurrentUser, origin: From
) -> AsyncIterator[ScopedSession]:
    """Opened without a word to the database, so here; closed by threads that do nothing else, or
    requests that wait for a connection could hold every thread that gives one back."""
    session = services.db.reader(actor.scope)
    bind_asker(session, asker_for(actor, origin))
    try:
        yield session
    finally:
        await asyncio.get_running_loop().run_in_executor(_CLOSING, session.close)


def write_session(
    request: Request,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    key: Annotated[tuple[str, bytes] | None, Depends(key_of)],
) -> Iterator[ScopedSession]:
    with services.db.write(actor.scope) as session:
        bind_asker(session, asker_for(actor, origin))
        begin(session, request, actor, key)
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


def seen(model: type[Record]) -> Any:
    """A dependency that looks for the record `{id}` before the body is judged: 404 goes first, so
    nobody learns from a refusal that a foreign record exists."""

    def look(session: ReadSession, id: UUID) -> None:
        load(session, model, id)

    return Depends(look)
