"""A file that came with a request, by form or as the body itself, and the import it begins."""

import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from hub.errors import InvalidError, T
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Record, Scope
from hub.kit.exchange.importing import IMPORT, source_of
from hub.kit.exchange.sheet import MAX_BYTES
from hub.kit.ids import uuid7
from hub.kit.jobs import service
from hub.web.services import Services

IN_MEMORY_BYTES = 1 << 20
RAW = ("text/csv", "text/plain", "text/tab-separated-values", "application/octet-stream")
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORM = "multipart/form-data"
_NO_FILE = T(
    "请选择 CSV 或 XLSX 文件，或粘贴表格。", "Choose a CSV or XLSX file, or paste a table."
)
_LARGE = T("文件不能超过 {n} MB。", "A file may have at most {n} MB.")


@dataclass(frozen=True)
class Upload:
    """The file, and the other fields of the form it came with."""

    name: str
    file: IO[bytes]
    fields: Mapping[str, str]


async def received(request: Request) -> AsyncIterator[Upload]:
    """The file of this request; InvalidError when there is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    with SpooledTemporaryFile(IN_MEMORY_BYTES) as body:
        if kind == FORM:
            async with request.form(max_files=1, max_part_size=MAX_BYTES) as form:
                yield _of_form(dict(form), body)
            return
        if kind not in (*RAW, SHEET):
            raise InvalidError(_NO_FILE)
        async for part in request.stream():
            body.write(part)
        yield _measured("", body, {})


Received = Annotated[Upload, Depends(received)]


def _of_form(form: Mapping[str, Any], body: IO[bytes]) -> Upload:
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    sent = form.get("file")
    if isinstance(sent, UploadFile) and sent.filename:
        return _measured(sent.filename, sent.file, fields)
    body.write(fields.pop("text", "").encode())
    return _measured("", body, fields)


def _measured(name: str, file: IO[bytes], fields: Mapping[str, str]) -> Upload:
    size = file.seek(0, 2)
    file.seek(0)
    if size == 0:
        raise InvalidError(_NO_FILE, {"file": _NO_FILE})
    if size > MAX_BYTES:
        text = _LARGE.format(n=MAX_BYTES >> 20)
        raise InvalidError(text, {"file": text})
    return Upload(Path(name.replace("\\", "/")).name[:120], file, fields)


def begin_import(
    services: Services,
    scope: Scope,
    asker: Asker,
    model: type[Record],
    upload: Upload,
    *,
    params: Mapping[str, Any],
) -> UUID:
    """Keep the file and add the job; the file is on disk before anybody waits at the gate."""
    job_id = uuid7()
    folder = services.jobs_folder / str(job_id)
    folder.mkdir(parents=True)
    with source_of(folder).open("wb") as target:
        shutil.copyfileobj(upload.file, target)
    try:
        with services.db.write(scope) as session:
            bind_asker(session, asker)
            named = {"file": upload.name, **params}
            service.add(session, IMPORT, model.__tablename__, named, job_id)
    except Exception:
        shutil.rmtree(folder)
        raise
    return job_id
