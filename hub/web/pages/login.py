"""The front door: sign in and sign out."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import UnauthorizedError
from hub.web.deps import From, Hub, SignedIn, clear_session_cookie, set_session_cookie
from hub.web.language import say
from hub.web.rendering import CHOICES
from hub.web.views import PublicView

router = APIRouter(include_in_schema=False)


def own_address(wish: str) -> str:
    """Where to go after signing in; only to a page of ours, never `//elsewhere`."""
    is_ours = wish.startswith("/") and not wish.startswith(("//", "/\\", "/login"))
    return wish if is_ours and "\n" not in wish and "\r" not in wish else "/"


@router.get("/login")
def show(view: PublicView, next: str = "/") -> Response:
    return view.page("login.html", next=own_address(next), username="", error="")


@router.post("/login")
def sign_in(
    view: PublicView,
    services: Hub,
    origin: From,
    username: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    try:
        token = services.sign_in.sign_in(username, password, origin, cookie=True)
    except UnauthorizedError as error:
        sentence = say(view.language, error.text)
        return view.page(
            "login.html",
            status=error.status,
            next=own_address(next),
            username=username,
            error=sentence,
        )
    answer = RedirectResponse(own_address(next), 303)
    set_session_cookie(answer, services, token)
    return answer


@router.post("/logout")
def sign_out(services: Hub, origin: From, actor: SignedIn) -> Response:
    services.sign_in.sign_out(actor, origin)
    answer = RedirectResponse("/login", 303)
    clear_session_cookie(answer, services)
    for choice in CHOICES:  # the next person at this browser may want another
        answer.delete_cookie(choice)
    return answer
