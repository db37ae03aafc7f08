"""The hub's ingest at a real broker (EDG-08, EDG-12, R10, R17)."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hub.ingest.dead_letters import Cause
from hub.ingest.journal import Journal
from hub.ingest.registry import Registry
from hub.ingest.series import LastSeen, SeriesConsumer
from hub.ingest.service import Ingest
from hub.ingest.subscriber import STATE_TOPIC
from hub.kit.db import Database
from hub.live import EventKind, Live
from hub.timeseries.engines import open_timeseries
from hub.timeseries.last import LastValues
from protocols.mqtt.client import Hooks, Message, MqttClient
from protocols.mqtt.options import MqttOptions
from protocols.sparkplug import codec, journal
from protocols.sparkplug.journal import BatchId
from tests.hub.ingest.wire import WireNode
from tests.integration.conftest import Mosquitto

pytestmark = pytest.mark.integration


@dataclass
class House:
    """A hub's ingest with everything behind it but detectors and web."""

    folder: Path
    url: str
    live: Live = field(default_factory=Live)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Ingest]:
        db = Database(f"sqlite:///{self.folder / 'hub.sqlite'}")
        db.create_all()
        self.registry = Registry(db)
        self.timeseries = open_timeseries("duckdb:", self.folder, self.registry.store_of)
        self.last = LastValues(self.timeseries.newest())
        consumers = (
            LastSeen(self.last, self.live, self.registry, self.timeseries),
            SeriesConsumer(self.timeseries),
        )
        ingest = Ingest(
            MqttOptions(self.url, "storevitals-hub"),
            Journal(self.folder / "journal.sqlite"),
            db,
            self.registry,
            consumers=consumers,
            live=self.live,
        )
        task = asyncio.create_task(ingest.run())
        try:
            yield ingest
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            ingest.journal.close()
            self.timeseries.close()
            db.close()


@dataclass
class Line:
    """An agent's connection; keeps what the hub says."""

    url: str
    heard: list[Message] = field(default_factory=list)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[MqttClient]:
        client = MqttClient(
            MqttOptions(self.url, "agent"),
            Hooks(on_message=self.heard.append),
            [("spBv1.0/+/NCMD/+", 1), (STATE_TOPIC, 1)],
        )
        task = asyncio.create_task(client.run())
        await until(lambda: client.is_connected)
        try:
            yield client
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def acknowledged(self) -> list[BatchId]:
        payloads = [codec.parse(m.payload) for m in self.heard if "/NCMD/" in m.topic]
        return [ack for payload in payloads for ack in journal.acknowledged(payload)]

    def states(self) -> list[dict[str, Any]]:
        return [json.loads(m.payload) for m in self.heard if m.topic == STATE_TOPIC]


async def until(condition: Callable[[], bool], limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> House:
    return House(tmp_path, mosquitto.url)


@pytest.fixture
def wire() -> WireNode:
    return WireNode(now_ms=time.time_ns() // 1_000_000 - 600_000)


async def at_work(ingest: Ingest, wire: WireNode, client: MqttClient) -> None:
    await until(lambda: ingest.metrics()["connected"] == 1.0)
    if not ingest.registry.nodes():
        ingest.registry.approve(wire.group, wire.node, chain_id=uuid4(), store_id=uuid4())
    client.publish(*wire.birth())


def test_a_reading_is_acknowledged_stored_and_seen(house: House, wire: WireNode) -> None:
    async def scenario() -> None:
        line = Line(house.url)
        async with house.running() as ingest, line.open() as client:
            await at_work(ingest, wire, client)
            with house.live.subscribe() as page:
                client.publish(*wire.temperature(-18.5))
                await until(lambda: BatchId(wire.epoch, 1) in line.acknowledged())
                await until(lambda: bool(page.has_readings))
            assert house.last.of([1]).value.tolist() == [-18.5]
            await until(lambda: len(house.timeseries.read([1], 0, 2**50)) == 1)
            assert ingest.metrics()["lag_live_rows"] == 0.0
            assert ingest.troubles() == {}

    asyncio.run(scenario())


def test_the_test_message_goes_all_the_way(house: House) -> None:
    """OPS-01, SEC-26: through a real broker, the journal and past every consumer."""

    async def scenario() -> None:
        async with house.running() as ingest:
            await until(lambda: ingest.metrics()["canary_passed"] == 1.0)
            assert 0 < ingest.metrics()["canary_seconds"] < 10
            assert ingest.metrics()["canary_age_seconds"] < 10

    asyncio.run(scenario())


def test_the_host_says_online_and_its_will_says_offline(house: House) -> None:
    """[host-topic-phid-birth-message, host-topic-phid-death-payload-connect]"""

    async def scenario() -> None:
        line = Line(house.url)
        async with line.open() as client:
            async with house.running() as ingest:
                await until(lambda: ingest.metrics()["connected"] == 1.0)
                await until(lambda: len(line.states()) == 1)
                forged = json.dumps({"online": False, "timestamp": 1}).encode()
                client.publish(STATE_TOPIC, forged, 1, retain=True)
                await until(lambda: len(line.states()) == 3)
            await until(lambda: len(line.states()) == 4)
        first, _, again, last = line.states()
        assert [s["online"] for s in (first, again, last)] == [True, True, False]
        assert first["timestamp"] == again["timestamp"] == last["timestamp"]

    asyncio.run(scenario())


def test_a_restart_loses_doubles_and_asks_nothing(house: House, wire: WireNode) -> None:
    async def scenario() -> None:
        line = Line(house.url)
        async with line.open() as client:
            async with house.running() as ingest:
                await at_work(ingest, wire, client)
                batches = [wire.temperature(float(n)) for n in range(40)]
                for batch in batches[:20]:
                    client.publish(*batch)
                await until(lambda: BatchId(wire.epoch, 20) in line.acknowledged())
            async with house.running() as ingest:
                await until(lambda: ingest.metrics()["connected"] == 1.0)
                for batch in batches[10:]:
                    client.publish(*batch)
                await until(lambda: BatchId(wire.epoch, 40) in line.acknowledged())
                await until(lambda: len(house.timeseries.read([1], 0, 2**50)) == 40)
                assert ingest.metrics()["rebirths_asked"] == 0.0
        assert max(line.acknowledged()) == BatchId(wire.epoch, 40)

    asyncio.run(scenario())


def test_a_flood_of_nonsense_stops_nothing_and_is_counted(house: House, wire: WireNode) -> None:
    """R10 in small: wrong bytes, wrong topics, wrong stores, between good batches."""

    async def scenario() -> None:
        rng, line = random.Random(10), Line(house.url)
        async with house.running() as ingest, line.open() as client:
            await at_work(ingest, wire, client)
            for n in range(300):
                noise = b"\xff" + rng.randbytes(rng.choice((1, 10, 100, 5000)))
                client.publish(wire.topic("NDATA"), noise)
                client.publish(f"spBv1.0/demo-1/{rng.choice(('NFOO', 'x'))}/agent-1", noise)
                client.publish(f"spBv1.0/elsewhere/NDATA/n{n}", noise)
                client.publish(*wire.temperature(float(n)))
                if n % 30 == 0:
                    await asyncio.sleep(0.02)
            await until(lambda: BatchId(wire.epoch, 300) in line.acknowledged())
            await until(lambda: len(house.timeseries.read([1], 0, 2**50)) == 300)
            counts = ingest.letters.counts
            assert (counts[Cause.MALFORMED], counts[Cause.FOREIGN]) == (300, 300)
            assert ingest.metrics()["intake_pending"] == 300.0

    asyncio.run(scenario())


def test_the_hub_waits_for_its_broker(house: House, wire: WireNode, mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        mosquitto.kill()
        states: list[str] = []
        async with house.running() as ingest:
            await asyncio.sleep(0.2)
            assert ingest.metrics()["connected"] == 0.0
            mosquitto.start()
            line = Line(house.url)
            async with line.open() as client:
                with house.live.subscribe() as page:
                    await at_work(ingest, wire, client)
                    await until(lambda: bool(line.acknowledged()))
                    events = [e for e in page.take_events() if e.kind is EventKind.AGENT]
                    states += [e.data["state"] for e in events]
        assert states == ["online"]

    asyncio.run(scenario())
