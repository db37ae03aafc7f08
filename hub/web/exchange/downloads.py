"""Records as a file that leaves: asked for, noted in the audit, then streamed."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from starlette.responses import JSONResponse, Response, StreamingResponse

from hub.archive.practice.service import is_practice
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Record, Scope
from hub.kit.exchange.exporting import (
    Export,
    Format,
    Say,
    csv_parts,
    export_of,
    note_export,
    write_workbook,
)
from hub.kit.records.declare import path_of
from hub.kit.records.query import Query
from hub.web.services import Services

PART_BYTES = 1 << 16


def attachment(name: str) -> dict[str, str]:
    """Headers of a file that is saved, never shown."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


def download(
    services: Services,
    scope: Scope,
    asker: Asker,
    wanted: tuple[type[Record], Query, list[str], Format],
    say: Say,
) -> Response:
    """The file; or 202 with the address of the approval that it needs first."""
    with services.db.read(scope) as session:
        bind_asker(session, asker)
        export = export_of(session, *wanted)
    with services.db.write(scope) as session:
        bind_asker(session, asker)
        if approval := services.export_approval(session, export):
            return JSONResponse({"approval": approval}, 202)
        note_export(session, export)
    day = utc_now().strftime("%Y-%m-%d")
    with services.db.system_read("practice") as connection:
        mark = "练习-practice-" if is_practice(connection, scope.chain_id) else ""
    name = f"{mark}{path_of(export.model)}-{day}.{export.format.value}"
    parts = _csv if export.format is Format.CSV else _workbook
    return StreamingResponse(
        parts(services, scope, asker, export, say),
        media_type=export.format.media_type,
        headers=attachment(name),
    )


def _csv(
    services: Services, scope: Scope, asker: Asker, export: Export, say: Say
) -> Iterator[bytes]:
    with services.db.read(scope) as session:
        bind_asker(session, asker)
        yield from csv_parts(session, export, say)


def _workbook(
    services: Services, scope: Scope, asker: Asker, export: Export, say: Say
) -> Iterator[bytes]:
    """Made on disk, then sent; gone afterwards."""
    with tempfile.TemporaryDirectory(dir=services.settings.data_dir) as folder:
        path = Path(folder) / "export.xlsx"
        with services.db.read(scope) as session:
            bind_asker(session, asker)
            write_workbook(session, export, say, path)
        with path.open("rb") as file:
            while part := file.read(PART_BYTES):
                yield part
