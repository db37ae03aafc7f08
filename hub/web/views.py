"""Dependencies of pages: a `View` for who looks, in this one's language and look."""

from dataclasses import replace
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from hub.alerts.service import count_open
from hub.errors import T
from hub.kit.asker import Asker, EveryRight, bind_asker
from hub.kit.comments.service import unread
from hub.kit.db import ScopedSession
from hub.kit.records.apply import Change, apply
from hub.security.actor import Actor
from hub.security.records import User
from hub.security.roles import SEEDS
from hub.web.deps import CurrentUser, Hub, ReadSession, SignedIn
from hub.web.favourites import favourites
from hub.web.language import Language, choose, say
from hub.web.look import choose_look
from hub.web.rendering import Shelf, View, Visitor
from hub.web.services import Services
from hub.web.shared_pc import pc_secret
from hub.web.tours import card

OPEN_AGE_S = 4.0
TOUR_AGE_S = 60.0
ROLE_NAMES = {seed.code: seed.name for seed in SEEDS}


def _view(request: Request, services: Services, own: str | None) -> View:
    """`own` is the language kept with a person; what this browser was told goes above it."""
    asked, cookies = request.query_params, request.cookies
    accepted = request.headers.get("accept-language", "")
    language = choose(asked.get("lang"), cookies.get("lang", own), accepted)
    look = choose_look(asked.get("look"), cookies.get("look"))
    is_shared = bool(pc_secret(request, services))
    return View(request, services.templates, language, look, is_shared=is_shared)


async def public_view(request: Request, services: Hub) -> View:
    """For pages that nobody need sign in for."""
    return _view(request, services, None)


async def lobby_view(request: Request, services: Hub, actor: SignedIn) -> View:
    """For the page where a first password is changed."""
    return _view(request, services, actor.language)


async def current_view(
    request: Request, services: Hub, actor: CurrentUser, session: ReadSession
) -> View:
    """For all other pages. A language that is asked for is kept with the person."""
    bare = _view(request, services, actor.language)
    if request.query_params.get("lang") == bare.language != actor.language:
        await run_in_threadpool(keep_language, services, actor, bare.language)
    rights = (actor.chain_id, frozenset(actor.grants.items()))
    shelf = Shelf(services.recent, rights, services.live.changes)
    return replace(
        bare, visitor=partial(_visitor, services, actor, session, bare, shelf), shelf=shelf
    )


def _visitor(
    services: Services, actor: Actor, session: ScopedSession, view: View, shelf: Shelf
) -> Visitor:
    """What the frame shows; asked for when a page is drawn, for most answers have no frame."""

    def count() -> int:
        return sum(sum(found.values()) for found in count_open(session).values())

    open_now = services.recent.get(("open", shelf.rights, shelf.changes), OPEN_AGE_S, count)
    named = services.recent.get(named_key(actor), OPEN_AGE_S, lambda: unread(session))
    tour = services.recent.get(tour_key(actor), TOUR_AGE_S, lambda: card(session, actor))
    stars = services.recent.get(favourites_key(actor), TOUR_AGE_S, lambda: favourites(session))
    return replace(
        visitor_of(actor, view.language, open_now), mentions=named, tour=tour, favourites=stars
    )


def named_key(actor: Actor) -> tuple[str, UUID]:
    """Under which the number of unread mentions is kept for some seconds."""
    return ("named", actor.user_id)


def tour_key(actor: Actor) -> tuple[str, UUID]:
    """Under which it is kept how far somebody is with the first look around."""
    return ("tour", actor.user_id)


def favourites_key(actor: Actor) -> tuple[str, UUID]:
    """Under which the pages are kept that somebody has at hand."""
    return ("favourites", actor.user_id)


def keep_language(services: Services, actor: Actor, language: Language) -> None:
    """Everybody may choose their own language, whatever else they may change of users."""
    with services.db.write(actor.scope) as session:
        bind_asker(session, Asker(actor.user_id, actor.name, EveryRight()))
        apply(session, User, Change(actor.user_id, values={"language": language.value}))


def visitor_of(actor: Actor, language: Language, open_alerts: int) -> Visitor:
    names = [say(language, ROLE_NAMES.get(code, T(code, code))) for code in actor.roles]
    return Visitor(
        name=actor.name,
        role=" · ".join(names),
        is_admin=actor.may("users.read"),
        rights=actor.rights,
        open_alerts=open_alerts,
        id=str(actor.user_id),
        is_by_pin=actor.is_by_pin,
        is_practice=actor.is_practice,
    )


PublicView = Annotated[View, Depends(public_view)]
LobbyView = Annotated[View, Depends(lobby_view)]
CurrentView = Annotated[View, Depends(current_view)]
