"""/practice: into the demo data, out of it, and back to its beginning.

The real session stays in a second cookie of this browser; whoever leaves goes on with it.
"""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.archive.practice.service import Practice
from hub.security.actor import Actor
from hub.web.deps import (
    ByPerson,
    CurrentUser,
    From,
    Hub,
    SignedIn,
    clear_session_cookie,
    cookie_name,
    set_session_cookie,
)
from hub.web.services import Services

router = APIRouter(include_in_schema=False)


def practice(services: Services) -> Practice:
    return Practice(services.db, services.sign_in.passwords)


@router.post("/practice", dependencies=[ByPerson])
def enter(services: Hub, actor: CurrentUser, origin: From, request: Request) -> Response:
    token = practice(services).enter(actor, origin)
    answer = RedirectResponse("/", 303)
    _set(answer, services, _home(services), request.cookies.get(cookie_name(services), ""))
    set_session_cookie(answer, services, token)
    return answer


@router.post("/practice/reset", dependencies=[ByPerson])
def reset(services: Hub, origin: From, request: Request, actor: CurrentUser) -> Response:
    """By the real self of whoever asks; without its session there is nothing to go back to."""
    if not actor.is_practice:
        return RedirectResponse("/", 303)
    token = practice(services).reset(_real_self(services, request), origin)
    answer = RedirectResponse("/", 303)
    set_session_cookie(answer, services, token)
    return answer


@router.post("/practice/leave")
def leave(services: Hub, origin: From, request: Request, actor: SignedIn) -> Response:
    answer = RedirectResponse("/", 303)
    if not actor.is_practice:
        return answer
    services.sign_in.sign_out(actor, origin)
    home = request.cookies.get(_home(services), "")
    clear_session_cookie(answer, services)
    if home:
        _set(answer, services, cookie_name(services), home)
    answer.delete_cookie(_home(services), path="/", secure=services.settings.is_https)
    return answer


def _real_self(services: Services, request: Request) -> Actor:
    return services.sign_in.sessions.actor(request.cookies.get(_home(services), ""))


def _home(services: Services) -> str:
    return f"{cookie_name(services)}-home"


def _set(answer: Response, services: Services, name: str, secret: str) -> None:
    answer.set_cookie(
        name,
        secret,
        max_age=services.settings.session_max_s,
        path="/",
        secure=services.settings.is_https,
        httponly=True,
        samesite="lax",
    )
