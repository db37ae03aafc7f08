"""The page behind a one-time link: a person sets a password that nobody else knows."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import InvalidError
from hub.security.links import invited, set_password
from hub.web.deps import ByDoor, From, Hub
from hub.web.language import say
from hub.web.pages.account import DIFFERENT
from hub.web.rendering import View
from hub.web.services import Services
from hub.web.views import PublicView

router = APIRouter(include_in_schema=False)
Secret = Annotated[str, Form(max_length=1000)]


@router.get("/welcome/{secret}")
def show(view: PublicView, services: Hub, secret: str) -> Response:
    return _page(view, services, secret, {})


@router.post("/welcome/{secret}", dependencies=[ByDoor])
def accept(
    view: PublicView, services: Hub, origin: From, secret: str, new: Secret, again: Secret
) -> Response:
    try:
        if new != again:
            raise InvalidError(DIFFERENT, {"again": DIFFERENT})
        set_password(services.db, services.sign_in.passwords, secret, new, origin)
    except InvalidError as error:
        errors = {name: say(view.language, text) for name, text in error.fields.items()}
        return _page(view, services, secret, errors)
    return RedirectResponse("/login", 303)


def _page(view: View, services: Services, secret: str, errors: dict[str, str]) -> Response:
    person = invited(services.db, secret)
    return view.page("welcome.html", status=422 if errors else 200, person=person, errors=errors)
