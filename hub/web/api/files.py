"""Files of records: /{record-type}/{id}/files, and /files/{id} for the bytes."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, UploadFile
from pydantic import BaseModel
from starlette.responses import Response

from hub.archive.catalogue import RECORD_TYPES
from hub.errors import InvalidError, T
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Record, Scope, ScopedSession
from hub.kit.files.content import MAX_BYTES
from hub.kit.files.models import StoredFile
from hub.kit.files.service import Owner
from hub.kit.records.access import demand, load, not_found
from hub.kit.records.apply import Action
from hub.kit.records.declare import path_of, store_of
from hub.web.deps import CurrentUser, From, Hub, ReadSession, asker_for, seen
from hub.web.exchange.downloads import attachment
from hub.web.services import Services

SANDBOX = "sandbox; default-src 'none'"
TYPES = {model.__tablename__: model for model in RECORD_TYPES}
_LARGE = T("文件不能超过 {n} MB。", "A file may have at most {n} MB.")


Sent = Annotated[UploadFile, File()]


class FileRead(BaseModel):
    """One file; `url` gives its bytes, `?thumbnail=true` a small picture of a photo."""

    id: UUID
    name: str
    mime: str
    size: int
    sha256: str
    width_px: int | None
    height_px: int | None
    added_at: datetime
    added_by: str
    url: str

    @staticmethod
    def of(row: StoredFile) -> "FileRead":
        values = {name: getattr(row, name) for name in FileRead.model_fields if name != "url"}
        return FileRead(**values, url=f"/api/v1/files/{row.id}")


def owner_of(record: Record) -> Owner:
    return Owner(record.__tablename__, record.id, store_of(record))


def _list(model: type[Record]) -> Callable[..., Any]:
    def list_files(session: ReadSession, services: Hub, id: UUID) -> list[FileRead]:
        record = load(session, model, id)
        return [FileRead.of(row) for row in services.files.listed(session, owner_of(record))]

    return list_files


def _add(model: type[Record]) -> Callable[..., Any]:
    def add_file(services: Hub, actor: CurrentUser, origin: From, id: UUID, file: Sent) -> FileRead:
        """A photo is drawn anew: at most 2,048 px, without EXIF."""
        return FileRead.of(add(services, actor.scope, asker_for(actor, origin), (model, id), file))

    return add_file


def add(
    services: Services, scope: Scope, asker: Asker, at: tuple[type[Record], UUID], sent: UploadFile
) -> StoredFile:
    """Attach a file to a record; the asker must be allowed to change it."""
    with services.db.read(scope) as session:  # before anything is kept
        bind_asker(session, asker)
        demand(session, load(session, *at), Action.UPDATE)
    data = demand_size(sent.file.read(MAX_BYTES + 1))
    kept = services.files.keep(data, sent.filename or "")
    with services.db.write(scope) as session:
        bind_asker(session, asker)
        record = load(session, *at)
        demand(session, record, Action.UPDATE)
        return services.files.attach(session, owner_of(record), kept)


def demand_size(data: bytes) -> bytes:
    """Refuse what is larger than any file may be."""
    if len(data) > MAX_BYTES:
        raise InvalidError(_LARGE.format(n=MAX_BYTES >> 20))
    return data


def _owned(session: ScopedSession, services: Services, id: UUID) -> tuple[StoredFile, Record]:
    """A file and the record whose rights it has; of other owners the route is elsewhere."""
    row = services.files.find(session, id)
    model = TYPES.get(row.owner_type)
    if model is None:
        raise not_found(RECORD_TYPES[0])
    return row, load(session, model, row.owner_id)


router = APIRouter()


@router.get(
    "/files/{id}",
    tags=["files"],
    operation_id="get_file",
    response_class=Response,
    responses={200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_file(session: ReadSession, services: Hub, id: UUID, thumbnail: bool = False) -> Response:
    """The bytes, always as a file to be saved."""
    row, _ = _owned(session, services, id)
    return file_answer(
        services.files.read(row, is_thumbnail=thumbnail), row, is_thumbnail=thumbnail
    )


def file_answer(data: bytes, row: StoredFile, *, is_thumbnail: bool = False) -> Response:
    """Nothing of it can run in the page, whatever it is."""
    is_small = is_thumbnail and row.is_image
    headers = attachment(row.name) | {"Content-Security-Policy": SANDBOX}
    return Response(data, media_type="image/jpeg" if is_small else row.mime, headers=headers)


@router.delete("/files/{id}", tags=["files"], operation_id="remove_file", status_code=204)
def remove_file(services: Hub, actor: CurrentUser, origin: From, id: UUID) -> None:
    """Gone for good."""
    remove(services, actor.scope, asker_for(actor, origin), id)


def remove(services: Services, scope: Scope, asker: Asker, file_id: UUID) -> Record:
    """Take a file off its record, and its bytes off the disk."""
    with services.db.write(scope) as session:
        bind_asker(session, asker)
        row, record = _owned(session, services, file_id)
        demand(session, record, Action.UPDATE)
        services.files.remove(session, row)
    services.files.forget(file_id)
    return record


for _model in RECORD_TYPES:
    _path, _noun = f"/{path_of(_model)}/{{id}}/files", _model.__tablename__
    router.add_api_route(
        _path, _list(_model), operation_id=f"list_{_noun}_files", tags=[path_of(_model)]
    )
    router.add_api_route(
        _path,
        _add(_model),
        dependencies=[seen(_model)],
        methods=["POST"],
        status_code=201,
        operation_id=f"add_{_noun}_file",
        tags=[path_of(_model)],
    )
