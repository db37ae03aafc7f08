"""Works on jobs in threads of its own, a step at a time, each with the asker's rights of now.

A job is claimed by one process: on PostgreSQL several may run; who stops beating loses it. Whatever
was interrupted goes on from its last committed step.
"""

import asyncio
import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, or_, select, update

from hub.errors import HubError, T
from hub.kit.clock import utc_now
from hub.kit.db import Database, Scope
from hub.kit.ids import uuid7
from hub.kit.jobs.models import ENDED, Job, JobState
from hub.kit.jobs.turn import Moving, Someone, Step, Turn, Work

log = logging.getLogger(__name__)

AT_ONCE = 2
LOOK_EVERY_S = 0.5
LOST_AFTER = timedelta(seconds=60)
KEPT = timedelta(days=7)  # folders of ended jobs
SWEEP_EVERY_S = 3600.0
_TABLE: Table = Job.__table__  # type: ignore[assignment]  # a mapped class's table is a Table
_BUG = T(
    "任务因程序错误中断，已写入日志；请联系支持。",
    "The job ended by a fault of the program, which is in the log; please tell support.",
)
_NOBODY = T(
    "发起人的账号已停用，任务停止。",
    "The account of the person who asked is closed; the job has ended.",
)

Whose = Callable[[UUID], Someone | None]
"""A person's scope and rights as they are now; None when the account is closed."""


@dataclass
class Runner:
    """`run()` until cancelled. `steps` is the literal table of kinds."""

    db: Database
    steps: Mapping[str, Step]
    whose: Whose
    folder: Path
    name: str = field(default_factory=lambda: uuid7().hex)
    _stopping: threading.Event = field(default_factory=threading.Event)

    async def run(self) -> None:
        """Look for work; steps run in threads, and a stop waits for those under way."""
        busy: set[asyncio.Task[None]] = set()
        swept = float("-inf")
        try:
            while True:
                if len(busy) < AT_ONCE and (job := await asyncio.to_thread(self._claim)):
                    task = asyncio.create_task(asyncio.to_thread(self._work, *job))
                    busy.add(task)
                    task.add_done_callback(busy.discard)
                    continue
                now = asyncio.get_running_loop().time()
                if now - swept > SWEEP_EVERY_S:
                    await asyncio.to_thread(self.sweep)
                    swept = now
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            self._stopping.set()
            await asyncio.gather(*busy, return_exceptions=True)

    def run_all(self) -> None:
        """Work in this thread until nothing waits; for commands and tests."""
        while job := self._claim():
            self._work(*job)

    def sweep(self) -> None:
        """Remove the folders of jobs that ended long ago, and of jobs nobody knows."""
        if not self.folder.is_dir():
            return
        old = select(_TABLE.c.id).where(_is_kept())
        with self.db.system_read("jobs") as connection:
            kept = {str(one) for one in connection.scalars(old)}
        young = utc_now().timestamp() - SWEEP_EVERY_S  # its job may not be committed yet
        for path in self.folder.iterdir():
            if path.name not in kept and path.stat().st_mtime < young:
                shutil.rmtree(path, ignore_errors=True)

    def _claim(self) -> tuple[UUID, UUID] | None:
        """The (chain, job) waiting longest, ours from now on."""
        now = utc_now()
        is_lost = or_(_TABLE.c.beat_at.is_(None), _TABLE.c.beat_at < now - LOST_AFTER)
        is_ours_to_take = or_(
            _TABLE.c.state == JobState.WAITING,
            and_(_TABLE.c.state == JobState.RUNNING, self._is_orphan(is_lost)),
        )
        free = select(_TABLE.c.chain_id, _TABLE.c.id).where(is_ours_to_take)
        first = free.order_by(_TABLE.c.id).limit(1)
        with self.db.system_read("jobs") as connection:
            found = connection.execute(first).first()
        if found is None:
            return None
        take = update(_TABLE).where(_TABLE.c.id == found.id, is_ours_to_take)
        values = {"state": JobState.RUNNING.value, "worker": self.name, "beat_at": now}
        with self.db.system("jobs") as connection:
            took = connection.execute(take.values(values)).rowcount
        return (found.chain_id, found.id) if took else None

    def _is_orphan(self, is_lost: ColumnElement[bool]) -> ColumnElement[bool]:
        """On SQLite there is one process: what another one ran is free at once."""
        others = or_(_TABLE.c.worker.is_(None), _TABLE.c.worker != self.name)
        return others if self.db.is_sqlite else and_(others, is_lost)

    def _work(self, chain_id: UUID, job_id: UUID) -> None:
        while not self._stopping.is_set():
            turn = self._turn(chain_id, job_id)
            if turn is None:
                return
            try:
                self._step(turn)
            except HubError as error:
                self._move(chain_id, job_id, partial(Moving.fail, trouble=error.text))
            except Exception:
                log.exception("Job %s of kind %s failed.", job_id, turn.work.kind)
                self._move(chain_id, job_id, partial(Moving.fail, trouble=_BUG))
        self._move(chain_id, job_id, _put_back)

    def _step(self, turn: Turn) -> None:
        turn.folder.mkdir(parents=True, exist_ok=True)
        self.steps[turn.work.kind](turn)

    def _turn(self, chain_id: UUID, job_id: UUID) -> Turn | None:
        """The next step, with the rights of now; None when the job no longer runs here."""
        with self.db.read(Scope(chain_id)) as session:
            job = session.get_one(Job, job_id)
            if job.state != JobState.RUNNING or job.worker != self.name:
                return None
            work = Work(
                job.id, job.kind, job.subject, job.params, job.memo, job.position, job.total
            )
            asker_id = job.asker_id
        who = self.whose(asker_id) if asker_id else None
        if who is None:
            self._move(chain_id, job_id, partial(Moving.fail, trouble=_NOBODY))
            return None
        return Turn(self.db, work, who, self.folder / str(job_id), self._stopping.is_set)

    def _move(self, chain_id: UUID, job_id: UUID, move: Callable[[Moving], None]) -> None:
        with self.db.write(Scope(chain_id)) as session:
            move(Moving(session, session.get_one(Job, job_id)))


def _put_back(moving: Moving) -> None:
    """The hub stops: the next one goes on."""
    if moving.job.state == JobState.RUNNING:
        moving.job.state = JobState.WAITING


def _is_kept() -> ColumnElement[bool]:
    return or_(_TABLE.c.state.not_in(ENDED), _TABLE.c.ended_at > utc_now() - KEPT)
