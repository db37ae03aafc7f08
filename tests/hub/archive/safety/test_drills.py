"""Drills count by what was measured, and the next is planned by itself (SEC-20, SEC-18)."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.archive.safety.planning import plan
from hub.archive.safety.records import CaseState, Drill, DrillState, SecurityCase
from hub.errors import ConflictError, InvalidError
from hub.kit.clock import utc_now
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change, apply
from tests.hub.chain_under_test import ChainUnderTest

TITLE = "Restore the hub from the second target"
VALUES = {"title": TITLE, "kind": "restore", "planned_on": date(2026, 1, 5), "repeat_months": 6}


def drill(chain: ChainUnderTest, **more: object) -> UUID:
    with chain.write() as session:
        return apply(session, Drill, Change(values=VALUES | more)).id


def run(chain: ChainUnderTest, id: UUID, minutes: int | None = 17, result: str = "passed") -> None:
    with chain.write() as session:
        if minutes is not None:
            apply(session, Drill, Change(id, {"took_minutes": minutes}))
        perform(session, Drill, id, result)


def drills(chain: ChainUnderTest) -> list[Drill]:
    with chain.read() as session:
        mine = select(Drill).where(Drill.title == TITLE).order_by(Drill.planned_on)
        return list(session.scalars(mine))


def test_a_drill_without_a_measured_time_is_not_held(chain: ChainUnderTest) -> None:
    made = drill(chain)
    with pytest.raises(ConflictError):
        run(chain, made, minutes=None)
    run(chain, made)
    (held,) = drills(chain)
    assert (held.state, held.took_minutes) == (DrillState.PASSED, 17)
    assert held.done_on == utc_now().date()


@pytest.mark.parametrize("result", ["passed", "failed"])
def test_the_next_is_planned_once(chain: ChainUnderTest, result: str) -> None:
    made = drill(chain, steps="1. stop 2. restore")
    assert plan(chain.db) == 0, "it is still to be held"
    run(chain, made, result=result)
    assert plan(chain.db) == 1
    assert plan(chain.db) == 0
    _, coming = drills(chain)
    assert (coming.state, coming.steps) == (DrillState.PLANNED, "1. stop 2. restore")
    assert timedelta(175) < coming.planned_on - utc_now().date() < timedelta(190)


def test_one_that_does_not_repeat_is_held_once(chain: ChainUnderTest) -> None:
    run(chain, drill(chain, repeat_months=None))
    assert plan(chain.db) == 0


def test_a_case_is_closed_by_its_report(chain: ChainUnderTest) -> None:
    """SEC-21: nothing that was found is closed without a word of what was done."""
    values = {"title": "Weak TLS", "kind": "finding", "level": "3", "noticed_at": utc_now()}
    with chain.write() as session:
        made = apply(session, SecurityCase, Change(values=values)).id
        with pytest.raises(ConflictError):
            perform(session, SecurityCase, made, "close")
        apply(session, SecurityCase, Change(made, {"report": "TLS 1.2 is the least now."}))
        perform(session, SecurityCase, made, "contained")
        perform(session, SecurityCase, made, "close")
        assert session.get_one(SecurityCase, made).state is CaseState.CLOSED
        late = values | {"noticed_at": utc_now() + timedelta(days=1)}
        with pytest.raises(InvalidError):
            apply(session, SecurityCase, Change(values=late))
