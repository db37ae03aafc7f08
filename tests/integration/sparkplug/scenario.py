"""What an edge node lives through while it is recorded: the agent's real outbox and uplink, real
brokers, and a host that comes and goes.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.outbox import Outbox
from agent.outbox_batch import Batching
from agent.settings import Layout
from agent.uplink import Uplink
from agent.uplink_session import UplinkRules
from protocols.mqtt.client import Hooks, Message, MqttClient, on_loop
from protocols.mqtt.options import MqttOptions
from protocols.reading import Quality, Reading
from protocols.sparkplug import codec, journal
from protocols.sparkplug.state import HostState, encode_state, state_topic
from protocols.sparkplug.topics import EdgeNode, MessageType
from tests.integration.conftest import Mosquitto
from tests.integration.sparkplug.recorder import Recorder, Session

GROUP, NODE_ID, HOST = "chain-0", "store-1", "scada"
NODE = EdgeNode(GROUP, NODE_ID)
QUIET_S = 0.3  # so long nothing may be said
PATIENCE_S = 30.0


@dataclass
class Recording:
    """`plain` without and `hosted` with a primary host; `walking` with two brokers."""

    layout: Layout
    plain: list[Session] = field(default_factory=list)
    hosted: list[Session] = field(default_factory=list)
    walking: list[Session] = field(default_factory=list)
    put: list[Reading] = field(default_factory=list)
    broker_said: list[Message] = field(default_factory=list)  # what a subscriber heard

    @property
    def sessions(self) -> list[Session]:
        return [*self.plain, *self.hosted, *self.walking]


class Host:
    """A host application that commands, acknowledges, and says STATE as it is told."""

    def __init__(self, port: int) -> None:
        self.heard: list[Message] = []
        self._ready = asyncio.Event()
        hooks = Hooks(on_message=on_loop(self._take), on_connect=on_loop(self._ready.set))
        options = MqttOptions(f"mqtt://127.0.0.1:{port}", f"host-{port}")
        self._client = MqttClient(options, hooks, [("spBv1.0/#", 1)])

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Host"]:
        async with _background(self._client.run()):
            await asyncio.wait_for(self._ready.wait(), 10)
            yield self

    def _take(self, message: Message) -> None:
        self.heard.append(message)
        is_data = message.topic.split("/")[2] in ("NDATA", "DDATA")
        if is_data and (batch := journal.decode_body(codec.parse(message.payload))):
            ack = journal.ack_command([batch], time_ms=time.time_ns() // 1_000_000)
            self._client.publish(NODE.topic(MessageType.NCMD), ack)

    def ask_rebirth(self) -> None:
        payload = codec.rebirth_command(time_ms=time.time_ns() // 1_000_000)
        self._client.publish(NODE.topic(MessageType.NCMD), payload)

    def say(self, *, is_online: bool, time_ms: int, host: str = HOST, is_kept: bool = True) -> None:
        payload = encode_state(HostState(is_online, time_ms))
        self._client.publish(state_topic(host), payload, 1, retain=is_kept)


@asynccontextmanager
async def _background(service: Coroutine[object, object, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(service)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _until(is_true: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not is_true():  # noqa: ASYNC110 a recording has no event
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} within {PATIENCE_S:.0f} s") from None


class Stage:
    """One edge node with its outbox."""

    def __init__(self, folder: Path, layout: Layout, recording: Recording) -> None:
        folder.mkdir(parents=True)
        batching = Batching(layout, max_values=1, most_values=1)  # so that seq wraps
        self.outbox = Outbox(folder / "outbox.sqlite", batching=batching)
        self._layout, self._recording = layout, recording

    def uplink(self, *brokers: Recorder, host: str | None = None) -> Uplink:
        options, *more = [MqttOptions(broker.url, NODE_ID) for broker in brokers]
        rules = UplinkRules(self._layout, primary_host=host, has_more_brokers=bool(more))
        return Uplink(NODE, options, self.outbox, rules, more_options=more)

    def put(
        self, device: str, metric: str, value: float | str | None, quality: Quality = Quality.GOOD
    ) -> None:
        reading = Reading(device, metric, value, datetime.now(UTC), quality)
        self._recording.put.append(reading)
        self.outbox.append([reading], urgent=True)

    def first_readings(self) -> None:
        self.outbox.declare([("cold-1", "battery_percent"), ("till-1", "ticket")])
        for metric, value in (("online", 1.0), ("air_temperature_c", 3.5), ("door_open", 0.0)):
            self.put("cold-1", metric, value)
        self.put("meter-1", "energy_kwh", 1200.5)
        self.put("till-1", "ticket", '{"number": "1"}')


def _born_anew(recorder: Recorder) -> Callable[[], bool]:
    """One more birth than there is now; a start may have several, as metrics become known."""

    def count() -> int:
        return sum(len(session.of("NBIRTH")) for session in recorder.sessions)

    before = count()
    return lambda: count() > before


def _is_sent(recorder: Recorder, value: float) -> Callable[[], bool]:
    """Looks from the end, since the newest is what is waited for."""

    def look() -> bool:
        last = recorder.sessions[-1].of("NDATA", "DDATA")[-3:]
        return any(m.double_value == value for said in last for m in said.payload.metrics)

    return look


async def _second_session(stage: Stage, broker: Recorder) -> None:
    """It is cut, comes back, and stops."""
    again = _born_anew(broker)
    async with _background(stage.uplink(broker).run()):
        await _until(again, "the second session")
        again = _born_anew(broker)
        broker.cut()
        await _until(again, "the session after the cut")
        stage.put("meter-1", "power_w", 90.0)
        await _until(_is_sent(broker, 90.0), "data after the cut")


async def plain(recording: Recording, stage: Stage, broker: Recorder, host: Host) -> None:
    """Birth, data, a device lost and back, a new metric, rebirth, wrap of seq, stop, cut."""
    stage.first_readings()
    async with _background(stage.uplink(broker).run()):
        await _until(_born_anew(broker), "the first birth")
        stage.put("cold-1", "air_temperature_c", 4.25)
        await _until(_is_sent(broker, 4.25), "data")
        stage.put("cold-1", "air_temperature_c", None, Quality.BAD)
        stage.put("cold-1", "online", 0.0)
        stage.put("meter-1", "energy_kwh", 1200.75)
        await _until(_is_sent(broker, 1200.75), "the lost device")
        await _settled(stage, broker)
        again = _born_anew(broker)
        host.ask_rebirth()
        await _until(again, "the birth that was asked for")
        stage.put("cold-1", "online", 1.0)
        stage.put("cold-1", "air_temperature_c", 3.75, Quality.ESTIMATED)
        await _until(_is_sent(broker, 3.75), "the device that is back")
        again = _born_anew(broker)
        stage.put("cold-1", "humidity_percent", 61.0)
        await _until(again, "the birth of a new metric")
        for n in range(300):
            stage.put("meter-1", "power_w", 100.0 + n)
        await _until(_is_sent(broker, 399.0), "300 messages")
    await _second_session(stage, broker)
    await _until(lambda: len(_deaths(host)) >= 3, "the deaths at the broker")
    recording.broker_said = host.heard
    recording.plain = broker.sessions


def _deaths(host: Host) -> list[Message]:
    return [m for m in host.heard if m.topic == NODE.topic(MessageType.NDEATH)]


async def hosted(recording: Recording, stage: Stage, broker: Recorder, host: Host) -> None:
    """One broker; the primary host comes, is doubted, goes, and comes back."""
    stage.first_readings()
    async with _background(stage.uplink(broker, host=HOST).run()):
        await _until(lambda: bool(broker.sessions and broker.sessions[-1].subscriptions), "a line")
        await _quiet(broker, "no host")
        host.say(is_online=True, time_ms=9000, host="another")
        await _quiet(broker, "another host is online")
        host.say(is_online=False, time_ms=2000)
        await _quiet(broker, "the host is offline")
        host.say(is_online=True, time_ms=1000, is_kept=False)
        await _quiet(broker, "the host is online by an older message")
        again = _born_anew(broker)
        host.say(is_online=True, time_ms=2000)
        await _until(again, "the birth for the host")
        host.say(is_online=False, time_ms=1500, is_kept=False)
        await _quiet(broker, "the host is offline by an older message")
        await _settled(stage, broker)
        host.say(is_online=False, time_ms=2000)
        await _until(lambda: len(broker.sessions) == 2, "a new connection")
        await _quiet(broker, "the host is offline")
        host.say(is_online=True, time_ms=1900, is_kept=False)
        await _quiet(broker, "the host is online by an older message")
        again = _born_anew(broker)
        host.say(is_online=True, time_ms=3000)
        await _until(again, "the birth for the host that is back")
    recording.hosted = broker.sessions


async def _settled(stage: Stage, broker: Recorder) -> None:
    """A last value has arrived and been acknowledged, so nothing is under way."""
    stage.put("meter-1", "energy_kwh", 7.0)
    await _until(_is_sent(broker, 7.0), "data")
    await _until(lambda: not stage.outbox.rows_waiting, "all acknowledgements")


async def _quiet(broker: Recorder, why: str) -> None:
    broker.mark(why)
    await asyncio.sleep(QUIET_S)
    broker.mark("")


async def walking(
    recording: Recording, stage: Stage, brokers: tuple[Recorder, Recorder], hosts: tuple[Host, Host]
) -> None:
    """The host is at the second broker, then at the first."""
    stage.first_readings()
    hosts[0].say(is_online=False, time_ms=1000)
    hosts[1].say(is_online=True, time_ms=1000)
    await asyncio.sleep(0.1)
    async with _background(stage.uplink(*brokers, host=HOST).run()):
        await _until(_born_anew(brokers[1]), "a birth at the second broker")
        await _settled(stage, brokers[1])
        again = _born_anew(brokers[0])
        hosts[0].say(is_online=True, time_ms=2000)
        hosts[1].say(is_online=False, time_ms=2000)
        await _until(again, "a birth at the first broker")
    recording.walking = sorted(
        (s for broker in brokers for s in broker.sessions), key=lambda s: s.opened
    )


async def _record(folder: Path, layout: Layout, ports: tuple[int, int]) -> Recording:
    recording, order = Recording(layout), itertools.count(1)
    async with AsyncExitStack() as stack:

        async def recorder(name: str, behind: int) -> Recorder:
            return await stack.enter_async_context(Recorder(name, behind, order).running())

        first = await stack.enter_async_context(Host(ports[0]).running())
        second = await stack.enter_async_context(Host(ports[1]).running())

        def stage(name: str) -> Stage:
            made = Stage(folder / f"{layout}-{name}", layout, recording)
            stack.enter_context(made.outbox)
            return made

        await plain(recording, stage("plain"), await recorder("a", ports[0]), first)
        await hosted(recording, stage("hosted"), await recorder("a", ports[0]), first)
        pair = (await recorder("a", ports[0]), await recorder("b", ports[1]))
        await walking(recording, stage("walking"), pair, (first, second))
    return recording


def record(folder: Path, layout: Layout) -> Recording:
    """All of it, with two brokers that end with the recording."""
    brokers = []
    for name in ("first", "second"):
        own = folder / f"{layout}-{name}"
        own.mkdir(parents=True)
        brokers.append(Mosquitto(own))
    try:
        for broker in brokers:
            broker.start()
        return asyncio.run(_record(folder, layout, (brokers[0].port, brokers[1].port)))
    finally:
        for broker in brokers:
            broker.kill()
