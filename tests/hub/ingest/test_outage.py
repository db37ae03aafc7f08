"""An outage on the real way, from outbox to alert: an excursion of that time is in the record, once
and with its times, and nobody is woken by it (EDG-12, TSD-11, ALR-13, ALR-15; R3, R17, R22)."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from agent.uplink_session import UplinkRules
from hub.alerts.models import Alert, AlertStatus
from hub.alerts.notices.models import Notice, NoticeMessage
from hub.analytics.cold_chain import AIR, log_of
from hub.analytics.stores import StoreClock
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.detection.findings import Rule, Severity
from hub.ingest.checkpoints import Checkpoints
from hub.ingest.events import Events
from hub.ingest.feed import Feed
from hub.kit.records.apply import Change, apply
from hub.live import Event, EventKind, Live
from hub.timeseries.engines import open_timeseries
from protocols.reading import Reading
from protocols.sparkplug.topics import EdgeNode
from tests.faults.invariants import check_replay
from tests.faults.verdict import Verdict
from tests.hub.chain_under_test import ChainUnderTest
from tests.simulation.centre import SimulatedHub
from tests.simulation.store import SimulatedClock, SimulatedStore, at_noon

NODE = EdgeNode("chain-0", "store-1")
RULES = UplinkRules(drain_per_s=20, unacknowledged_s=1e9)
POLL_S = 60
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WARM_FROM = at_noon() + 90 * MINUTE
WARM_UNTIL = WARM_FROM + 40 * MINUTE


class LiveUnderTest(Live):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Event] = []

    def publish(self, event: Event) -> None:
        self.heard.append(event)


class World:
    """A freezer, its agent and the hub on one clock; `restart` is a kill -9 of the hub."""

    def __init__(self, chain: ChainUnderTest, folder: Path) -> None:
        self.chain, self.folder, self.live = chain, folder, LiveUnderTest()
        self.clock = SimulatedClock(at_noon())
        rng = random.Random(1)
        self.store = SimulatedStore(NODE, folder / "agent", self.clock, rng, RULES, max_bytes=10**9)
        place = chain.id, chain.stores[0].id
        self.hub = SimulatedHub(chain.db, NODE, folder, self.clock, place)
        self._listen()

    def _listen(self) -> None:
        self.feed = Feed(self.hub.journal, self.hub.registry, self.hub.letters)
        self.events = Events(
            self.chain.db, self.live, Checkpoints(self.folder / "state"), self.clock.utc
        )
        self.at = self.events.position()

    def restart(self) -> None:
        self.hub.kill()
        self._listen()
        self._disconnect()
        self._connect()

    def poll(self, time: timedelta) -> None:
        """The agent goes on, heard or not."""
        for _ in range(int(time.total_seconds()) // POLL_S):
            self.clock.advance(POLL_S)
            at = self.clock.utc()
            degrees = -5.0 if WARM_FROM <= at < WARM_UNTIL else -20.0
            self.store.take([Reading("freezer-1", AIR, degrees, at)])
            self.store.tick()
            self._exchange()

    def away(self, time: timedelta) -> None:
        self._disconnect()
        self.poll(time)
        self._connect()

    def _disconnect(self) -> None:
        self.store.session.disconnected()

    def _connect(self) -> None:
        self.store.session.will()
        for message in self.store.session.connected():
            self.hub.take(message)

    def _exchange(self) -> None:
        while sent := list(self.store.session.due()):
            for message in sent:
                self.hub.take(message)
            self.hub.commit()
            for ack in self.hub.outgoing:
                self.store.session.command(ack.payload)
            self.hub.outgoing.clear()
        self.feed.committed(self.hub.journal.last_seq)
        while (block := self.feed.next("events", self.at)) is not None:
            self.events.apply(block)
            self.at = block.last_seq

    def close(self) -> None:
        self.store.close()
        self.hub.close()


@pytest.fixture
def world(chain: ChainUnderTest, tmp_path: Path) -> Iterator[World]:
    store_id = chain.stores[0].id
    unit = {"code": "F-1", "name": "freezer", "type": "freezer", "device_id": "freezer-1"}
    values = {**unit, "store_id": store_id, "setpoint_c": -20.0}
    with chain.write() as session:
        apply(session, Equipment, Change(values=values))
    made = World(chain, tmp_path)
    made._connect()
    yield made
    made.close()


def excursions(chain: ChainUnderTest) -> list[tuple[str, str, int, datetime, datetime | None]]:
    with chain.read() as session:
        found = session.scalars(select(Alert).order_by(Alert.began_at)).all()
        assert all(alert.next_at is None for alert in found), "nothing is due to tell anybody"
        for told in (Notice, NoticeMessage):
            assert session.scalar(select(func.count()).select_from(told)) == 0
        return [(a.rule, a.status, a.severity, a.began_at, a.closed_at) for a in found]


ONE = [
    (
        Rule.TEMPERATURE_HIGH,
        AlertStatus.CLEARED,
        Severity.CRITICAL,
        WARM_FROM,
        WARM_UNTIL + 10 * MINUTE,
    )
]


@pytest.mark.parametrize("is_killed", [False, True])
def test_an_excursion_of_an_outage_is_one_past_alert(world: World, is_killed: bool) -> None:
    world.poll(HOUR)
    world.events.flush()
    world.events.save()
    world.away(2 * HOUR)
    if is_killed:
        world.poll(3 * MINUTE)
        assert 0 < world.store.epochs[-2].waiting < 115
        world.restart()
    world.poll(HOUR)
    assert excursions(world.chain) == ONE
    assert EventKind.ALERT not in {event.kind for event in world.live.heard}
    if is_killed:
        world.restart()
        world.poll(10 * MINUTE)
        assert excursions(world.chain) == ONE
    assert_in_the_log(world)
    world.events.flush()
    verdict = Verdict()
    check_replay(verdict, world.chain.db, world.hub.journal, world.folder / "fresh")
    assert (verdict.faults, verdict.alerts) == ([], 1)


def assert_in_the_log(world: World) -> None:
    registry, chain = world.hub.registry, world.chain
    timeseries = open_timeseries("duckdb:", world.folder, registry.store_of)
    block = world.feed.next("series", 0)
    assert block is not None
    timeseries.write(block.points, block.last_seq)
    store_id = chain.stores[0].id
    numbers = {one.device: one.id for one in registry.find(store_id, "freezer-1", AIR)}
    with chain.read() as session:
        clock = StoreClock.of(session.get_one(Store, store_id))
        day = WARM_FROM.astimezone(clock.zone).date()
        units = log_of(session, timeseries, numbers, clock, day)
    timeseries.close()
    (freezer,) = [unit for unit in units if unit.code == "F-1"]
    assert (freezer.low_c, freezer.high_c) == (-20.0, -5.0)
    (found,) = freezer.excursions
    assert (found.since, found.until) == (WARM_FROM, WARM_UNTIL + 10 * MINUTE)
    assert (found.worst, found.limit) == (-5.0, -15.0)
