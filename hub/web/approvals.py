"""Approvals between the corridor of writes and the pages: keeping what was held back, exports."""

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response

from hub.errors import ConflictError, T
from hub.kit.db import Database, ScopedSession
from hub.kit.exchange.exporting import Export, ExportApproval
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change
from hub.kit.records.models import model_of
from hub.security.approvals.desk import Desk
from hub.security.approvals.gate import ApprovalNeededError
from hub.security.approvals.handing import Handing
from hub.security.approvals.models import ApprovalRequest
from hub.security.sessions import Sessions
from hub.web.once import keeper_of
from hub.web.services import Services


def open_desk(db: Database, sessions: Sessions) -> Desk:
    """The desk over this database; what is approved is done with the asker's present rights."""
    return Desk(db, sessions.absent, _perform, Handing(db).give)


def desk_of(services: Services) -> Desk:
    return open_desk(services.db, services.sign_in.sessions)


def export_gate(desk: Desk) -> ExportApproval:
    """Asked before records leave as a file: the address of the approval it needs, or None."""

    def ask(session: ScopedSession, export: Export) -> str | None:
        filters = [[f.field, f.operator.value, *map(str, f.values)] for f in export.query.filters]
        told = {"rows": export.rows, "filter": filters, "q": export.query.q}
        return desk.use_export(session, export.model.__tablename__, told)

    return ask


def install_approvals(app: FastAPI) -> None:
    """A change that was held back is kept as a request: 202 with its address, or its page."""

    @app.exception_handler(ApprovalNeededError)
    async def _held_back(request: Request, error: ApprovalNeededError) -> Response:
        services: Services = request.app.state.services
        answer = JSONResponse(error.members(), 202)
        beside = keeper_of(request, services.vault, answer)
        await run_in_threadpool(desk_of(services).keep, error.pending, beside)
        is_program = "application/json" in request.headers.get("accept", "")
        if request.url.path.startswith("/api/") or is_program:
            return answer
        if "HX-Request" in request.headers:
            return Response(status_code=204, headers={"HX-Redirect": error.pending.url})
        return RedirectResponse(error.pending.url, 303)


def _perform(session: ScopedSession, request: ApprovalRequest) -> None:
    """A declared action, by its own corridor: its right, its state, and the version judged."""
    if request.record_id is None:
        text = T("“{what}”不能经审批执行。", "“{what}” cannot be done by an approval.")
        raise ConflictError(text.format(what=request.action))
    seen = Change(version=request.record_version, reason=f"approval {request.id}")
    perform(session, model_of(request.record_type), request.record_id, request.action, seen)
