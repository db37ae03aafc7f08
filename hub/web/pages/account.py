"""One's own account: the password, which a new user must change first."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import InvalidError, T
from hub.web.deps import From, Hub, SignedIn
from hub.web.language import say
from hub.web.views import LobbyView

router = APIRouter(include_in_schema=False)
DIFFERENT = T("两次输入的新密码不一样。", "The two new passwords differ.")
Secret = Annotated[str, Form(max_length=1000)]


@router.get("/password")
def show_password(view: LobbyView) -> Response:
    return view.page("password.html", errors={}, error="")


@router.post("/password")
def change_password(
    view: LobbyView,
    services: Hub,
    origin: From,
    actor: SignedIn,
    *,
    old: Secret,
    new: Secret,
    again: Secret,
) -> Response:
    try:
        if new != again:
            raise InvalidError(DIFFERENT, {"again": DIFFERENT})
        services.sign_in.change_password(actor, old, new, origin)
    except InvalidError as error:
        errors = {name: say(view.language, text) for name, text in error.fields.items()}
        sentence = "" if errors else say(view.language, error.text)
        return view.page("password.html", status=422, errors=errors, error=sentence)
    return RedirectResponse("/", 303)
