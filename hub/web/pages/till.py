"""A shared PC: who works on it, changed over by PIN; and how a PC becomes one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.stores.records import Store
from hub.errors import HubError, InvalidError, T, UnauthorizedError
from hub.kit.db import ScopedSession
from hub.kit.records.access import readable
from hub.security.actor import Actor
from hub.security.shared_pcs import ENROL, EnrolledPc, SharedPcs
from hub.web.deps import (
    ByDoor,
    ByPerson,
    CurrentUser,
    From,
    Hub,
    ReadSession,
    SignedIn,
    asker_for,
    clear_session_cookie,
    require,
    set_session_cookie,
)
from hub.web.language import say
from hub.web.pages.login import landing, own_address
from hub.web.palette import plain
from hub.web.rendering import View
from hub.web.services import Services
from hub.web.shared_pc import forget_pc, pc_secret, remember_pc
from hub.web.views import CurrentView, PublicView

router = APIRouter(include_in_schema=False)
DIFFERENT = T("两次输入的 PIN 不一样。", "The two PINs differ.")
Secret = Annotated[str, Form(max_length=1000)]
Digits = Annotated[str, Form(max_length=20)]


def desk(services: Services) -> SharedPcs:
    return SharedPcs(services.db, services.sign_in)


def this_pc(request: Request, services: Services) -> EnrolledPc:
    return desk(services).find(pc_secret(request, services))


@router.get("/till")
def show(view: PublicView, services: Hub, request: Request, next: str = "/") -> Response:
    """Whose turn is it? A browser that is no shared PC goes to the front door."""
    try:
        pc = this_pc(request, services)
    except UnauthorizedError:
        answer: Response = RedirectResponse("/login", 303)
        forget_pc(answer, services)
        return answer
    return _faces(view, services, pc, own_address(next))


@router.post("/till", dependencies=[ByDoor])
def switch(
    view: PublicView,
    services: Hub,
    request: Request,
    origin: From,
    *,
    user: Annotated[UUID, Form()],
    pin: Digits,
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    pc = this_pc(request, services)
    try:
        token = desk(services).switch(pc, user, plain(pin), origin)
    except UnauthorizedError as error:
        return _faces(view, services, pc, own_address(next), user, error)
    answer = RedirectResponse(landing(own_address(next)), 303)
    set_session_cookie(answer, services, token)
    return answer


@router.post("/till/lock")
def lock(services: Hub, origin: From, actor: SignedIn) -> Response:
    """The one who worked here is out; the drafts stay for when they come back."""
    services.sign_in.sign_out(actor, origin)
    answer = RedirectResponse("/till", 303)
    clear_session_cookie(answer, services)
    return answer


@router.get("/till/devices", dependencies=[require(ENROL)])
def devices(
    view: CurrentView, services: Hub, actor: CurrentUser, session: ReadSession, request: Request
) -> Response:
    return _devices(view, services, actor, session, request)


@router.post("/till/devices", dependencies=[ByPerson, require(ENROL)])
def enrol(
    view: CurrentView,
    services: Hub,
    actor: CurrentUser,
    session: ReadSession,
    request: Request,
    origin: From,
    *,
    store: Annotated[UUID, Form()],
    name: Annotated[str, Form(max_length=200)],
) -> Response:
    """This very browser becomes the shared PC."""
    try:
        secret = desk(services).enrol(actor, store, name, asker_for(actor, origin))
    except InvalidError as error:
        return _devices(view, services, actor, session, request, say(view.language, error.text))
    answer = RedirectResponse("/till/devices", 303)
    remember_pc(answer, services, secret)
    return answer


@router.post("/till/devices/{id}/revoke", dependencies=[ByPerson, require(ENROL)])
def revoke(services: Hub, actor: CurrentUser, origin: From, id: UUID) -> Response:
    desk(services).revoke(actor, id, asker_for(actor, origin))
    return RedirectResponse("/till/devices", 303)


@router.get("/account/pin", dependencies=[ByPerson])
def show_pin(view: CurrentView, services: Hub, actor: CurrentUser) -> Response:
    return view.page("pin.html", has_pin=desk(services).has_pin(actor), errors={})


@router.post("/account/pin", dependencies=[ByPerson, ByDoor])
def set_pin(
    view: CurrentView,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    password: Secret,
    pin: Digits,
    again: Digits,
) -> Response:
    try:
        if pin != again:
            raise InvalidError(DIFFERENT, {"again": DIFFERENT})
        desk(services).set_pin(actor, password, plain(pin), origin)
    except InvalidError as error:
        errors = {name: say(view.language, text) for name, text in error.fields.items()}
        has_pin = desk(services).has_pin(actor)
        return view.page("pin.html", status=422, has_pin=has_pin, errors=errors)
    return RedirectResponse("/account", 303)


@router.post("/account/pin/remove", dependencies=[ByPerson])
def remove_pin(services: Hub, actor: CurrentUser) -> Response:
    desk(services).remove_pin(actor)
    return RedirectResponse("/account", 303)


def _faces(
    view: View,
    services: Services,
    pc: EnrolledPc,
    next: str,
    chosen: UUID | None = None,
    error: HubError | None = None,
) -> Response:
    return view.page(
        "till.html",
        status=error.status if error else 200,
        pc=pc,
        people=desk(services).people(pc),
        chosen=chosen,
        next=next,
        error=say(view.language, error.text) if error else "",
    )


def _devices(
    view: View,
    services: Services,
    actor: Actor,
    session: ScopedSession,
    request: Request,
    error: str = "",
) -> Response:
    reach = actor.reach(ENROL)
    query = select(Store.id, Store.name).where(
        Store.archived_at.is_(None), *readable(session, Store)
    )
    if reach is not None:
        query = query.where(Store.id.in_(reach))
    rows = session.execute(query.order_by(Store.code)).all()
    stores = [(str(one.id), one.name) for one in rows]
    try:
        here = this_pc(request, services).id
    except UnauthorizedError:
        here = None
    return view.page(
        "till-devices.html",
        status=422 if error else 200,
        pcs=desk(services).listed(actor),
        stores=stores,
        names=dict(stores),
        here=here,
        error=error,
    )
