"""/jobs: the asker's background work, its progress, and what is wrong with rows of an import."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from hub.errors import ConflictError, T
from hub.kit.exchange.importing import IMPORT, UNDO
from hub.kit.exchange.staging import Outcome, Staging
from hub.kit.jobs import service
from hub.kit.jobs.models import Job, JobState
from hub.kit.records.schemas import VERSION_MAX
from hub.web.deps import Hub, ReadSession, WriteSession
from hub.web.language import say
from hub.web.once import OnceRoute
from hub.web.problems import language_of

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=OnceRoute)
ROWS = 500
_NOT_DONE = T("只有完成的导入才能撤销。", "Only an import that is done can be taken back.")
After = Annotated[int, Query(ge=0, le=VERSION_MAX, description="rows behind this number")]


class JobRead(BaseModel):
    """One job; `position` of `total` rows, `result` its figures, `trouble` why it failed."""

    id: UUID
    kind: str
    subject: str
    state: JobState
    position: int
    total: int
    result: dict[str, Any]
    trouble: str | None
    created_at: datetime
    ended_at: datetime | None

    @staticmethod
    def of(job: Job, request: Request) -> "JobRead":
        return JobRead(
            id=job.id,
            kind=job.kind,
            subject=job.subject.replace("_", "-"),
            state=JobState(job.state),
            position=job.position,
            total=job.total,
            result=job.result,
            trouble=say(language_of(request), T(*job.trouble)) if job.trouble else None,
            created_at=job.created_at,
            ended_at=job.ended_at,
        )


class RowRead(BaseModel):
    """One row of the file with what is wrong with it, by field; "" is the row as a whole."""

    row: int
    outcome: Outcome
    errors: dict[str, str]
    cells: list[str]


@router.get("", operation_id="list_jobs")
def list_jobs(session: ReadSession, request: Request) -> list[JobRead]:
    """Newest first, at most a hundred."""
    return [JobRead.of(job, request) for job in service.listed(session)]


@router.get("/{id}", operation_id="get_job")
def get_job(session: ReadSession, request: Request, id: UUID) -> JobRead:
    return JobRead.of(service.find(session, id), request)


@router.get("/{id}/rows", operation_id="list_job_rows")
def list_rows(
    session: ReadSession,
    services: Hub,
    request: Request,
    id: UUID,
    outcome: Outcome | None = None,
    after: After = 0,
) -> list[RowRead]:
    """Rows of an import, 500 at a time: `?outcome=wrong` lists all that must be corrected."""
    job = service.find(session, id, IMPORT)
    language = language_of(request)
    staging = Staging(services.jobs_folder / str(job.id))
    found = staging.rows(after, ROWS, (outcome,) if outcome else ())
    return [
        RowRead(
            row=one.number,
            outcome=one.outcome,
            errors={name: say(language, text) for name, text in one.problems.items()},
            cells=list(one.cells),
        )
        for one in found
    ]


@router.post("/{id}/pause", operation_id="pause_job")
def pause_job(session: WriteSession, request: Request, id: UUID) -> JobRead:
    """It stops after the step it is at, within a second."""
    job = service.find(session, id)
    service.pause(session, job)
    return JobRead.of(job, request)


@router.post("/{id}/resume", operation_id="resume_job")
def resume_job(session: WriteSession, request: Request, id: UUID) -> JobRead:
    job = service.find(session, id)
    service.resume(session, job)
    return JobRead.of(job, request)


@router.post("/{id}/cancel", operation_id="cancel_job")
def cancel_job(session: WriteSession, request: Request, id: UUID) -> JobRead:
    """What is written already stays, and can be undone."""
    job = service.find(session, id)
    service.cancel(session, job)
    return JobRead.of(job, request)


@router.post("/{id}/undo", operation_id="undo_job", status_code=202)
def undo_job(session: WriteSession, request: Request, id: UUID) -> JobRead:
    """Takes a whole import back, as a job of its own; records changed since stay."""
    return JobRead.of(begin_undo(session, service.find(session, id, IMPORT)), request)


def begin_undo(session: WriteSession, job: Job) -> Job:
    if not job.is_ended or job.params.get("dry_run"):
        raise ConflictError(_NOT_DONE)
    return service.add(session, UNDO, job.subject, {"batch": str(job.id)})
