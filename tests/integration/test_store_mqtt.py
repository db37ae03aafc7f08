"""EDG-04: a door counter on a real broker: QoS 1, last will, a broker that goes and comes back."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from agent.devices import Devices, Pushed
from agent.drivers.base import utc_now
from agent.drivers.mqtt_json import MqttJsonDriver, Topics
from agent.drivers.mqtt_station import MqttStation
from agent.polling import Poller
from protocols.mqtt.options import MqttOptions
from protocols.reading import Reading
from tests.integration.conftest import Mosquitto

pytestmark = pytest.mark.integration

TOPICS = Topics(
    "doors/+/counts",
    {"in_count": "in", "out_count": "out"},
    event_id="id",
    status_topic="doors/2/status",
)


class Door:
    """The device: a paho client with a last will."""

    def __init__(self, port: int) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "door-2")
        self._client.will_set("doors/2/status", b"offline", 1, retain=True)
        self._client.connect("127.0.0.1", port, keepalive=2)
        self._client.loop_start()
        self.say("doors/2/status", b"online", retain=True)

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, 1, retain).wait_for_publish(5)

    def die(self) -> None:
        """Without DISCONNECT: the broker says the last will."""
        sock = self._client.socket()
        assert sock is not None
        self._client.loop_stop()
        sock.close()


async def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def test_counts_last_will_and_a_broker_that_comes_back(mosquitto: Mosquitto) -> None:
    taken: list[Reading] = []

    def sink(readings: Sequence[Reading], *, urgent: bool) -> None:
        taken.extend(readings)

    def values(metric: str) -> list[float | str | None]:
        return [reading.value for reading in taken if reading.metric == metric]

    async def test() -> None:
        station = MqttStation(MqttOptions(mosquitto.url, "store-17"))
        driver = MqttJsonDriver("door-2", station, TOPICS, now=utc_now)
        devices = Devices(pushed=(Pushed(driver),), services=(station.run,))
        poller = asyncio.create_task(Poller(devices, sink).run())
        door = await asyncio.to_thread(Door, mosquitto.port)
        await until(lambda: values("online") == [1.0])
        await asyncio.to_thread(door.say, "doors/2/counts", b'{"id": 1, "in": 2, "out": 0}')
        await asyncio.to_thread(door.say, "doors/2/counts", b'{"id": 1, "in": 2, "out": 0}')
        await asyncio.to_thread(door.say, "doors/2/counts", b'{"id": 2, "in": 0, "out": 1}')
        await until(lambda: len(values("in_count")) == 2)
        assert (values("in_count"), values("out_count")) == ([2.0, 0.0], [0.0, 1.0])
        await asyncio.to_thread(door.die)
        await until(lambda: values("online") == [1.0, 0.0])
        mosquitto.kill()
        await asyncio.to_thread(mosquitto.start)
        second = await asyncio.to_thread(Door, mosquitto.port)
        await until(lambda: values("online") == [1.0, 0.0, 1.0])
        await asyncio.to_thread(second.die)
        poller.cancel()
        with suppress(asyncio.CancelledError):
            await poller

    asyncio.run(asyncio.wait_for(test(), 60))
