"""/home: what the overview shows to oneself, in which order and how wide."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from starlette.responses import Response

from hub.web import home
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession
from hub.web.favourites import begin_with, favourites, start_of, starts
from hub.web.home import Tile
from hub.web.language import say
from hub.web.pages.overview import home_key
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)


@router.get("/home")
def arrange(view: CurrentView, actor: CurrentUser, session: ReadSession) -> Response:
    shown = home.layout(session, actor)
    return view.page(
        "home.html",
        choices=home.choices(shown),
        sizes=home.SIZES,
        start_choices=[
            (href, say(view.language, name))
            for href, name in starts(actor, favourites(session)).items()
        ],
        start=start_of(session, actor),
    )


async def posted(request: Request) -> FormData:
    return await request.form(max_fields=60)


@router.post("/home")
def save(
    services: Hub,
    actor: CurrentUser,
    session: WriteSession,
    form: FormData = Depends(posted),
) -> Response:
    """In the order of the form; `default` forgets what was chosen."""
    order = [] if form.get("default") else str(form.get("order", "")).split(",")
    shown = [name for name in order if f"show.{name}" in form]
    wanted = [Tile.of(f"{name}:{form.get(f'size.{name}', '')}") for name in shown]
    home.keep(session, [tile for tile in wanted if tile])
    begin_with(session, actor, str(form.get("start", "")))
    services.recent.forget(home_key(actor))
    return RedirectResponse("/", 303)
