"""Outbox and uplink against a real mosquitto and the hub's real journal (EDG-08, EDG-12, R1)."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.outbox import Outbox
from agent.outbox_batch import Batching
from agent.uplink import Uplink
from agent.uplink_session import UplinkRules
from hub.ingest.acks import Acks
from hub.ingest.dead_letters import DeadLetters
from hub.ingest.intake import Arrival, Intake
from hub.ingest.journal import Journal, RowKind
from hub.ingest.registry import Registry
from hub.kit.db import Database
from hub.kit.ids import uuid7
from protocols.mqtt.client import Hooks, Message, MqttClient, on_loop
from protocols.mqtt.options import BackOff, MqttOptions
from protocols.reading import Reading
from protocols.sparkplug import codec
from protocols.sparkplug.topics import EdgeNode, MessageType, parse_topic
from tests.integration.conftest import Mosquitto

pytestmark = pytest.mark.integration

NODE = EdgeNode("chain-0", "store-1")
RULES = UplinkRules(drain_per_s=0, ack_timeout_s=1.0)


class Host:
    """The hub's intake on the loop: takes, commits ten times a second, acknowledges."""

    def __init__(self, folder: Path, archive: Database, url: str) -> None:
        self.journal = Journal(folder / "journal.sqlite")
        registry = Registry(archive)
        if registry.node(NODE.group, NODE.node) is None:
            registry.approve(NODE.group, NODE.node, chain_id=uuid7(), store_id=uuid7())
        self._acks = Acks(lambda topic, payload: self._client.publish(topic, payload))
        letters = DeadLetters(archive)
        self._intake = Intake(registry, self.journal, letters, self._acks, lambda _node: None)
        self.kinds: list[MessageType] = []
        self._ready = asyncio.Event()
        hooks = Hooks(on_message=on_loop(self._take), on_connect=on_loop(self._ready.set))
        quick = BackOff(first_s=0.05, most_s=0.2)
        options = MqttOptions(url, "hub")
        self._client = MqttClient(options, hooks, [("spBv1.0/#", 1)], quick)

    def _take(self, message: Message) -> None:
        self.kinds.append(parse_topic(message.topic).kind)
        self._intake.take(Arrival(message.topic, message.payload, 0))

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Host"]:
        async with background(self._client.run(), self._commit()):
            await asyncio.wait_for(self._ready.wait(), 10)
            yield self
        self.journal.close()

    async def _commit(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            self._intake.commit()

    def values(self) -> list[float]:
        rows, found = self.journal.read(0, 10**9), []
        for row in rows:
            if row.kind == RowKind.NODE_DATA:
                found += [metric.double_value for metric in codec.parse(row.payload).metrics]
        return found


@asynccontextmanager
async def background(*services: Coroutine[object, object, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(service) for service in services]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def until(is_true: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not is_true():  # noqa: ASYNC110 what the test waits for has no event
            await asyncio.sleep(0.05)


def put(outbox: Outbox, *values: int) -> None:
    now = datetime.now(UTC)
    for value in values:
        outbox.append([Reading("meter-1", "power_w", float(value), now)], urgent=True)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Database]:
    db = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    db.create_all()
    yield db
    db.close()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite", batching=Batching(max_age_s=0.2)) as made:
        yield made


def uplink(outbox: Outbox, url: str) -> Uplink:
    return Uplink(NODE, MqttOptions(url, "store-1"), outbox, RULES)


def test_readings_arrive_are_acknowledged_and_a_stop_says_death(
    mosquitto: Mosquitto, archive: Database, outbox: Outbox, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with Host(tmp_path, archive, mosquitto.url).running() as host:
            async with background(uplink(outbox, mosquitto.url).run()):
                put(outbox, *range(100))
                await until(lambda: len(host.values()) == 100)
                await until(lambda: outbox.rows_waiting == 0)
            await until(lambda: MessageType.NDEATH in host.kinds)
            assert host.values() == [float(n) for n in range(100)]
            assert host.kinds[0] is MessageType.NBIRTH

    asyncio.run(scenario())


def test_a_broker_killed_again_and_again_loses_and_doubles_nothing(
    mosquitto: Mosquitto, archive: Database, outbox: Outbox, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with Host(tmp_path, archive, mosquitto.url).running() as host:
            async with background(uplink(outbox, mosquitto.url).run()):
                for turn in range(4):
                    put(outbox, *range(turn * 200, turn * 200 + 200))
                    await asyncio.sleep(0.1 * turn)
                    await asyncio.to_thread(mosquitto.kill)
                    put(outbox, *range(1000 + turn * 50, 1050 + turn * 50))
                    await asyncio.to_thread(mosquitto.start)
                await until(lambda: outbox.rows_waiting == 0 and len(host.values()) == 1000, 40)
            expected = [*range(800), *range(1000, 1200)]
            assert sorted(host.values()) == [float(n) for n in expected]

    asyncio.run(scenario())


def test_a_hub_that_was_away_gets_everything_once(
    mosquitto: Mosquitto, archive: Database, outbox: Outbox, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with background(uplink(outbox, mosquitto.url).run()):
            async with Host(tmp_path, archive, mosquitto.url).running() as host:
                put(outbox, *range(50))
                await until(lambda: len(host.values()) == 50)
            put(outbox, *range(50, 400))
            await asyncio.sleep(0.5)
            async with Host(tmp_path, archive, mosquitto.url).running() as host:
                await until(lambda: len(host.values()) == 400)
                await until(lambda: outbox.rows_waiting == 0)
                assert host.values() == [float(n) for n in range(400)]

    asyncio.run(scenario())


def test_a_history_drains_through_the_same_corridor(
    mosquitto: Mosquitto, archive: Database, outbox: Outbox, tmp_path: Path
) -> None:
    def history() -> Iterator[Reading]:
        at = datetime(2026, 1, 5, tzinfo=UTC)
        return (Reading("meter-1", "power_w", float(n), at) for n in range(60_000))

    async def scenario() -> None:
        writer = threading.Thread(target=outbox.bulk, args=[history()])
        writer.start()
        await asyncio.to_thread(writer.join)
        put(outbox, -1)
        async with Host(tmp_path, archive, mosquitto.url).running() as host:
            async with background(uplink(outbox, mosquitto.url).run()):
                await until(lambda: outbox.rows_waiting == 0)
            assert host.values() == [*(float(n) for n in range(60_000)), -1.0]

    asyncio.run(scenario())
