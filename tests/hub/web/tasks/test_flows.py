"""The work of a store step by step: ticked for a day, by those whose work it is (UX-12)."""

from datetime import date

from hub.security.roles import SEEDS
from hub.web.tasks.flows import FLOWS, Progress, _done


def test_every_flow_is_the_work_of_some_role_and_short_enough_to_follow() -> None:
    rights = set().union(*(seed.rights for seed in SEEDS))
    for flow in FLOWS:
        assert flow.right in rights, flow.key
        assert 3 <= len(flow.steps) <= 6
        assert all(step.text.zh and step.text.en for step in flow.steps)
    assert len({flow.key for flow in FLOWS}) == len(FLOWS)


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    flow = FLOWS[0]
    assert Progress(flow, frozenset()).next == 1
    assert Progress(flow, frozenset({1, 3})).next == 2
    assert Progress(flow, frozenset(range(1, len(flow.steps) + 1))).next is None


def test_a_tick_holds_for_its_day_alone() -> None:
    today = date(2026, 7, 1)
    assert _done([today.isoformat(), "1", "2"], today) == {1, 2}
    assert _done(["2020-01-01", "1"], today) == frozenset()
    assert _done(None, today) == frozenset()
