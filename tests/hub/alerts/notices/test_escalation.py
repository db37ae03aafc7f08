"""Who hears of an alert, when, and who next (ALR-09, ALR-14)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from hub.alerts import service
from hub.alerts.desk import Desk
from hub.alerts.models import Alert, AlertEvent, AlertEventKind, AlertStatus
from hub.alerts.notices.escalation import Manner
from hub.archive.duty.records import NoticeRoute, OnCallShift
from hub.detection.findings import Rule, Severity
from hub.kit.records.apply import Change, apply
from hub.live import Live
from tests.hub.alerts.findings import finding
from tests.hub.alerts.notices.conftest import Duty


def at(text: str) -> datetime:
    """A moment of 17 March in Shanghai."""
    return datetime.fromisoformat(f"2026-03-17T{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("severity", "now", "due"),
    [
        (Severity.CRITICAL, "23:30", "23:30"),
        (Severity.HIGH, "23:30", "23:30"),
        (Severity.MEDIUM, "12:00", "12:00"),
        (Severity.MEDIUM, "06:59", "07:00"),
        (Severity.LOW, "06:00", "08:00"),
    ],
)
def test_quiet_hours_and_the_digest(severity: Severity, now: str, due: str) -> None:
    assert Manner().due(severity, at(now)) == at(due)


def test_a_night_waits_for_the_morning_and_some_are_never_told() -> None:
    assert Manner().due(Severity.MEDIUM, at("23:00")) == at("07:00") + timedelta(days=1)
    assert Manner(from_severity=Severity.HIGH).due(Severity.MEDIUM, at("12:00")) is None
    always = Manner(quiet_from=None, quiet_to=None)
    assert always.due(Severity.MEDIUM, at("03:00")) == at("03:00")


def test_the_ladder_climbs_until_somebody_acknowledges(duty: Duty) -> None:
    """J3 step 3: the technician at once, then manager and headquarters."""
    duty.post(finding(duty.store_id, severity=Severity.HIGH))
    duty.desk.tick()
    assert duty.outbox() == []  # a cause may still come
    duty.clock.forward(seconds=2)
    duty.desk.tick()
    assert [who for who, _ in duty.outbox()] == ["tech"]
    for _ in range(25):
        duty.clock.forward(minutes=1)
        duty.desk.tick()
    assert [who for who, _ in duty.outbox()] == ["tech", "boss"]
    with duty.chain.write() as session:
        alert = session.scalars(select(Alert)).one()
        service.acknowledge(session, alert.id)
    duty.clock.forward(hours=2)
    assert duty.desk.tick() == 0
    assert [who for who, _ in duty.outbox()] == ["tech", "boss"]
    with duty.chain.read() as session:
        kinds = [(one.kind, one.detail.get("to")) for one in service.history(session, alert.id)]
    assert kinds[1:3] == [("notified", "tech"), ("notified", "boss")]


def test_who_is_on_call_goes_first_and_only_while_on_call(duty: Duty) -> None:
    values = {
        "user_id": duty.people["chief"],
        "starts_at": duty.clock(),
        "ends_at": duty.clock() + timedelta(hours=8),
    }
    with duty.chain.write() as session:
        apply(session, OnCallShift, Change(values=values))
    for rule in (Rule.DOOR_OPEN, Rule.PAPER_OUT):
        duty.post(finding(duty.store_id, rule=rule, source=f"{rule}/x", severity=Severity.HIGH))
        duty.clock.forward(seconds=2)
        duty.desk.tick()
        duty.clock.forward(hours=9)
    with duty.chain.read() as session:
        told = {one.rule: one.id for one in session.scalars(select(Alert))}
        first = [
            service.history(session, told[rule])[1].detail["to"]
            for rule in (Rule.DOOR_OPEN, Rule.PAPER_OUT)
        ]
    assert first == ["chief", "tech"]


def test_a_route_of_the_store_wins_over_the_one_that_comes_along(duty: Duty) -> None:
    route = {
        "name": "frozen goods",
        "for_store_id": duty.store_id,
        "rules": ["temperature-high"],
        "from_level": "high",
        "steps": [{"whom": "hq_manager", "after_min": 0}],
    }
    with duty.chain.write() as session:
        apply(session, NoticeRoute, Change(values=route))
    for severity, source in ((Severity.HIGH, "a/x"), (Severity.MEDIUM, "b/x")):
        duty.post(finding(duty.store_id, source=source, severity=severity))
    duty.clock.forward(seconds=2)
    duty.desk.tick()
    assert sorted(who for who, _ in duty.outbox()) == ["chief", "tech"]


def test_business_alerts_go_to_the_manager_and_not_to_technicians(duty: Duty) -> None:
    """ALR-03, ALR-06, ALR-09."""
    duty.post(finding(duty.store_id, rule=Rule.SALES_DROP, source="store", severity=Severity.HIGH))
    duty.clock.forward(seconds=2)
    duty.desk.tick()
    assert [who for who, _ in duty.outbox()] == ["boss"]


def test_a_thousand_timers_survive_restarts(duty: Duty) -> None:
    """R23: each fires within a second of its time and once, whoever keeps the clock by then."""
    sources = [f"probe-{n}/air_temperature_c" for n in range(1000)]
    for first in range(0, 1000, 7):
        duty.post(*[finding(duty.store_id, source=one) for one in sources[first : first + 7]])
        duty.clock.forward(minutes=2)
    ends = {}
    with duty.chain.write() as session:
        for n, alert in enumerate(session.scalars(select(Alert).order_by(Alert.source))):
            ends[alert.id] = duty.clock() + timedelta(hours=1, seconds=n % 60)
            alert.status, alert.step_at = AlertStatus.SHELVED, None
            alert.shelved_until = ends[alert.id]
            alert.keep_time()
    duty.clock.forward(hours=1)
    for _ in range(62):
        Desk(duty.chain.db, Live(), duty.clock).tick()  # every second another hub
        duty.clock.forward(seconds=1)
    with duty.chain.read() as session:
        back = select(AlertEvent).where(AlertEvent.kind == AlertEventKind.UNSHELVED)
        told = [(one.alert_id, one.at) for one in session.scalars(back)]
    assert len(told) == len(ends) == 1000
    assert max(abs((when - ends[one]).total_seconds()) for one, when in told) <= 1
