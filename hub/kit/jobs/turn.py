"""One step of a job: what it is given, and the one transaction in which it moves on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from hub.errors import T
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Database, Scope, ScopedSession
from hub.kit.jobs.models import Job, JobState


@dataclass(frozen=True, slots=True)
class Work:
    """A job as its row said when this step began."""

    id: UUID
    kind: str
    subject: str
    params: Mapping[str, Any]
    memo: Mapping[str, Any]
    position: int
    total: int


@dataclass(frozen=True, slots=True)
class Someone:
    """Who asked for a job, with the rights this one has now."""

    scope: Scope
    asker: Asker


@dataclass
class Turn:
    """What a step may use. `folder` is the job's own, removed some days after the job ended."""

    db: Database
    work: Work
    who: Someone
    folder: Path
    is_stopping: Callable[[], bool]

    @contextmanager
    def read(self) -> Iterator[ScopedSession]:
        with self.db.read(self.who.scope) as session:
            bind_asker(session, self.who.asker)
            yield session

    @contextmanager
    def write(self) -> Iterator["Moving"]:
        """Records and the job's progress in one commit, so that no row is written twice.

        When the job was paused or cancelled meanwhile, its new state stays and this step counts.
        """
        with self.db.write(self.who.scope) as session:
            bind_asker(session, self.who.asker)
            job = session.get_one(Job, self.work.id, with_for_update=True)
            yield Moving(session, job)
            job.beat_at = utc_now()


@dataclass
class Moving:
    """The session of a step, and its job to be moved on."""

    session: ScopedSession
    job: Job

    def at(self, position: int, total: int | None = None, **memo: Any) -> None:
        self.job.position = position
        self.job.total = self.job.total if total is None else total
        self.job.memo = {**self.job.memo, **memo}

    def ask(self, **result: Any) -> None:
        """Stop until the asker decides."""
        self._end(JobState.ASKING, result)

    def finish(self, **result: Any) -> None:
        self._end(JobState.DONE, result)
        self.job.ended_at = utc_now()

    def fail(self, trouble: T) -> None:
        self.job.trouble = [trouble.zh, trouble.en]
        self._end(JobState.FAILED, {})
        self.job.ended_at = utc_now()

    def _end(self, state: JobState, result: Mapping[str, Any]) -> None:
        self.job.result = {**self.job.result, **result}
        if not self.job.is_ended:
            self.job.state = state


Step = Callable[[Turn], None]
"""Does a bounded part of a job (under a second) and moves it on; raises HubError to fail it."""
