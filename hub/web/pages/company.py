"""Signing in by a company account: the way there and back, and where administrators set it up."""

from typing import Annotated
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import FieldsError, UnauthorizedError
from hub.security.oidc.door import Settings
from hub.security.oidc.journey import ProviderError
from hub.security.sign_in import SecondFactorError
from hub.security.site import Site
from hub.web.deps import (
    ByPerson,
    CurrentUser,
    From,
    Hub,
    ThisSite,
    asker_for,
    cookie_name,
    require,
    set_session_cookie,
)
from hub.web.language import say
from hub.web.pages.login import keep_step, landing, login_page, own_address
from hub.web.pages.roles import keeper
from hub.web.rendering import View
from hub.web.services import Services
from hub.web.views import CurrentView, PublicView

router = APIRouter(include_in_schema=False)
BACK = "/login/company"
JOURNEY_S = 600
Text = Annotated[str, Form(max_length=300)]


@router.get("/login/company/{id}")
def begin(view: PublicView, services: Hub, site: ThisSite, id: UUID, next: str = "/") -> Response:
    """To the provider; what belongs to this sign-in goes into a cookie of ten minutes."""
    target = own_address(next)
    try:
        secret, url = services.company.begin(id, _back(site))
    except ProviderError as error:
        return login_page(view, services, target, error)
    answer = RedirectResponse(url, 303)
    answer.set_cookie(
        _name(services),
        f"{secret}.{id.hex}.{quote(target, safe='')}",
        max_age=JOURNEY_S,
        path="/",
        secure=services.settings.is_https,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(BACK)
def come_back(
    view: PublicView,
    services: Hub,
    request: Request,
    origin: From,
    site: ThisSite,
    *,
    state: str = "",
    code: str = "",
) -> Response:
    """From the provider, with a code that is good once; everything else ends at the door."""
    secret, provider, target = _journey(request.cookies.get(_name(services), ""))
    try:
        token = services.company.finish(provider, secret, state, code, _back(site), origin)
    except SecondFactorError as error:
        answer: Response = RedirectResponse(f"/login/second?next={quote(target)}", 303)
        keep_step(answer, services, error.step)
    except (UnauthorizedError, ProviderError) as error:
        answer = login_page(view, services, target, error)
    else:
        answer = RedirectResponse(landing(target), 303)
        set_session_cookie(answer, services, token)
    answer.delete_cookie(_name(services), path="/", secure=services.settings.is_https)
    return answer


@router.get("/admin/company", dependencies=[require("roles.read")])
def show(view: CurrentView, services: Hub, actor: CurrentUser, site: ThisSite) -> Response:
    return _page(view, site, services.company.settings(actor.chain_id), may=_may(actor))


@router.post("/admin/company", dependencies=[require("roles.read"), ByPerson])
def keep(
    view: CurrentView,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    site: ThisSite,
    *,
    name: Text = "",
    issuer: Text = "",
    client_id: Text = "",
    secret: Annotated[str, Form(max_length=1000)] = "",
    email_domains: Text = "",
    is_on: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    keeper(actor)
    wish = Settings(name, issuer, client_id, secret, email_domains, bool(is_on))
    try:
        services.company.keep(actor.chain_id, wish, asker_for(actor, origin))
    except FieldsError as error:
        errors = {field: say(view.language, text) for field, text in error.fields.items()}
        return _page(view, site, wish, may=True, errors=errors, status=error.status)
    except ProviderError as error:
        errors = {"issuer": say(view.language, error.text)}
        return _page(view, site, wish, may=True, errors=errors, status=422)
    return RedirectResponse("/admin/company", 303)


def _page(
    view: View,
    site: Site,
    found: Settings | None,
    *,
    may: bool,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    return view.page(
        "company.html",
        status=status,
        found=found,
        back=_back(site),
        errors=errors or {},
        may_keep=may,
    )


def _may(actor: CurrentUser) -> bool:
    return actor.reach("roles.update") is None


def _back(site: Site) -> str:
    return f"{site.origin}{BACK}"


def _name(services: Services) -> str:
    return f"{cookie_name(services)}-company"


def _journey(cookie: str) -> tuple[str, UUID, str]:
    """Secret, provider and where to go; made up or missing, it opens nothing."""
    secret, _, rest = cookie.partition(".")
    provider, _, target = rest.partition(".")
    try:
        return secret, UUID(provider), own_address(unquote(target))
    except ValueError:
        return "", UUID(int=0), "/"
