"""/o/{token}: one work order for a contractor without an account, who sees nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import ForbiddenError, NotFoundError, T
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Scope, ScopedSession
from hub.maintenance import links
from hub.maintenance.models import OrderLink
from hub.security.sessions import Origin
from hub.web.deps import From, Hub
from hub.web.orders_live import announce_order
from hub.web.pages.order_acts import OF_CONTRACTORS, Act, Filled, perform
from hub.web.pages.order_photos import add_photo_to, photo_of
from hub.web.pages.order_sheet import WORK, links_of, sheet_of
from hub.web.services import Services
from hub.web.views import PublicView

router = APIRouter(include_in_schema=False, prefix="/o")

_NOT_YOURS = T("这一步由派工的人来做。", "This step is for whoever gave you the job.")


def _found(services: Services, token: str, origin: Origin) -> tuple[OrderLink, Asker]:
    """The link and in whose name it acts; a wrong one counts against the address it came from."""
    try:
        with services.db.system_read("order link") as connection:
            link = links_of(services).read(connection, token)
    except NotFoundError:
        services.strangers.take(origin.address)
        raise
    services.pace.take(link.id)
    return link, Asker(None, link.contractor, links.OneStore(link.store_id), origin.address)


def _scope(link: OrderLink) -> Scope:
    return Scope(link.chain_id, frozenset((link.store_id,)))


@contextmanager
def _writing(services: Services, link: OrderLink, asker: Asker) -> Iterator[ScopedSession]:
    """A session for the one order of a link; NotFoundError where the link is over."""
    with services.db.write(_scope(link)) as session:
        bind_asker(session, asker)
        links.order_of(session, link)
        yield session


@router.get("/{token}")
def show(view: PublicView, services: Hub, origin: From, token: str) -> Response:
    link, asker = _found(services, token, origin)
    if link.opened_at is None:
        with _writing(services, link, asker) as session:
            links.opened(session, link)
    with services.db.read(_scope(link)) as session:
        bind_asker(session, asker)
        order = links.order_of(session, link)
        sheet = sheet_of(session, services, order, view, base=f"/o/{token}")
        sheet = replace(sheet, may=WORK)
        return view.page("order-link.html", order=order, sheet=sheet, link=link)


@router.get("/{token}/photos/{file_id}")
def show_photo(
    services: Hub, origin: From, token: str, file_id: UUID, thumbnail: bool = False
) -> Response:
    link, asker = _found(services, token, origin)
    with services.db.read(_scope(link)) as session:
        bind_asker(session, asker)
        order = links.order_of(session, link)
        return photo_of(services, session, order, file_id, is_thumbnail=thumbnail)


@router.post("/{token}/photos")
def add_photo(
    services: Hub,
    origin: From,
    token: str,
    file: Annotated[UploadFile, File()],
    sent_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    link, asker = _found(services, token, origin)
    with services.db.read(_scope(link)) as session:
        bind_asker(session, asker)
        links.order_of(session, link)
    add_photo_to(services, _scope(link), asker, link.order_id, file, sent_id=sent_id)
    return RedirectResponse(f"/o/{token}", 303)


@router.post("/{token}/{act}")
def act(services: Hub, origin: From, token: str, act: Act, given: Filled) -> Response:
    """In the contractor's name; declined, the job is theirs no longer."""
    link, asker = _found(services, token, origin)
    is_free = act in OF_CONTRACTORS and (act is not Act.MOVE or given.status in WORK)
    if not is_free:
        raise ForbiddenError(_NOT_YOURS)
    with _writing(services, link, asker) as session:
        order = perform(session, link.order_id, act, given)
        announce_order(session, services.live, order)
    return RedirectResponse(f"/o/{token}" if act is not Act.DECLINE else "/o", 303)


@router.get("")
def declined(view: PublicView) -> Response:
    """What stands where the job was once it is declined."""
    return view.page("order-declined.html")
