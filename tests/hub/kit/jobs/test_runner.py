"""Background jobs: resumed after a stop, with the rights of the moment, each its asker's own."""

from pathlib import Path
from uuid import UUID

import pytest

from hub.archive.suppliers.records import Supplier
from hub.errors import NotFoundError
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Scope
from hub.kit.ids import uuid7
from hub.kit.jobs import service
from hub.kit.jobs.models import Job, JobState
from hub.kit.jobs.runner import Runner
from hub.kit.jobs.turn import Someone, Turn
from hub.kit.records.apply import Change, apply
from tests.hub.chain_under_test import ChainUnderTest, RightsOf

ROWS = 5


class StopError(BaseException):
    """As if the process were killed."""


def step(turn: Turn) -> None:
    """One supplier a step."""
    with turn.write() as moving:
        number = turn.work.position + 1
        values = {"code": f"J-{number}", "name": f"Supplier {number}"}
        apply(moving.session, Supplier, Change(values=values))
        moving.at(number, ROWS)
        if number == ROWS:
            moving.finish(made=number)


def begin(chain: ChainUnderTest, user_id: UUID) -> UUID:
    with chain.write() as session:
        bind_asker(session, Asker(user_id, "somebody", RightsOf({})))
        return service.add(session, "suppliers").id


def runner(chain: ChainUnderTest, folder: Path, work: object = step, may: bool = True) -> Runner:
    rights = RightsOf({"suppliers.create": None, "suppliers.read": None} if may else {})

    def whose(user_id: UUID) -> Someone | None:
        return Someone(Scope(chain.id), Asker(user_id, "somebody", rights))

    return Runner(chain.db, {"suppliers": work}, whose, folder)  # type: ignore[dict-item]


def state(chain: ChainUnderTest, job_id: UUID) -> Job:
    with chain.read() as session:
        job = session.get_one(Job, job_id)
        session.expunge(job)
        return job


def test_a_killed_job_goes_on_and_does_nothing_twice(chain: ChainUnderTest, tmp_path: Path) -> None:
    job_id = begin(chain, uuid7())

    def killed(turn: Turn) -> None:
        if turn.work.position == 2:
            raise StopError
        step(turn)

    with pytest.raises(StopError):
        runner(chain, tmp_path, killed).run_all()
    assert state(chain, job_id).state == JobState.RUNNING
    runner(chain, tmp_path).run_all()
    job = state(chain, job_id)
    assert (job.state, job.position, job.result) == (JobState.DONE, ROWS, {"made": ROWS})


def test_rights_are_those_of_now(chain: ChainUnderTest, tmp_path: Path) -> None:
    job_id = begin(chain, uuid7())
    runner(chain, tmp_path, may=False).run_all()
    job = state(chain, job_id)
    assert job.state == JobState.FAILED
    assert job.trouble is not None
    assert "does not allow" in job.trouble[1]


def test_a_closed_account_ends_its_jobs(chain: ChainUnderTest, tmp_path: Path) -> None:
    job_id = begin(chain, uuid7())
    Runner(chain.db, {"suppliers": step}, lambda _: None, tmp_path).run_all()
    assert state(chain, job_id).state == JobState.FAILED


def test_a_fault_of_the_program_fails_the_job_alone(chain: ChainUnderTest, tmp_path: Path) -> None:
    first, second = begin(chain, uuid7()), begin(chain, uuid7())

    def faulty(turn: Turn) -> None:
        if turn.work.id == first:
            raise ZeroDivisionError
        step(turn)

    runner(chain, tmp_path, faulty).run_all()
    assert state(chain, first).state == JobState.FAILED
    assert state(chain, second).state == JobState.DONE


def test_nobody_sees_the_jobs_of_others(chain: ChainUnderTest) -> None:
    job_id = begin(chain, uuid7())
    with chain.read() as session:
        bind_asker(session, Asker(uuid7(), "other", RightsOf({})))
        assert service.listed(session) == []
        with pytest.raises(NotFoundError):
            service.find(session, job_id)
