"""The consumer "events": one transaction with its position, so a kill anywhere is a replay that
nobody notices (R1, R2, R17, R22; EDG-05, EDG-06, ALR-02, ALR-10)."""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from agent.simulator.scenario import Scenario
from hub.alerts import service
from hub.alerts.models import Alert, AlertEvent
from hub.analytics.tables import FootfallSlot, SalesHour, TicketRow
from hub.detection.findings import Rule
from hub.ingest.block import NodeEventKind
from hub.ingest.checkpoints import Checkpoints
from hub.ingest.events import Events
from hub.live import Event, EventKind, Live
from tests.hub.chain_under_test import ChainUnderTest
from tests.hub.ingest.simulated_journal import JournalUnderTest, journal_under_test, totals

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class LiveUnderTest(Live):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Event] = []

    def publish(self, event: Event) -> None:
        self.heard.append(event)


@dataclass
class Hub:
    """A consumer and the world around it; `restart` is a kill."""

    chain: ChainUnderTest
    folder: Path
    now: datetime
    live: LiveUnderTest = field(default_factory=LiveUnderTest)
    events: Events = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.events = Events(self.chain.db, self.live, Checkpoints(self.folder), lambda: self.now)

    def follow(self, journal: JournalUnderTest, sizes: Iterator[int], after: int) -> int:
        """Take in all rows after one; the last row."""
        for block in journal.blocks(sizes, after):
            if len(block.received_ms):
                self.now = max(self.now, journal.rows[block.last_seq - 1].received_at)
            self.events.apply(block)
        return len(journal.rows)

    def save(self) -> None:
        """A checkpoint at the newest row."""
        self.events.flush()
        self.events.save()

    def wait(self, time: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the clocks go on by `time` with nothing arriving."""
        self.now += time
        monkeypatch.setattr("hub.ingest.events.time.monotonic", lambda: next(CLOCK))
        self.events.tick()


CLOCK = itertools.count(10_000_000.0, 100.0)


@pytest.fixture
def journal(chain: ChainUnderTest) -> JournalUnderTest:
    return journal_under_test(chain, days=1)


@pytest.fixture
def hub(chain: ChainUnderTest, tmp_path: Path, journal: JournalUnderTest) -> Hub:
    return Hub(chain, tmp_path / "checkpoints", journal.model.now)


def alerts(chain: ChainUnderTest) -> Sequence[Alert]:
    with chain.read() as session:
        return session.scalars(select(Alert).order_by(Alert.began_at)).all()


def summary(chain: ChainUnderTest) -> dict[str, object]:
    """Everything that the consumer keeps, but for ids and times of writing."""
    with chain.read() as session:
        found = session.execute(
            select(Alert.source, Alert.rule, Alert.severity, Alert.status, Alert.began_at)
        )
        lines = session.execute(select(AlertEvent.seq, AlertEvent.kind, AlertEvent.severity))
        slots = session.scalars(select(FootfallSlot))
        hours = session.scalars(select(SalesHour))
        return {
            "alerts": sorted(tuple(row) for row in found),
            "events": sorted(tuple(row) for row in lines),
            "slots": sorted(
                (s.device, s.start_at, s.in_count, s.out_count, s.coverage) for s in slots
            ),
            "sales": sorted((h.start_at, h.revenue_cents, h.tickets) for h in hours),
            "tickets": session.scalar(select(func.count(TicketRow.id))),
        }


def test_a_day_of_history_is_kept_and_raises_nothing(hub: Hub, journal: JournalUnderTest) -> None:
    journal.backlog(DAY)
    hub.follow(journal, itertools.repeat(200), 0)
    hub.save()
    readings = [reading for row in journal.rows for reading in row.readings]
    documents = [json.loads(r.value) for r in readings if isinstance(r.value, str)]
    with hub.chain.read() as session:
        sums = session.execute(
            select(func.sum(FootfallSlot.in_count), func.sum(FootfallSlot.out_count))
        ).one()
        revenue = session.scalar(select(func.sum(SalesHour.revenue_cents)))
        kept = session.scalar(select(func.count(TicketRow.id)))
        covered = session.scalars(select(FootfallSlot.coverage)).all()
    assert tuple(sums) == (totals(readings)["in_count"], totals(readings)["out_count"])
    assert revenue == sum(document["total_cents"] for document in documents)
    assert kept == len(documents) > 100
    assert sum(share > 0.9 for share in covered) >= 0.95 * len(covered)
    assert alerts(hub.chain) == []
    assert [event for event in hub.live.heard if event.kind is EventKind.ALERT] == []


def test_a_drifting_freezer_is_one_alert_that_everybody_sees(
    hub: Hub, journal: JournalUnderTest
) -> None:
    journal.backlog(DAY)
    journal.model.begin(Scenario.FREEZER_DRIFT)
    at = hub.follow(journal, itertools.repeat(60), 0)
    journal.live(HOUR)
    hub.follow(journal, itertools.repeat(1), at)
    (alert,) = alerts(hub.chain)
    assert (alert.rule, alert.device, alert.is_open) == (Rule.TEMPERATURE_HIGH, "freezer-1", True)
    told = [event.data["change"] for event in hub.live.heard if event.kind is EventKind.ALERT]
    assert told == ["raised", "stepped"]
    assert {event.kind for event in hub.live.heard} >= {EventKind.SALE, EventKind.FOOTFALL}


def test_an_excursion_in_the_backlog_is_no_open_alert(hub: Hub, journal: JournalUnderTest) -> None:
    journal.backlog(DAY - 6 * HOUR, later=6 * HOUR)
    journal.model.begin(Scenario.DOOR_LEFT_OPEN)
    journal.backlog(HOUR, later=5 * HOUR)
    journal.model.begin(Scenario.NORMAL)
    journal.backlog(5 * HOUR)
    journal.live(10 * MINUTE)
    hub.follow(journal, itertools.repeat(50), 0)
    found = alerts(hub.chain)
    assert [alert for alert in found if alert.is_open] == []
    assert all(alert.status == "cleared" for alert in found)
    assert [event for event in hub.live.heard if event.kind is EventKind.ALERT] == []


def test_a_fault_that_goes_on_when_the_backlog_ends_is_told(
    hub: Hub, journal: JournalUnderTest
) -> None:
    journal.backlog(DAY)
    journal.model.begin(Scenario.DOOR_LEFT_OPEN)
    journal.backlog(HOUR)
    journal.live(5 * MINUTE)
    hub.follow(journal, itertools.repeat(30), 0)
    assert {alert.device for alert in alerts(hub.chain) if alert.is_open} == {"cabinet-1"}


@pytest.mark.parametrize("seed", range(2))
def test_kills_anywhere_change_nothing(
    chain: ChainUnderTest, tmp_path: Path, seed: int, journal: JournalUnderTest
) -> None:
    rng = random.Random(seed)
    journal.backlog(DAY)
    journal.model.begin(Scenario.FREEZER_DRIFT)
    journal.live(HOUR)
    hub = Hub(chain, tmp_path / "killed", journal.rows[0].received_at)
    sizes = iter(lambda: rng.choice((2, 9, 40, 200)), 0)
    at = 0
    while at < len(journal.rows):
        for block in itertools.islice(journal.blocks(sizes, at), rng.randrange(1, 12)):
            hub.now = max(hub.now, journal.rows[block.last_seq - 1].received_at)
            hub.events.apply(block)
            at = block.last_seq
            if rng.random() < 0.2:
                hub.save()
        if at < len(journal.rows):
            hub.restart()
            at = hub.events.position()
    hub.save()
    (alert,) = alerts(chain)
    assert (alert.rule, alert.severity, alert.is_open) == (Rule.TEMPERATURE_HIGH, 4, True)
    told = [event.data["change"] for event in hub.live.heard if event.kind is EventKind.ALERT]
    assert told == ["raised", "stepped"]
    readings = [reading for row in journal.rows for reading in row.readings]
    sums = summary(chain)
    assert sums["tickets"] == sum(isinstance(reading.value, str) for reading in readings)
    slots = sums["slots"]
    assert isinstance(slots, list)
    assert sum(slot[2] for slot in slots) == totals(readings)["in_count"]


def test_a_killed_consumer_ends_where_an_undisturbed_one_does(
    chain: ChainUnderTest, tmp_path: Path, journal: JournalUnderTest
) -> None:
    journal.backlog(DAY)
    journal.model.begin(Scenario.DOOR_LEFT_OPEN)
    journal.live(HOUR)
    hub = Hub(chain, tmp_path / "calm", journal.rows[0].received_at)
    hub.follow(journal, itertools.repeat(17), 0)
    hub.save()
    undisturbed = summary(chain)
    assert undisturbed["alerts"]
    again = Hub(chain, tmp_path / "no-checkpoints", hub.now)
    assert again.events.position() == 0
    again.follow(journal, itertools.repeat(100), 0)
    again.save()
    assert summary(chain) == undisturbed


def test_a_lost_checkpoint_is_rebuilt_from_the_one_before(
    hub: Hub, journal: JournalUnderTest
) -> None:
    journal.backlog(DAY)
    half = len(journal.rows) // 2
    for first, last in ((0, half), (half, half + 300)):
        for block in (journal.block(n, n + 50) for n in range(first, last, 50)):
            hub.events.apply(block)
        hub.save()
    newest, older = Checkpoints(hub.folder).positions()
    assert hub.events.floor() == older
    damaged = hub.folder / f"events-{newest}.state"
    damaged.write_bytes(damaged.read_bytes()[:-7])
    hub.restart()
    assert hub.events.position() == older


def test_an_agent_that_dies_is_told_within_two_minutes_and_its_devices_are_not(
    hub: Hub, journal: JournalUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.live(HOUR)
    journal.say(NodeEventKind.DEATH, journal.model.now + timedelta(seconds=2))
    at = hub.follow(journal, itertools.repeat(10), 0)
    hub.now = journal.model.now + timedelta(seconds=2)
    hub.wait(timedelta(seconds=20), monkeypatch)
    assert alerts(hub.chain) == []
    hub.wait(timedelta(seconds=60), monkeypatch)
    (alert,) = alerts(hub.chain)
    assert (alert.rule, alert.is_open) == (Rule.AGENT_OFFLINE, True)
    assert "freezer-1" in alert.evidence["devices"]
    journal.say(NodeEventKind.BIRTH, hub.now)
    journal.live(5 * MINUTE)
    hub.follow(journal, itertools.repeat(1), at)
    hub.wait(timedelta(seconds=1), monkeypatch)
    (alert,) = alerts(hub.chain)
    assert (alert.rule, alert.status) == (Rule.AGENT_OFFLINE, "cleared")


def test_a_hub_that_was_down_blames_no_store(
    hub: Hub, journal: JournalUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R28."""
    journal.live(HOUR)
    hub.follow(journal, itertools.repeat(10), 0)
    hub.save()
    hub.now += HOUR / 2
    hub.restart()
    hub.wait(timedelta(seconds=60), monkeypatch)
    assert alerts(hub.chain) == []
    hub.wait(timedelta(seconds=60), monkeypatch)
    assert [alert.rule for alert in alerts(hub.chain)] == [Rule.AGENT_OFFLINE]


def test_a_restart_closes_no_alert_that_its_checkpoint_does_not_know_of(
    hub: Hub, journal: JournalUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1, R22: until the rows since the checkpoint came again, it is behind what was committed."""
    journal.backlog(DAY)
    at = hub.follow(journal, itertools.repeat(60), 0)
    hub.save()
    journal.model.begin(Scenario.FREEZER_DRIFT)
    journal.live(HOUR)
    hub.follow(journal, itertools.repeat(1), at)
    hub.restart()
    assert hub.events.position() == at
    hub.wait(timedelta(seconds=1), monkeypatch)
    (alert,) = alerts(hub.chain)
    assert alert.is_open
    hub.follow(journal, itertools.repeat(1), at)
    hub.wait(timedelta(seconds=1), monkeypatch)
    assert [alert.is_open for alert in alerts(hub.chain)] == [True]


def test_a_resolved_alert_comes_back_while_its_cause_goes_on(
    hub: Hub, journal: JournalUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.backlog(DAY)
    journal.model.begin(Scenario.FREEZER_DRIFT)
    journal.live(HOUR)
    at = hub.follow(journal, itertools.repeat(30), 0)
    (first,) = alerts(hub.chain)
    with hub.chain.write() as session:
        service.resolve(session, first.id)
    journal.live(5 * MINUTE)
    at = hub.follow(journal, itertools.repeat(1), at)
    hub.wait(timedelta(), monkeypatch)
    assert len(alerts(hub.chain)) == 1
    with hub.chain.db.system("an hour ago") as connection:
        connection.execute(Alert.__table__.update().values(closed_at=hub.now - HOUR))  # type: ignore[attr-defined]
    hub.wait(timedelta(seconds=1), monkeypatch)
    assert [alert.is_open for alert in alerts(hub.chain)] == [False, True]
