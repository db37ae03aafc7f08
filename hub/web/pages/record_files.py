"""Photos and documents on the page of a record: added and removed there."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.web.api.files import Sent, add, remove
from hub.web.deps import From, asker_for
from hub.web.records.desk import At

router = APIRouter(include_in_schema=False)


@router.post("/archive/{kind}/{id}/files")
def add_to_record(at: At, origin: From, id: UUID, file: Sent) -> Response:
    add(at.services, at.actor.scope, asker_for(at.actor, origin), (at.model, id), file)
    return RedirectResponse(f"{at.path}/{id}", 303)


@router.post("/archive/{kind}/{id}/files/{file_id}/remove")
def remove_from_record(at: At, origin: From, id: UUID, file_id: UUID) -> Response:
    remove(at.services, at.actor.scope, asker_for(at.actor, origin), file_id)
    return RedirectResponse(f"{at.path}/{id}", 303)
