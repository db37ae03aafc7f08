"""Photos of a work order: before, after, the nameplate; seen by whoever may read the order."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, UploadFile
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import InvalidError, NotFoundError, T
from hub.kit.asker import bind_asker
from hub.kit.files.content import MAX_BYTES
from hub.kit.files.service import Owner
from hub.maintenance import service
from hub.maintenance.models import WorkOrder
from hub.web.api.files import demand_size, file_answer
from hub.web.deps import CurrentUser, From, Hub, ReadSession, asker_for, require

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])
_NO_PHOTO = T("这不是照片。", "This is no photo.")
_NONE = T("没有这张照片。", "There is no such photo.")


def owner_of(order: WorkOrder) -> Owner:
    return Owner(WorkOrder.__tablename__, order.id, order.store_id)


@router.post("/work-orders/{id}/photos", dependencies=[require(service.UPDATE)])
def add_photo(
    services: Hub, actor: CurrentUser, origin: From, id: UUID, file: Annotated[UploadFile, File()]
) -> Response:
    """Drawn anew, at most 2,048 px, without the place where it was taken."""
    asker = asker_for(actor, origin)
    with services.db.read(actor.scope) as session:  # before anything is kept
        bind_asker(session, asker)
        service.to_change(session, id)
    data = demand_size(file.file.read(MAX_BYTES + 1))
    kept = services.files.keep(data, file.filename or "")
    if kept.content.width_px is None:
        services.files.forget(kept.id)
        raise InvalidError(_NO_PHOTO, {"file": _NO_PHOTO})
    with services.db.write(actor.scope) as session:
        bind_asker(session, asker)
        order = service.to_change(session, id)
        services.files.attach(session, owner_of(order), kept)
        service.note(session, order, "photo", kept.name)
    return RedirectResponse(f"/work-orders/{id}", 303)


@router.get("/work-orders/{id}/photos/{file_id}")
def show_photo(
    session: ReadSession, services: Hub, id: UUID, file_id: UUID, thumbnail: bool = False
) -> Response:
    order = service.get(session, id)
    row = services.files.find(session, file_id)
    if row.owner_type != WorkOrder.__tablename__ or row.owner_id != order.id:
        raise NotFoundError(_NONE)
    data = services.files.read(row, is_thumbnail=thumbnail)
    return file_answer(data, row, is_thumbnail=thumbnail)
