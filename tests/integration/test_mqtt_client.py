"""The MQTT client against a real mosquitto."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import pytest

from protocols.mqtt.client import Hooks, Message, MqttClient, explain, on_loop
from protocols.mqtt.options import BackOff, MqttOptions

pytestmark = pytest.mark.integration


class Broker(Protocol):
    url: str

    def start(self) -> None: ...
    def kill(self) -> None: ...


class Peer:
    """A client that remembers what it heard."""

    def __init__(self, url: str, name: str, topics: list[tuple[str, int]]) -> None:
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()
        self.will: Message | None = None
        self.farewell: list[Message] = []
        hooks = Hooks(
            on_message=on_loop(self.heard.put_nowait),
            on_connect=on_loop(self.connected.set),
            on_disconnect=on_loop(self.lost.set),
            will=lambda: self.will,
            farewell=lambda: self.farewell,
        )
        quick = BackOff(first_s=0.05, most_s=0.2, rng=random.Random(1))
        self.client = MqttClient(MqttOptions(url, name), hooks, topics, quick)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Peer"]:
        task = asyncio.create_task(self.client.run())
        try:
            await asyncio.wait_for(self.connected.wait(), 10)
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def next(self) -> Message:
        return await asyncio.wait_for(self.heard.get(), 10)


async def subscribed(peer: Peer) -> None:
    """The peer's own message has come back, so its subscriptions stand."""
    while True:
        peer.client.publish("probe/" + peer.client.options.client_id, b"?")
        with suppress(TimeoutError):
            await asyncio.wait_for(peer.heard.get(), 0.3)
            break
    while not peer.heard.empty():
        peer.heard.get_nowait()


def test_a_message_arrives_with_its_topic_and_bytes(mosquitto: Broker) -> None:
    async def scenario() -> None:
        listener = Peer(mosquitto.url, "hub", [("s/#", 1), ("probe/hub", 0)])
        speaker = Peer(mosquitto.url, "agent", [])
        async with listener.running(), speaker.running():
            await subscribed(listener)
            assert speaker.client.publish("s/1", b"\x00\xff" * 100_000)
            assert await listener.next() == Message("s/1", b"\x00\xff" * 100_000)

    asyncio.run(scenario())


def test_after_a_broker_restart_it_subscribes_anew(mosquitto: Broker) -> None:
    """telegraf #6232: a subscription that never came back."""

    async def scenario() -> None:
        peer = Peer(mosquitto.url, "hub", [("probe/hub", 0), ("s/1", 0)])
        async with peer.running():
            peer.connected.clear()
            mosquitto.kill()
            await asyncio.wait_for(peer.lost.wait(), 10)
            assert not peer.client.publish("s/1", b"nobody is there")
            mosquitto.start()
            await asyncio.wait_for(peer.connected.wait(), 10)
            await subscribed(peer)
            peer.client.publish("s/1", b"again")
            assert (await peer.next()).payload == b"again"

    asyncio.run(scenario())


def test_a_stop_says_farewell_and_a_crash_leaves_the_will(mosquitto: Broker) -> None:
    """payloads-ndeath-will-message, operational-behavior-edge-node-intentional-disconnect-ndeath"""

    async def scenario() -> None:
        listener = Peer(mosquitto.url, "hub", [("d", 1), ("probe/hub", 0)])
        async with listener.running():
            await subscribed(listener)
            first = Peer(mosquitto.url, "agent", [])
            first.will, first.farewell = Message("d", b"will", 1), [Message("d", b"bye", 1)]
            async with first.running():
                pass
            assert (await listener.next()).payload == b"bye"
            thief = Peer(mosquitto.url, "agent", [])
            async with first.running(), thief.running():  # the same client id: one is thrown out
                assert (await listener.next()).payload == b"will"

    asyncio.run(scenario())


def test_a_bad_message_does_not_end_the_connection(
    mosquitto: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        got = asyncio.Event()
        seen = on_loop(got.set)

        def fragile(message: Message) -> None:
            if message.payload == b"bad":
                raise ValueError("not mine")
            seen()

        up = asyncio.Event()
        hooks = Hooks(on_message=fragile, on_connect=on_loop(up.set))
        client = MqttClient(MqttOptions(mosquitto.url, "x"), hooks, [("t", 0)])
        task = asyncio.create_task(client.run())
        await asyncio.wait_for(up.wait(), 10)
        while not got.is_set():
            client.publish("t", b"bad")
            client.publish("t", b"good")
            with suppress(TimeoutError):
                await asyncio.wait_for(got.wait(), 0.3)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert "could not be handled" in caplog.text


def test_a_broker_that_is_not_there_is_explained_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        options = MqttOptions("mqtt://127.0.0.1:1", "x")
        client = MqttClient(options, Hooks(on_message=print), [], BackOff(0.01, 0.02))
        with suppress(TimeoutError):
            await asyncio.wait_for(client.run(), 0.5)

    asyncio.run(scenario())
    assert caplog.messages == [
        "Broker mqtt://127.0.0.1:1: nothing listens on port 1; is the broker running?; "
        "trying again."
    ]


def test_a_time_out_is_explained_with_its_limit() -> None:
    options = MqttOptions("mqtt://127.0.0.1:1", "x", connect_timeout_s=3)
    assert explain(TimeoutError(), options).startswith("no answer within 3 s")
