"""Photos of a work order: before, after, the nameplate; seen by whoever may read the order."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import InvalidError, NotFoundError, T
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Scope, ScopedSession
from hub.kit.files.content import MAX_BYTES
from hub.kit.files.service import Kept, Owner
from hub.maintenance import sending, service
from hub.maintenance.models import WorkOrder
from hub.web.api.files import demand_size, file_answer
from hub.web.deps import CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.orders_live import announce_order
from hub.web.services import Services

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])
_NO_PHOTO = T("这不是照片。", "This is no photo.")
_NONE = T("没有这张照片。", "There is no such photo.")


def owner_of(order: WorkOrder) -> Owner:
    return Owner(WorkOrder.__tablename__, order.id, order.store_id)


def keep_photo(services: Services, file: UploadFile) -> Kept:
    """Drawn anew, at most 2,048 px, without the place where it was taken."""
    data = demand_size(file.file.read(MAX_BYTES + 1))
    kept = services.files.keep(data, file.filename or "")
    if kept.content.width_px is None:
        services.files.forget(kept.id)
        raise InvalidError(_NO_PHOTO, {"file": _NO_PHOTO})
    return kept


def attach_photo(services: Services, session: ScopedSession, order: WorkOrder, kept: Kept) -> None:
    services.files.attach(session, owner_of(order), kept)
    service.note(session, order, "photo", kept.name)
    announce_order(session, services.live, order)


def add_photo_to(
    services: Services,
    scope: Scope,
    asker: Asker,
    order_id: UUID,
    file: UploadFile,
    *,
    sent_id: UUID | None,
) -> None:
    """A photo that a phone sends twice is there once."""
    with services.db.read(scope) as session:  # before anything is kept
        bind_asker(session, asker)
        service.to_change(session, order_id)
    kept = keep_photo(services, file)
    with services.db.write(scope) as session:
        bind_asker(session, asker)
        is_known = sending.is_done(session, order_id, sent_id)
        if not is_known:
            attach_photo(services, session, service.to_change(session, order_id), kept)
    if is_known:
        services.files.forget(kept.id)


def photo_of(
    services: Services,
    session: ScopedSession,
    order: WorkOrder,
    file_id: UUID,
    *,
    is_thumbnail: bool,
) -> Response:
    row = services.files.find(session, file_id)
    if row.owner_type != WorkOrder.__tablename__ or row.owner_id != order.id:
        raise NotFoundError(_NONE)
    data = services.files.read(row, is_thumbnail=is_thumbnail)
    return file_answer(data, row, is_thumbnail=is_thumbnail)


@router.post("/work-orders/{id}/photos", dependencies=[require(service.UPDATE)])
def add_photo(
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
    file: Annotated[UploadFile, File()],
    sent_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    asker = asker_for(actor, origin)
    add_photo_to(services, actor.scope, asker, id, file, sent_id=sent_id)
    return RedirectResponse(f"/work-orders/{id}", 303)


@router.get("/work-orders/{id}/photos/{file_id}")
def show_photo(
    session: ReadSession, services: Hub, id: UUID, file_id: UUID, thumbnail: bool = False
) -> Response:
    order = service.get(session, id)
    return photo_of(services, session, order, file_id, is_thumbnail=thumbnail)
