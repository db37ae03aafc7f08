"""/archive/{record-type}/bulk: one change of all chosen records, its progress and its undo."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import InvalidError, T
from hub.kit.bulk.changing import BULK, BulkAction, Wish, begin
from hub.kit.db import ScopedSession
from hub.kit.exchange.importing import UNDO
from hub.kit.jobs import service
from hub.kit.jobs.models import Job
from hub.kit.records.custom import fields_in
from hub.kit.views.models import QUERY_MAX
from hub.kit.views.service import views_for
from hub.web.deps import ReadSession, WriteSession
from hub.web.language import Language
from hub.web.pages.record_cells import edited
from hub.web.records.desk import At, Desk
from hub.web.records.forms import Typed
from hub.web.records.state import ListState, decoded

router = APIRouter(include_in_schema=False)
_ACTIONS = {
    BulkAction.SET: T("修改“{what}”", "Change of “{what}”"),
    BulkAction.LABEL: T("添加到“{what}”", "Added to “{what}”"),
    BulkAction.ARCHIVE: T("归档", "Archiving"),
    BulkAction.RESTORE: T("恢复", "Restoring"),
    BulkAction.PERFORM: T("{what}", "{what}"),
}
_UNDO = T("撤销整批改动", "Undo of a whole batch")
_UNKNOWN = T("请选择要做什么。", "Choose what to do.")
Ids = Annotated[list[UUID], Form(max_length=500)]
Text = Annotated[str, Form(max_length=4000)]
Stored = Annotated[str, Form(max_length=QUERY_MAX)]
NONE: list[UUID] = []


@router.get("/archive/{kind}/bulk/field")
def show_field(at: At, session: ReadSession, field: str = "") -> Response:
    """The input for the field that was chosen."""
    declared = edited(at, session, field)
    drawn = at.forms(session).one(declared, "", None)
    return at.page("records/bulk-field.html", input=drawn, nullable=declared.is_nullable)


@router.post("/archive/{kind}/bulk")
def start(
    at: At,
    session: WriteSession,
    action: Annotated[str, Form()],
    *,
    id: Ids = NONE,
    all: Annotated[bool, Form()] = False,
    field: Text = "",
    value: Text = "",
    state: Stored = "",
) -> Response:
    word, _, does = action.partition(".")
    if word not in tuple(BulkAction):
        raise InvalidError(_UNKNOWN)
    wanted = BulkAction(word)
    at.actor.demand(f"{at.model.__record__.rights}.{does or _right(wanted)}")
    base = ListState.of(at.path, decoded(state), views_for(session, at.model))
    values = {}
    if wanted in (BulkAction.SET, BulkAction.LABEL):
        declared = edited(at, session, field)
        values = Typed.of({field: value}).all({field: declared})
    wish = Wish(wanted, values, base.engine, None if all else id, does)
    job = begin(session, at.model, wish)
    return RedirectResponse(f"{at.path}/bulk/{job.id}", 303)


@router.get("/archive/{kind}/bulk/{id}")
def show_job(at: At, session: ReadSession, id: UUID) -> Response:
    """The progress of a bulk change, or of the undo of one."""
    job = service.find(session, id)
    english = at.view.language is Language.EN
    refused = [(one, title, en if english else zh) for one, title, zh, en in _refused(job)]
    trouble = (job.trouble or ["", ""])[1 if english else 0]
    return at.page(
        "records/bulk.html",
        job=job,
        what=_what(at, session, job),
        refused=refused,
        is_undo=job.kind == UNDO,
        trouble=trouble,
    )


@router.post("/archive/{kind}/bulk/{id}/undo")
def undo(at: At, session: WriteSession, id: UUID) -> Response:
    """All of it, as a job of its own; what was changed since stays."""
    job = service.find(session, id, BULK)
    made = service.add(session, UNDO, job.subject, {"batch": str(job.id)})
    return RedirectResponse(f"{at.path}/bulk/{made.id}", 303)


@router.post("/archive/{kind}/bulk/{id}/stop")
def stop(at: At, session: WriteSession, id: UUID) -> Response:
    service.cancel(session, service.find(session, id))
    return RedirectResponse(f"{at.path}/bulk/{id}", 303)


def _refused(job: Job) -> list[list[str]]:
    found: list[list[str]] = job.memo.get("refused", [])
    return found


def _what(at: Desk, session: ScopedSession, job: Job) -> str:
    if job.kind == UNDO:
        return at.say(_UNDO)
    fields = fields_in(session, at.model)
    names = [at.say(fields[n].label) for n in job.params.get("values", ()) if n in fields]
    does = job.params.get("does")
    names += [at.say(one.label) for one in at.model.__record__.actions if one.name == does]
    return at.say(_ACTIONS[BulkAction(job.params["action"])].format(what=", ".join(names)))


def _right(action: BulkAction) -> str:
    return "update" if action in (BulkAction.SET, BulkAction.LABEL) else "archive"
