"""The page of an error: what happened, in the reader's language, and the way back."""

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import URL
from starlette.responses import Response

from hub.errors import HubError, T
from hub.security.actor import Hurdle
from hub.web.deps import HurdleError, services_of
from hub.web.language import say
from hub.web.problems import problem
from hub.web.shared_pc import pc_secret
from hub.web.views import public_view

TITLES = {
    403: T("没有权限", "Not allowed"),
    404: T("没有找到", "Not found"),
    409: T("现在不能这样做", "Not possible now"),
    422: T("有些值不对", "Some values are not right"),
    503: T("请稍后再试", "Try again in a moment"),
}
HURDLES = {
    Hurdle.PASSWORD: "/password",
    Hurdle.SECOND_FACTOR: "/account/second-factor",
    Hurdle.POLICIES: "/policies",
}
OTHER = T("没有成功", "It did not work")


async def page_error(request: Request, error: HubError) -> Response:
    """Nobody signed in: to the front door and back again afterwards; scripts get a document."""
    if "application/json" in request.headers.get("accept", ""):
        return problem(request, error)
    if error.status == 401:
        return to_login(request)
    if isinstance(error, HurdleError):
        return RedirectResponse(HURDLES[error.hurdle], 303)
    view = await public_view(request, await services_of(request))
    return view.page(
        "error.html",
        status=error.status,
        code=error.status,
        title=say(view.language, TITLES.get(error.status, OTHER)),
        text=say(view.language, error.text),
    )


def to_login(request: Request) -> Response:
    """And back to the page, or to the form that was being sent: its draft is still there."""
    here = _path(request.url) if request.method == "GET" else _form_of(request)
    door = "/till" if pc_secret(request, request.app.state.services) else "/login"
    target = door if here == "/" else f"{door}?next={quote(here)}"
    if "HX-Request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


def _path(url: URL) -> str:
    return f"{url.path}?{url.query}" if url.query else url.path


def _form_of(request: Request) -> str:
    """The page of ours that this form stands on."""
    origin = URL(request.headers.get("referer", ""))
    return _path(origin) if origin.netloc == request.headers.get("host") else "/"
