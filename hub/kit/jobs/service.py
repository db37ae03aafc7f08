"""Jobs as people and programs ask for them: add, look, pause, resume, cancel.

A job is its asker's: nobody else sees it or decides about it.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.errors import ConflictError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.jobs.models import OPEN, Job, JobState
from hub.kit.session import ScopedSession

LISTED = 100
OPEN_AT_ONCE = 20  # of one person
_NO_JOB = T("没有这项后台任务。", "There is no such background job.")
_ENDED = T("这项任务已经结束。", "This job has ended.")
_MANY = T(
    "您已有 {n} 项未完成的后台任务，请先完成或取消一些。",
    "You have {n} unfinished background jobs; finish or cancel some first.",
)


def add(
    session: ScopedSession,
    kind: str,
    subject: str = "",
    params: Mapping[str, Any] | None = None,
    job_id: UUID | None = None,
) -> Job:
    """A new job of the session's asker; it starts soon after the commit."""
    asker = asker_of(session)
    if len(listed(session, is_open=True)) >= OPEN_AT_ONCE:
        raise ConflictError(_MANY.format(n=OPEN_AT_ONCE))
    job = Job(
        id=job_id or uuid7(),
        kind=kind,
        subject=subject,
        state=JobState.WAITING,
        asker_id=asker.user_id,
        asker_name=asker.name,
        address=asker.address,
        params=dict(params or {}),
    )
    session.add(job)
    session.flush()
    return job


def find(session: ScopedSession, job_id: UUID, kind: str = "") -> Job:
    """The asker's own job; NotFoundError for every other."""
    job = session.get(Job, job_id)
    if job is None or job.asker_id != asker_of(session).user_id or kind not in ("", job.kind):
        raise NotFoundError(_NO_JOB)
    return job


def listed(session: ScopedSession, *, is_open: bool = False, subject: str = "") -> Sequence[Job]:
    """The asker's jobs, newest first, at most LISTED."""
    query = select(Job).where(Job.asker_id == asker_of(session).user_id)
    if is_open:
        query = query.where(Job.state.in_(OPEN))
    if subject:
        query = query.where(Job.subject == subject)
    return session.scalars(query.order_by(Job.id.desc()).limit(LISTED)).all()


def pause(session: ScopedSession, job: Job) -> None:
    """It stops after the step it is at."""
    _demand_open(job)
    if job.state != JobState.ASKING:
        _move(session, job, JobState.PAUSED)


def resume(session: ScopedSession, job: Job, memo: Mapping[str, Any] | None = None) -> None:
    """Go on where it stopped; `memo` is what its asker decided."""
    _demand_open(job)
    job.memo = {**job.memo, **(memo or {})}
    if job.state != JobState.RUNNING:
        _move(session, job, JobState.WAITING)


def cancel(session: ScopedSession, job: Job) -> None:
    """What it wrote already stays; the kind of job says how to take it back."""
    _demand_open(job)
    job.ended_at = utc_now()
    _move(session, job, JobState.CANCELLED)


def _demand_open(job: Job) -> None:
    if job.is_ended:
        raise ConflictError(_ENDED)


def _move(session: ScopedSession, job: Job, state: JobState) -> None:
    job.state = state
    session.flush()
