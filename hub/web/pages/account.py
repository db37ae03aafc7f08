"""One's own account: password, second factors, where one is signed in, tokens for programs."""

from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import InvalidError, NotFoundError, T
from hub.security.actor import Actor
from hub.security.second_factor import AppSetup
from hub.security.site import Site
from hub.security.tokens import Tokens
from hub.web.browsers import browser_name
from hub.web.deps import ByDoor, ByPerson, CurrentUser, From, Hub, SignedIn, ThisSite, asker_for
from hub.web.language import say
from hub.web.rendering import View
from hub.web.services import Services
from hub.web.views import CurrentView, LobbyView

router = APIRouter(include_in_schema=False, dependencies=[ByPerson])
DIFFERENT = T("两次输入的新密码不一样。", "The two new passwords differ.")
Secret = Annotated[str, Form(max_length=1000)]
Short = Annotated[str, Form(max_length=60)]


@router.get("/password")
def show_password(view: LobbyView) -> Response:
    return view.page("password.html", errors={}, error="")


@router.post("/password", dependencies=[ByDoor])
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


@router.get("/account")
def show(view: CurrentView, services: Hub, actor: CurrentUser, site: ThisSite) -> Response:
    return _account_page(view, services, actor, site)


@router.post("/account/sessions/{id}/end")
def end_session(services: Hub, origin: From, actor: CurrentUser, id: UUID) -> Response:
    if not services.sign_in.sign_out(actor, origin, id):
        raise NotFoundError(T("没有这个登录会话。", "There is no such session."))
    return RedirectResponse("/account", 303)


@router.post("/account/tokens")
def make_token(
    view: CurrentView,
    services: Hub,
    origin: From,
    actor: CurrentUser,
    site: ThisSite,
    *,
    name: Short,
    days: Annotated[int, Form(ge=1, le=366)] = 90,
    reach: Annotated[str, Form(max_length=10)] = "read",
) -> Response:
    scopes = [r for r in actor.rights if reach == "all" or r.endswith(".read")]
    asker = asker_for(actor, origin)
    tokens = Tokens(services.db)
    token = tokens.make(actor, name, scopes, days=days, origin=origin, asker=asker)
    return _account_page(view, services, actor, site, token=token.secret)


@router.post("/account/recovery-codes")
def new_codes(view: LobbyView, services: Hub, origin: From, actor: CurrentUser) -> Response:
    codes = services.sign_in.factors.new_codes(actor, asker_for(actor, origin))
    return view.page("recovery-codes.html", codes=codes)


@router.post("/account/factors/{id}/remove")
def remove_factor(services: Hub, origin: From, actor: CurrentUser, id: UUID) -> Response:
    services.sign_in.factors.remove(actor, id, asker_for(actor, origin))
    return RedirectResponse("/account", 303)


@router.get("/account/second-factor")
def choose_factor(view: LobbyView, actor: SignedIn, site: ThisSite) -> Response:
    """Where a role that needs a second factor sends whoever has none."""
    return view.page("factor-choose.html", has_passkeys=site.has_passkeys, must=bool(actor.hurdle))


@router.post("/account/second-factor/app")
def begin_app(view: LobbyView, services: Hub, actor: SignedIn) -> Response:
    return _app_page(view, services.sign_in.factors.begin_app(actor))


@router.post("/account/second-factor/app/confirm")
def confirm_app(
    view: LobbyView,
    services: Hub,
    origin: From,
    actor: SignedIn,
    *,
    factor: Annotated[UUID, Form()],
    code: Annotated[str, Form(max_length=20)],
    name: Short = "",
) -> Response:
    factors = services.sign_in.factors
    try:
        codes = factors.confirm_app(actor, factor, code, name, asker_for(actor, origin))
    except InvalidError as error:
        setup = factors.app_setup(actor, factor)
        return _app_page(view, setup, say(view.language, error.text))
    if codes:
        return view.page("recovery-codes.html", codes=codes)
    return RedirectResponse("/account", 303)


@router.post("/account/second-factor/passkey")
def begin_passkey(view: LobbyView, services: Hub, actor: SignedIn, site: ThisSite) -> Response:
    step, options = services.sign_in.passkeys.begin(actor, site)
    return view.page("factor-passkey.html", step=step, options=options, error="")


@router.post("/account/second-factor/passkey/confirm")
def confirm_passkey(
    view: LobbyView,
    services: Hub,
    origin: From,
    actor: SignedIn,
    site: ThisSite,
    *,
    step: Annotated[str, Form(max_length=100)],
    credential: Annotated[str, Form(max_length=20_000)],
    name: Short = "",
) -> Response:
    door, asker = services.sign_in, asker_for(actor, origin)
    try:
        door.passkeys.confirm(actor, site, step, credential, name=name, asker=asker)
    except InvalidError as error:
        fresh, options = door.passkeys.begin(actor, site)
        text = say(view.language, error.text)
        return view.page("factor-passkey.html", status=422, step=fresh, options=options, error=text)
    if door.factors.codes_left(actor.user_id):
        return RedirectResponse("/account", 303)
    return view.page("recovery-codes.html", codes=door.factors.new_codes(actor, asker))


def _app_page(view: View, setup: AppSetup, error: str = "") -> Response:
    code = segno.make(setup.uri, error="m").svg_inline(scale=4, border=2, light="#fff")
    status = 422 if error else 200
    groups = " ".join(setup.secret[i : i + 4] for i in range(0, len(setup.secret), 4))
    return view.page(
        "factor-app.html", status=status, factor=setup.factor_id, svg=code, key=groups, error=error
    )


def _account_page(
    view: View, services: Services, actor: Actor, site: Site, token: str = ""
) -> Response:
    factors = services.sign_in.factors
    sessions = services.sign_in.sessions.listed(actor)
    return view.page(
        "account.html",
        factors=factors.listed(actor.user_id),
        codes_left=factors.codes_left(actor.user_id),
        has_passkeys=site.has_passkeys,
        sessions=[one for one in sessions if not one.name],
        tokens=[one for one in sessions if one.name],
        this=actor.session_id,
        browser_name=browser_name,
        token=token,
    )
