"""/archive/{record-type}/import: choose a file, match its columns, correct its rows, let it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import object_session
from starlette.responses import Response

from hub.errors import ConflictError, InvalidError, T
from hub.kit.db import ScopedSession
from hub.kit.exchange.columns import NOTHING_OWN, importable, remember
from hub.kit.exchange.exporting import Format
from hub.kit.exchange.fixing import fix
from hub.kit.exchange.importing import IMPORT, UNDO, columns_problem, plan_of
from hub.kit.exchange.rows import OnDuplicate
from hub.kit.exchange.staging import Outcome, StagedRow, Staging
from hub.kit.exchange.template import workbook
from hub.kit.jobs import service
from hub.kit.jobs.models import Job, JobState
from hub.kit.preferences.service import preferences
from hub.kit.records.access import right_of
from hub.kit.records.custom import custom_fields
from hub.kit.records.declare import Field
from hub.kit.records.schemas import VERSION_MAX
from hub.web.api.jobs import begin_undo
from hub.web.deps import From, ReadSession, WriteSession, asker_for
from hub.web.exchange.downloads import attachment, download
from hub.web.exchange.uploads import SHEET, Received, begin_import
from hub.web.records.desk import At, Desk, Posted
from hub.web.records.lists import column_names, columns_key, query_of, state_of

router = APIRouter(include_in_schema=False)
SHOWN = 25  # wrong rows at a time
SAMPLES = 3
MINE = 8  # past imports
DUPLICATES = {
    OnDuplicate.SKIP: T("跳过，档案不变", "Skip them; records stay"),
    OnDuplicate.UPDATE: T("用文件更新档案", "Update the records"),
    OnDuplicate.REFUSE: T("当作错误列出", "List them as errors"),
}
_NOT_NOW = T("这次导入正在进行，请稍候。", "This import is under way; wait a moment.")
Row = Annotated[int, Path(ge=1, le=VERSION_MAX)]
After = Annotated[int, Query(ge=0, le=VERSION_MAX)]


@dataclass(frozen=True, slots=True)
class FileColumn:
    """One column of the file: its head, some of its cells, and the field it is."""

    number: int
    head: str
    samples: list[str]
    field: str


@dataclass(frozen=True, slots=True)
class WrongCell:
    """A cell to be corrected."""

    name: str
    label: str
    value: str
    error: str


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A row to be corrected: what it is about, and its wrong cells."""

    number: int
    about: str
    error: str
    cells: list[WrongCell]


@router.get("/archive/{kind}/export")
def export(at: At, session: ReadSession, origin: From, format: Format = Format.CSV) -> Response:
    """The list as it is filtered, sorted and set out now."""
    state = state_of(at, session).put("format", "")
    key = columns_key(at.model)
    names = column_names(at, session, state, preferences(session, key).get(key))
    wanted = (at.model, query_of(at, session, state), names, format)
    asker = asker_for(at.actor, origin)
    return download(at.services, at.actor.scope, asker, wanted, at.say)


@router.get("/archive/{kind}/import")
def show_start(at: At, session: ReadSession) -> Response:
    at.actor.demand(right_of(at.model, "create"))
    mine = service.listed(session, subject=at.model.__tablename__)
    return at.page(
        "records/import.html",
        duplicates=_duplicates(at),
        mine=[job for job in mine if job.kind == IMPORT][:MINE],
    )


@router.get("/archive/{kind}/import/template")
def template(at: At, session: ReadSession) -> Response:
    headers = attachment(f"{at.path.rpartition('/')[2]}-template.xlsx")
    return Response(
        workbook(at.model, at.say, custom_fields(session, at.model)),
        media_type=SHEET,
        headers=headers,
    )


@router.post("/archive/{kind}/import")
def start(at: At, origin: From, upload: Received) -> Response:
    at.actor.demand(right_of(at.model, "create"))
    wish = upload.fields.get("on_duplicate", "")
    rule = OnDuplicate(wish) if wish in tuple(OnDuplicate) else OnDuplicate.SKIP
    params = {"asks": True, "on_duplicate": rule.value}
    asker = asker_for(at.actor, origin)
    job_id = begin_import(at.services, at.actor.scope, asker, at.model, upload, params=params)
    return RedirectResponse(f"{at.path}/import/{job_id}", 303)


@router.get("/archive/{kind}/import/{id}")
def show(at: At, session: ReadSession, id: UUID, after: After = 0) -> Response:
    return _page(at, _job(at, session, id), after=after)


@router.post("/archive/{kind}/import/{id}/columns")
def choose_columns(at: At, session: WriteSession, id: UUID, sent: Posted) -> Response:
    """Which column is which field; remembered for the next file of this type."""
    job = _asking(_job(at, session, id))
    heads = job.memo["heads"]
    wishes = {number: sent.get(f"column.{number}", "") for number in range(len(heads))}
    own = custom_fields(session, at.model)
    wishes = {n: name if name in importable(at.model, own) else "" for n, name in wishes.items()}
    columns = {str(number): name for number, name in wishes.items() if name}
    rule = sent.get("on_duplicate", "")
    memo = {"columns": columns, "stage": "columns"}
    if rule in tuple(OnDuplicate):
        memo["on_duplicate"] = rule
    job.memo = {**job.memo, **memo}
    problem = columns_problem(at.model, plan_of(job), own)
    if len(set(columns.values())) < len(columns):
        problem = T("两列选了同一个字段。", "Two columns name the same field.")
    if problem:
        return _page(at, job, status=422, error=at.say(problem))
    remember(session, at.model, {heads[number]: name for number, name in wishes.items()})
    service.resume(session, job)
    return _to(at, id)


@router.post("/archive/{kind}/import/{id}/rows/{number}")
def fix_row(at: At, session: ReadSession, id: UUID, number: Row, sent: Posted) -> Response:
    """One row corrected in place."""
    job = _asking(_job(at, session, id))
    fix(session, _staging(at, job), job, number, sent)
    return _to(at, id)


@router.post("/archive/{kind}/import/{id}/{action}")
def decide(at: At, session: WriteSession, id: UUID, action: str) -> Response:
    job = _job(at, session, id)
    match action:
        case "write" if job.memo.get("stage") == "write":
            service.resume(session, _asking(job))
        case "back":
            _asking(job).memo = {**job.memo, "stage": "columns"}
        case "pause":
            service.pause(session, job)
        case "resume":
            service.resume(session, job)
        case "cancel":
            service.cancel(session, job)
        case "undo":
            return _to(at, begin_undo(session, job).id)
        case _:
            raise InvalidError(T("没有这个操作。", "There is no such action."))
    return _to(at, id)


def _to(at: Desk, job_id: UUID) -> Response:
    return RedirectResponse(f"{at.path}/import/{job_id}", 303)


def _job(at: Desk, session: ScopedSession, job_id: UUID) -> Job:
    job = service.find(session, job_id)
    if job.subject != at.model.__tablename__ or job.kind not in (IMPORT, UNDO):
        raise ConflictError(T("这项任务属于另一类档案。", "This job is of another record type."))
    return job


def _asking(job: Job) -> Job:
    if job.state != JobState.ASKING:
        raise ConflictError(_NOT_NOW)
    return job


def _staging(at: Desk, job: Job) -> Staging:
    return Staging(at.services.jobs_folder / str(job.id))


def _page(at: Desk, job: Job, *, after: int = 0, status: int = 200, error: str = "") -> Response:
    stage = job.memo.get("stage", "read")
    is_asking = job.state == JobState.ASKING
    has_rows = job.kind == IMPORT and "head" in job.memo
    counts = _staging(at, job).counts(int(job.memo["head"])) if has_rows else {}
    wrong = _wrong(at, job, after) if is_asking and stage == "write" else []
    return at.page(
        "records/import-job.html",
        status=status,
        job=job,
        stage=stage,
        error=error,
        counts={one.value: n for one, n in counts.items()},
        columns=_columns(at, job) if is_asking and stage == "columns" else [],
        fields=[(n, at.say(f.label), f.is_required) for n, f in _fields(at, job).items()],
        duplicates=_duplicates(at),
        wrong=wrong,
        next_row=wrong[-1].number if len(wrong) == SHOWN else None,
        trouble=at.say(T(*job.trouble)) if job.trouble else "",
        is_undo=job.kind == UNDO,
        begun=max(0, job.position - int(job.memo.get("head", 0))),
        rows=max(0, job.total - int(job.memo.get("head", 0))),
    )


def _duplicates(at: Desk) -> list[tuple[str, str]]:
    return [(rule.value, at.say(text)) for rule, text in DUPLICATES.items()]


def _columns(at: Desk, job: Job) -> list[FileColumn]:
    samples = _staging(at, job).rows(int(job.memo["head"]), SAMPLES)
    return [
        FileColumn(
            number,
            head,
            [row.cells[number][:40] for row in samples if number < len(row.cells)],
            job.memo["columns"].get(str(number), ""),
        )
        for number, head in enumerate(job.memo["heads"])
    ]


def _wrong(at: Desk, job: Job, after: int) -> list[WrongRow]:
    found = _staging(at, job).rows(after, SHOWN, (Outcome.WRONG,))
    by_field = {name: number for number, name in plan_of(job).columns.items()}
    fields = _fields(at, job)
    return [_wrong_row(at, row, by_field, fields) for row in found]


def _fields(at: Desk, job: Job) -> Mapping[str, Field]:
    """What a column of this file can be."""
    session = object_session(job)
    own = custom_fields(session, at.model) if isinstance(session, ScopedSession) else NOTHING_OWN
    return importable(at.model, own)


def _wrong_row(
    at: Desk, row: StagedRow, by_field: Mapping[str, int], fields: Mapping[str, Field]
) -> WrongRow:
    cells = []
    for name, problem in row.problems.items():
        if name not in by_field:
            continue
        number = by_field[name]
        value = row.cells[number] if number < len(row.cells) else ""
        cells.append(WrongCell(name, at.say(fields[name].label), value, at.say(problem)))
    others = [at.say(text) for name, text in row.problems.items() if name not in by_field]
    about = " · ".join(cell[:30] for cell in row.cells[:4] if cell.strip())
    return WrongRow(row.number, about, " ".join(others), cells)
