"""Each scenario of the simulated store is found, for what it is, and nothing else is (ALR-02,
ALR-06, ALR-10, TSD-05, TSD-06); two weeks of `normal` are silent (ALR-13)."""

from datetime import timedelta

import pytest

from agent.simulator.scenario import Scenario
from hub.detection.findings import Change, Finding, Rule, Severity
from hub.detection.standing import standing
from tests.hub.simulated_store import StoreUnderTest, raised, store_under_test


def minutes_to(finding: Finding, store: StoreUnderTest) -> float:
    return finding.at_ms / 60_000 - store.model.now.timestamp() / 60


def test_two_weeks_of_normal_life_raise_nothing(trained: StoreUnderTest) -> None:
    assert trained.findings == []
    assert trained.readings_taken > 1_000_000


def test_another_day_and_another_store_are_silent_too(trained: StoreUnderTest) -> None:
    assert trained.begin(Scenario.NORMAL).run(timedelta(days=1), 15) == []
    other = store_under_test(seed=7, days=8)
    assert other.run(timedelta(days=8), 60) == []


def test_a_failing_freezer_is_noticed_within_ten_minutes(trained: StoreUnderTest) -> None:
    found = trained.begin(Scenario.FREEZER_DRIFT).run(timedelta(minutes=25))
    first = found[0]
    assert raised(found)[0] == ("freezer-1/air_temperature_c", Rule.TEMPERATURE_HIGH)
    assert minutes_to(first, trained) <= 10
    assert first.evidence.limit == -15.0
    assert first.evidence.usual == pytest.approx(-20, abs=0.6)
    assert [(f.change, f.severity) for f in found][-1] == (Change.STEPPED, Severity.CRITICAL)
    assert {f.source for f in found} == {"freezer-1/air_temperature_c"}


def test_an_open_door_is_an_open_door(trained: StoreUnderTest) -> None:
    found = trained.begin(Scenario.DOOR_LEFT_OPEN).run(timedelta(minutes=20))
    assert raised(found)[0][1] is Rule.DOOR_OPEN
    assert {f.evidence.device for f in found} == {"cabinet-1"}
    assert minutes_to(found[0], trained) <= 11


def test_a_dead_counter_is_not_a_quiet_day(trained: StoreUnderTest) -> None:
    found = trained.begin(Scenario.DEAD_COUNTER).run(timedelta(hours=3))
    assert raised(found) == [("door-1", Rule.COUNTER_DEAD)]
    assert found[0].evidence.observed == 0
    assert minutes_to(found[0], trained) <= 90


def test_a_sales_drop_with_the_usual_visitors_says_so(trained: StoreUnderTest) -> None:
    found = trained.begin(Scenario.SALES_DROP).run(timedelta(hours=3))
    assert raised(found) == [("store", Rule.SALES_DROP)]
    assert found[0].evidence.traffic_ratio == pytest.approx(1.0, abs=0.35)
    assert minutes_to(found[0], trained) <= 120


def test_a_power_cut_is_one_finding_and_ends_by_itself(trained: StoreUnderTest) -> None:
    store = trained.begin(Scenario.POWER_CUT)
    found = store.run(timedelta(hours=3))
    assert [(f.change, f.rule) for f in found] == [
        (Change.RAISED, Rule.POWER_CUT),
        (Change.CLEARED, Rule.POWER_CUT),
    ]
    assert minutes_to(found[0], trained) <= 3
    assert set(found[0].evidence.devices) >= {"cabinet-1", "freezer-1", "meter-1"}
    assert standing(store.engine) == []


def test_what_stands_is_what_was_raised(trained: StoreUnderTest) -> None:
    store = trained.begin(Scenario.DEAD_COUNTER)
    found = store.run(timedelta(hours=3))
    assert [f.key for f in standing(store.engine)] == [f.key for f in found]
