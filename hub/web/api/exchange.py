"""/{record-type}/import and /{record-type}/export, for every record type of the archive."""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from hub.archive.catalogue import RECORD_TYPES
from hub.kit.asker import bind_asker
from hub.kit.db import Record
from hub.kit.exchange.exporting import Format
from hub.kit.exchange.rows import OnDuplicate
from hub.kit.exchange.template import workbook
from hub.kit.jobs import service
from hub.kit.jobs.models import JobState
from hub.kit.records.access import right_of
from hub.kit.records.custom import custom_fields, fields_in
from hub.kit.records.declare import path_of
from hub.kit.records.describe import query_parameters
from hub.kit.records.query import parse
from hub.web.api.jobs import JobRead
from hub.web.deps import CurrentUser, From, Hub, ReadSession, asker_for
from hub.web.exchange.downloads import attachment, download
from hub.web.exchange.uploads import FORM, SHEET, Received, begin_import
from hub.web.language import speaker
from hub.web.problems import language_of

OURS = ("format", "columns", "lang")
LOOK_EVERY_S = 0.05
_FILE = {"type": "string", "format": "binary"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {"type": "object", "properties": {"file": _FILE}, "required": ["file"]}
            },
            "text/csv": {"schema": {"type": "string"}},
            SHEET: {"schema": _FILE},
        },
    }
}
Waiting = Annotated[
    float, Query(ge=0, le=30, description="seconds to wait for the end before answering 202")
]


def _export(model: type[Record]) -> Callable[..., Any]:
    def export_records(
        services: Hub,
        actor: CurrentUser,
        origin: From,
        request: Request,
        format: Format = Format.CSV,
        columns: Annotated[str, Query(max_length=2000, description="a,b,c or all")] = "",
    ) -> Response:
        """What the list shows under the same filter and order; noted in the audit."""
        actor.demand(right_of(model, "read"))
        given = [(k, v) for k, v in request.query_params.multi_items() if k not in OURS]
        names = [name for name in columns.split(",") if name]
        with services.db.read(actor.scope) as session:
            wanted = (model, parse(model, given, fields_in(session, model)), names, format)
        say = speaker(language_of(request))
        return download(services, actor.scope, asker_for(actor, origin), wanted, say)

    return export_records


def _import(model: type[Record]) -> Callable[..., Any]:
    def import_records(
        services: Hub,
        actor: CurrentUser,
        origin: From,
        request: Request,
        upload: Received,
        dry_run: bool = False,
        on_duplicate: OnDuplicate = OnDuplicate.SKIP,
        skip_wrong: bool = False,
        wait_s: Waiting = 3,
    ) -> Response:
        """A CSV or XLSX file of records; columns are matched by their heads in either language.

        200 once it is through (or failed: see `state` and `trouble`), 202 while it goes on.
        """
        actor.demand(right_of(model, "create"))
        params = {
            "dry_run": dry_run,
            "on_duplicate": on_duplicate.value,
            "skip_wrong": skip_wrong,
        }
        asker = asker_for(actor, origin)
        job_id = begin_import(services, actor.scope, asker, model, upload, params=params)

        def look() -> JobRead:
            with services.db.read(actor.scope) as session:
                bind_asker(session, asker)
                return JobRead.of(service.find(session, job_id), request)

        return _awaited(look, wait_s)

    return import_records


def _awaited(look: Callable[[], JobRead], wait_s: float) -> Response:
    """The job at its end, or as it is when the time is up."""
    until = time.monotonic() + wait_s
    while True:
        job = look()
        is_over = job.state not in (JobState.WAITING, JobState.RUNNING)
        if is_over or time.monotonic() > until:
            return JSONResponse(job.model_dump(mode="json"), 200 if is_over else 202)
        time.sleep(LOOK_EVERY_S)


def _template(model: type[Record]) -> Callable[..., Any]:
    def import_template(actor: CurrentUser, session: ReadSession, request: Request) -> Response:
        """An empty workbook with the heads that the import knows."""
        actor.demand(right_of(model, "read"))
        say = speaker(language_of(request))
        headers = attachment(f"{path_of(model)}-template.xlsx")
        return Response(
            workbook(model, say, custom_fields(session, model)), media_type=SHEET, headers=headers
        )

    return import_template


def _routes(model: type[Record]) -> APIRouter:
    path, noun = path_of(model), model.__tablename__
    made = APIRouter(prefix=f"/{path}", tags=[path])
    some = [p for p in query_parameters(model) if p["name"] not in ("size", "cursor")]
    files = {one.media_type.partition(";")[0]: {"schema": _FILE} for one in Format}
    made.add_api_route(
        "/export",
        _export(model),
        operation_id=f"export_{noun}",
        response_class=Response,
        responses={200: {"content": files}, 202: {"description": "Needs an approval first"}},
        openapi_extra={"parameters": some},
    )
    made.add_api_route(
        "/import/template",
        _template(model),
        operation_id=f"import_template_{noun}",
        response_class=Response,
        responses={200: {"content": {SHEET: {"schema": _FILE}}}},
    )
    made.add_api_route(
        "/import",
        _import(model),
        methods=["POST"],
        operation_id=f"import_{noun}",
        response_model=JobRead,
        responses={202: {"model": JobRead}},
        openapi_extra=_BODY,
    )
    return made


router = APIRouter()
for _model in RECORD_TYPES:
    router.include_router(_routes(_model))
