"""`Idempotency-Key`: a request that a program sends again, not knowing what came of it.

Routes of the class `OnceRoute` honour it: the answer is kept in the same transaction as the change,
and given again to the same request for a day. Other routes refuse the header, so that nobody relies
on it in vain.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from sqlalchemy import Connection
from starlette.responses import Response

from hub.errors import InvalidError, T
from hub.kit.db import ScopedSession
from hub.kit.records.ports import Vault
from hub.security.actor import Actor
from hub.security.replays import Answer, Once

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("content-type", "etag", "location")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_NOT_HERE = T("这个地址不支持 Idempotency-Key。", "This address does not take an Idempotency-Key.")
_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The same key and body within a day give the same answer, done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
}


class ReplayedError(Exception):
    """No error: the request was done before, and this is what was answered."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


class OnceRoute(APIRoute):
    """A route whose change is made in a `WriteSession`, once an idempotency key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        if set(given.get("methods") or ("GET",)) - set(SAFE_METHODS):
            extra = dict(given.get("openapi_extra") or {})
            extra["parameters"] = [*extra.get("parameters", ()), _PARAMETER]
            given["openapi_extra"] = extra
        super().__init__(path, endpoint, **given)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The answer is kept before the session commits, which is when FastAPI's stack ends."""
        plain = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await plain(request)
            begun: tuple[ScopedSession, Once] | None = getattr(request.state, "begun", None)
            if begun is not None:
                session, once = begun
                await run_in_threadpool(once.keep, session, _answer(response))
            return response

        return handle


async def key_of(request: Request) -> tuple[str, bytes] | None:
    """The key of a request and its body; None without one."""
    key = request.headers.get(HEADER)
    if key is None or not isinstance(request.scope.get("route"), OnceRoute):
        return None
    return key, await request.body()


async def refuse_lost_key(request: Request) -> None:
    """A dependency of the whole API: a key that nobody would honour is refused."""
    is_kept = isinstance(request.scope.get("route"), OnceRoute)
    if HEADER in request.headers and not is_kept and request.method not in SAFE_METHODS:
        raise InvalidError(_NOT_HERE)


def begin(
    session: ScopedSession, request: Request, actor: Actor, key: tuple[str, bytes] | None
) -> None:
    """At the start of a write session: ReplayedError where this was done before."""
    if key is None:
        return
    address = f"{request.method} {request.url.path}?{request.url.query}".encode()
    once = Once.of(actor.chain_id, actor.session_id, key[0], address, key[1])
    answer = once.answered(session)
    if answer is not None:
        raise ReplayedError(answer)
    request.state.begun = (session, once)


def keeper_of(
    request: Request, vault: Vault, response: Response
) -> Callable[[Connection], None] | None:
    """What keeps this answer where the change itself was held back; None without a key."""
    begun: tuple[ScopedSession, Once] | None = getattr(request.state, "begun", None)
    if begun is None:
        return None
    once, answer = begun[1], _answer(response)
    return lambda connection: once.keep_beside(connection, vault, answer)


def install_replays(app: FastAPI) -> None:
    """Give the answer of before."""

    @app.exception_handler(ReplayedError)
    async def _again(_request: Request, error: ReplayedError) -> Response:
        said = error.answer
        return Response(said.body, said.status, {**said.headers, REPLAYED: "true"})


def _answer(response: Response) -> Answer:
    headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
    return Answer(response.status_code, headers, bytes(response.body).decode())
