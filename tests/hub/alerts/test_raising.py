"""Findings become alert rows: one open alert each, whatever is repeated (R17, R24, ALR-13)."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.alerts import service
from hub.alerts.families import FLAP_QUIET, FLAPS_AFTER, RETURN_WITHIN
from hub.alerts.models import Alert, AlertEvent, AlertEventKind, AlertStatus
from hub.alerts.raising import Raising, Told
from hub.alerts.timers import run_due
from hub.archive.alert_rules.records import MaintenanceWindow
from hub.detection.findings import Change, Finding, Rule, Severity
from hub.kit.records.apply import Change as Edit
from hub.kit.records.apply import apply
from tests.hub.alerts.findings import NOW, NOW_MS, finding
from tests.hub.chain_under_test import ChainUnderTest


def post(chain: ChainUnderTest, *findings: Finding) -> list[Told]:
    with chain.db.system("test") as connection:
        chains = {store.id: chain.id for store in chain.stores}
        return Raising(connection, chains).post(findings, NOW)


def alerts(chain: ChainUnderTest) -> Sequence[Alert]:
    with chain.read() as session:
        return session.scalars(select(Alert).order_by(Alert.raised_at, Alert.id)).all()


def history(chain: ChainUnderTest, alert_id: UUID) -> list[tuple[int, str]]:
    with chain.read() as session:
        rows = select(AlertEvent).where(AlertEvent.alert_id == alert_id).order_by(AlertEvent.seq)
        return [(row.seq, row.kind) for row in session.scalars(rows)]


def test_a_finding_becomes_one_alert_and_the_world_hears(any_chain: ChainUnderTest) -> None:
    told = post(any_chain, finding(any_chain.stores[0].id))
    (alert,) = alerts(any_chain)
    assert [t.alert_id for t in told] == [alert.id]
    assert alert.status == AlertStatus.RAISED
    assert alert.severity_level is Severity.MEDIUM
    assert (alert.device, alert.metric) == ("freezer-1", "air_temperature_c")
    assert alert.evidence["limit"] == -15.0
    assert history(any_chain, alert.id) == [(1, "raised")]


def test_the_same_findings_again_change_nothing(any_chain: ChainUnderTest) -> None:
    store = any_chain.stores[0].id
    story = [
        finding(store),
        finding(store, Change.STEPPED, severity=Severity.CRITICAL),
        finding(store, Change.CLEARED),
    ]
    assert len(post(any_chain, *story)) == 3
    before = [(a.id, a.status, a.events) for a in alerts(any_chain)]
    assert post(any_chain, story[0]) == []
    assert post(any_chain, story[2]) == []
    assert [(a.id, a.status, a.events) for a in alerts(any_chain)] == before


def test_an_alert_that_comes_back_after_a_while_is_another(any_chain: ChainUnderTest) -> None:
    store = any_chain.stores[0].id
    later_ms = NOW_MS + int(RETURN_WITHIN.total_seconds() * 1000) + 1
    post(any_chain, finding(store))
    post(any_chain, finding(store, Change.STEPPED, severity=Severity.CRITICAL))
    post(any_chain, finding(store, Change.CLEARED))
    post(any_chain, finding(store, since_ms=later_ms, at_ms=later_ms + 5))
    first, second = alerts(any_chain)
    assert (first.status, first.severity) == (AlertStatus.CLEARED, Severity.CRITICAL)
    assert first.closed_at is not None
    assert (second.status, second.severity) == (AlertStatus.RAISED, Severity.MEDIUM)
    kinds = [AlertEventKind.RAISED, AlertEventKind.STEPPED, AlertEventKind.CLEARED]
    assert history(any_chain, first.id) == list(enumerate(kinds, 1))


def test_an_alert_that_comes_back_at_once_is_the_same(any_chain: ChainUnderTest) -> None:
    """ALR-13: repeats are counted, not listed; who had it still has it."""
    store = any_chain.stores[0].id
    post(any_chain, finding(store))
    (alert,) = alerts(any_chain)
    with any_chain.write() as session:
        service.acknowledge(session, alert.id)
    post(any_chain, finding(store, Change.CLEARED))
    told = post(any_chain, finding(store, since_ms=NOW_MS + 9, at_ms=NOW_MS + 9000))
    (alert,) = alerts(any_chain)
    assert [(one.kind, one.status) for one in told] == [("returned", "acknowledged")]
    assert (alert.is_open, alert.returns, alert.step_at) == (True, 1, None)


def test_an_alert_steps_down_too(any_chain: ChainUnderTest) -> None:
    store = any_chain.stores[0].id
    post(any_chain, finding(store, severity=Severity.CRITICAL))
    assert post(any_chain, finding(store, severity=Severity.LOW)) == []
    told = post(any_chain, finding(store, Change.STEPPED, severity=Severity.MEDIUM))
    assert [(one.kind, one.severity) for one in told] == [("stepped", Severity.MEDIUM)]


def test_a_square_wave_around_the_limit_is_one_alert(chain: ChainUnderTest) -> None:
    """R25, C5: once a second for an hour; it is open until it has been quiet for a while."""
    store = chain.stores[0].id
    told: list[Told] = []
    story = []
    for second in range(0, 3600, 2):
        ms = NOW_MS + second * 1000
        story.append(finding(store, since_ms=ms, at_ms=ms))
        story.append(finding(store, Change.CLEARED, since_ms=ms, at_ms=ms + 1000))
    with chain.db.system("test") as connection:
        raising = Raising(connection, {store: chain.id})
        for number, one in enumerate(story):
            told += raising.post([one], NOW + timedelta(seconds=number))
    (alert,) = alerts(chain)
    assert (alert.is_open, alert.returns, len(told)) == (True, FLAPS_AFTER, 1 + 2 * FLAPS_AFTER)
    assert alert.clears_at == NOW + timedelta(seconds=3599) + FLAP_QUIET
    with chain.db.system("test") as connection:
        assert run_due(connection, alert.clears_at - timedelta(seconds=1)) == []
        assert [one.kind for one in run_due(connection, alert.clears_at)] == ["cleared"]


def test_signs_that_came_first_stand_under_their_cause(any_chain: ChainUnderTest) -> None:
    """ALR-10, ALR-15: they tell nobody by themselves any more."""
    store = any_chain.stores[0].id
    post(
        any_chain,
        finding(store, rule=Rule.DEVICE_OFFLINE, source="freezer-1"),
        finding(store, rule=Rule.DEVICE_OFFLINE, source="cabinet-1"),
    )
    told = post(any_chain, finding(store, rule=Rule.POWER_CUT, source="store"))
    *signs, cut = sorted(alerts(any_chain), key=lambda one: one.rule == Rule.POWER_CUT)
    assert {sign.parent_id for sign in signs} == {cut.id}
    assert [(sign.step_at, cut.step_at is not None) for sign in signs] == [(None, True)] * 2
    assert [one.kind for one in told] == ["raised", "grouped", "grouped"]
    with any_chain.read() as session:
        assert [one.id for one in service.open_alerts(session)] == [cut.id]
        assert service.count_children(session, [cut.id]) == {cut.id: 2}


def test_many_alerts_at_once_are_one_incident(any_chain: ChainUnderTest) -> None:
    """R26: 200 in ten seconds; the first few stand under the storm as well."""
    store, other = (one.id for one in any_chain.stores)
    waves = [
        [finding(store, source=f"probe-{n}/air_temperature_c") for n in range(start, start + 20)]
        for start in range(0, 200, 20)
    ]
    for wave in waves:
        post(any_chain, *wave)
    post(any_chain, finding(other, source="probe-1/air_temperature_c"))
    found = alerts(any_chain)
    on_top = [one for one in found if one.parent_id is None]
    assert {(one.store_id, one.rule) for one in on_top} == {
        (store, Rule.STORM),
        (other, Rule.TEMPERATURE_HIGH),
    }
    assert len(found) == 202
    assert all(one.step_at is None for one in found if one.parent_id)


def test_an_occurrence_told_again_leaves_the_next_one_alone(any_chain: ChainUnderTest) -> None:
    """R1, R2: a hub that was killed reads a stretch of its journal again."""
    store = any_chain.stores[0].id
    story = [
        finding(store, severity=Severity.CRITICAL),
        finding(store, Change.CLEARED),
        finding(store, since_ms=NOW_MS + 1000, at_ms=NOW_MS + 2000),
    ]
    post(any_chain, *story)
    before = [(a.id, a.status, a.severity, a.events) for a in alerts(any_chain)]
    assert post(any_chain, *story) == []
    assert [(a.id, a.status, a.severity, a.events) for a in alerts(any_chain)] == before


def test_what_an_open_alert_explains_joins_it(any_chain: ChainUnderTest) -> None:
    store = any_chain.stores[0].id
    post(
        any_chain,
        finding(store, rule=Rule.DEVICE_ALARM, source="freezer-1/alarm_active"),
        finding(store, rule=Rule.DOOR_OPEN, source="freezer-1/door_open"),
    )
    post(any_chain, finding(store, severity=Severity.HIGH))
    post(any_chain, finding(store, source="cabinet-1/air_temperature_c"))
    first, other = alerts(any_chain)
    assert (first.rule, first.severity) == (Rule.DOOR_OPEN, Severity.HIGH)
    assert history(any_chain, first.id) == [(1, "raised"), (2, "also"), (3, "also")]
    assert other.device == "cabinet-1"


def test_a_power_cut_is_one_alert_of_its_store(any_chain: ChainUnderTest) -> None:
    one, two = (store.id for store in any_chain.stores)
    offline = [
        finding(store, rule=Rule.DEVICE_OFFLINE, source=f"device-{n}")
        for n in range(5)
        for store in (one, two)
    ]
    cut = finding(one, rule=Rule.POWER_CUT, source="store", severity=Severity.CRITICAL)
    post(any_chain, *offline, cut)
    found = alerts(any_chain)
    assert [a.rule for a in found if a.store_id == one] == [Rule.POWER_CUT]
    assert len([a for a in found if a.store_id == two]) == 5


def test_an_excursion_that_ended_is_recorded_and_not_open(any_chain: ChainUnderTest) -> None:
    store = any_chain.stores[0].id
    past = finding(store, Change.PAST, severity=Severity.HIGH)
    slight = finding(store, Change.PAST, severity=Severity.LOW, since_ms=NOW_MS - 1)
    assert post(any_chain, past, slight) == []
    (alert,) = alerts(any_chain)
    assert (alert.status, alert.is_open) == (AlertStatus.CLEARED, False)


@pytest.mark.parametrize("at_once", [True, False])
def test_what_goes_on_where_a_past_excursion_ended_is_told(
    any_chain: ChainUnderTest, at_once: bool
) -> None:
    """ALR-13: one alert from the beginning on, whether it was counted from there or anew."""
    store = any_chain.stores[0].id
    past = finding(store, Change.PAST, severity=Severity.HIGH, since_ms=NOW_MS - 60_000)
    past = replace(past, at_ms=NOW_MS - 10_000)
    goes_on = replace(finding(store, since_ms=NOW_MS - 60_000), at_ms=NOW_MS + 5_000)
    told = post(any_chain, past, goes_on) if at_once else post(any_chain, past)
    told = told or post(any_chain, goes_on)
    assert [one.kind for one in told] == ["returned"]
    (alert,) = alerts(any_chain)
    assert (alert.is_open, alert.began_at) == (True, NOW - timedelta(minutes=1))


def test_stores_that_nobody_knows_are_left_out(any_chain: ChainUnderTest) -> None:
    assert post(any_chain, finding(UUID(int=9))) == []
    assert alerts(any_chain) == []


@pytest.mark.parametrize("rounds", [20])
def test_triggers_that_race_make_one_open_alert(any_chain: ChainUnderTest, rounds: int) -> None:
    """R24: eight connections tell of the same thing at once."""
    store = any_chain.stores[0].id
    told: list[Told] = []
    failed: list[BaseException] = []

    def tell(start: threading.Barrier, sweep: int, number: int) -> None:
        try:
            start.wait()
            source, since_ms = f"d{sweep}/air_temperature_c", NOW_MS - 1000 * number
            told.extend(post(any_chain, finding(store, source=source, since_ms=since_ms)))
        except BaseException as error:  # noqa: BLE001 raised again by the assertion below
            failed.append(error)

    for sweep in range(rounds):
        start = threading.Barrier(8)
        threads = [threading.Thread(target=tell, args=(start, sweep, n)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    mine = [one for one in alerts(any_chain) if one.rule == Rule.TEMPERATURE_HIGH]
    assert len(mine) == rounds
    raised = [one for one in told if (one.kind, one.rule) == ("raised", Rule.TEMPERATURE_HIGH)]
    assert len(raised) == rounds


def test_what_somebody_works_at_is_shelved_until_the_window_ends(
    any_chain: ChainUnderTest,
) -> None:
    """ALR-13: a maintenance window of a store; what is still there at its end is told."""
    here, there = (store.id for store in any_chain.stores[:2])
    with any_chain.write() as session:
        about = {"name": "New compressor", "store_id": here}
        span = {"starts_at": NOW - timedelta(hours=1), "ends_at": NOW + timedelta(hours=2)}
        apply(session, MaintenanceWindow, Edit(values=about | span))
    post(any_chain, finding(here), finding(there))
    by_store = {alert.store_id: alert for alert in alerts(any_chain)}
    assert by_store[there].status == AlertStatus.RAISED
    resting = by_store[here]
    assert resting.status == AlertStatus.SHELVED
    assert resting.shelved_until == NOW + timedelta(hours=2)
    assert [kind for _, kind in history(any_chain, resting.id)] == ["raised", "shelved"]
    with any_chain.db.system("test") as connection:
        assert run_due(connection, NOW + timedelta(minutes=119)) == []
        (told,) = run_due(connection, NOW + timedelta(minutes=121))
    assert (told.alert_id, told.status) == (resting.id, AlertStatus.RAISED)
