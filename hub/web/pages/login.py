"""The front door: sign in and sign out."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import HubError, InvalidError, UnauthorizedError
from hub.security.second_factor import FactorKind
from hub.security.sign_in import LockedError, SecondFactorError
from hub.security.site import Site
from hub.security.steps import STEP_LIFE, Step
from hub.web.deps import (
    ByDoor,
    From,
    Hub,
    SignedIn,
    ThisSite,
    clear_session_cookie,
    cookie_name,
    set_session_cookie,
)
from hub.web.language import say
from hub.web.rendering import CHOICES, View
from hub.web.services import Services
from hub.web.views import PublicView

router = APIRouter(include_in_schema=False)
CHOICES_KEY, CHOICES_AGE_S = ("company", "choices"), 5.0


def own_address(wish: str) -> str:
    """Where to go after signing in; only to a page of ours, never `//elsewhere`."""
    is_ours = wish.startswith("/") and not wish.startswith(("//", "/\\", "/login"))
    return wish if is_ours and "\n" not in wish and "\r" not in wish else "/"


def landing(target: str) -> str:
    """Where a day begins: the page that was asked for, else each person's own first page."""
    return "/start" if target == "/" else target


@router.get("/login")
def show(view: PublicView, services: Hub, next: str = "/") -> Response:
    return login_page(view, services, own_address(next))


def login_page(
    view: View, services: Services, target: str, error: HubError | None = None, username: str = ""
) -> Response:
    """The door, with what went wrong at the last try."""
    return view.page(
        "login.html",
        status=error.status if error else 200,
        next=target,
        username=username,
        error=say(view.language, error.text) if error else "",
        choices=services.recent.get(CHOICES_KEY, CHOICES_AGE_S, services.company.choices),
    )


@router.post("/login", dependencies=[ByDoor])
def sign_in(
    view: PublicView,
    services: Hub,
    origin: From,
    username: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    target = own_address(next)
    try:
        token = services.sign_in.sign_in(username, password, origin, cookie=True)
    except SecondFactorError as error:
        answer = RedirectResponse(f"/login/second?next={quote(target)}", 303)
        keep_step(answer, services, error.step)
        return answer
    except UnauthorizedError as error:
        return login_page(view, services, target, error, username)
    answer = RedirectResponse(landing(target), 303)
    set_session_cookie(answer, services, token)
    return answer


@router.get("/login/second")
def show_second(
    view: PublicView, services: Hub, request: Request, site: ThisSite, next: str = "/"
) -> Response:
    return _second_page(view, services, request, site, own_address(next), 200, "")


@router.post("/login/second")
def finish(
    view: PublicView,
    services: Hub,
    request: Request,
    origin: From,
    site: ThisSite,
    *,
    code: Annotated[str, Form(max_length=40)] = "",
    credential: Annotated[str, Form(max_length=20_000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    door = services.sign_in

    def proof(step: Step) -> bool:
        if credential:
            return door.passkeys.is_right(step, site, credential)
        return door.factors.is_right(step.chain_id, step.user_id, code)

    target = own_address(next)
    try:
        token = door.finish(request.cookies.get(_step_name(services), ""), origin, proof)
    except (InvalidError, LockedError) as error:
        sentence = say(view.language, error.text)
        return _second_page(view, services, request, site, target, error.status, sentence)
    answer = RedirectResponse(landing(target), 303)
    answer.delete_cookie(_step_name(services), path="/", secure=services.settings.is_https)
    set_session_cookie(answer, services, token)
    return answer


def _second_page(
    view: View,
    services: Services,
    request: Request,
    site: Site,
    target: str,
    status: int,
    error: str,
) -> Response:
    step, kinds = services.sign_in.step(request.cookies.get(_step_name(services), ""))
    has_passkey = FactorKind.PASSKEY in kinds and site.has_passkeys
    return view.page(
        "login-second.html",
        status=status,
        next=target,
        error=error,
        name=step.name,
        options=services.sign_in.passkeys.options(step, site) if has_passkey else "",
        is_wechat="MicroMessenger" in request.headers.get("user-agent", ""),
    )


def _step_name(services: Services) -> str:
    return f"{cookie_name(services)}-step"


def keep_step(answer: Response, services: Services, secret: str) -> None:
    answer.set_cookie(
        _step_name(services),
        secret,
        max_age=int(STEP_LIFE.total_seconds()),
        path="/",
        secure=services.settings.is_https,
        httponly=True,
        samesite="lax",
    )


@router.post("/logout")
def sign_out(services: Hub, origin: From, actor: SignedIn) -> Response:
    services.sign_in.sign_out(actor, origin)
    answer = RedirectResponse("/login", 303)
    clear_session_cookie(answer, services)
    for choice in CHOICES:  # the next person at this browser may want another
        answer.delete_cookie(choice)
    return answer
