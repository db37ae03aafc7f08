"""The counter over the side door: publishes each passage as JSON, and says when it is gone."""

import asyncio
import contextlib
import json

from protocols.mqtt.client import Hooks, Message, MqttClient
from protocols.mqtt.options import MqttOptions

ONLINE, OFFLINE = b"online", b"offline"


class SideDoor:
    """One MQTT device below `topic`; `run` keeps it connected, `switch` cuts its power."""

    def __init__(self, url: str, topic: str) -> None:
        self.topic = topic
        self.status_topic = f"{topic}/status"
        gone = Message(self.status_topic, OFFLINE, 1, True)
        hooks = Hooks(
            on_message=lambda _: None,
            on_connect=self._say_online,
            will=lambda: gone,
            farewell=lambda: (gone,),
        )
        self._client = MqttClient(MqttOptions(url, client_id=topic.replace("/", "-")), hooks)
        self._is_on = asyncio.Event()
        self._is_on.set()
        self._is_off = asyncio.Event()

    def switch(self, is_on: bool) -> None:
        if is_on == self._is_on.is_set():
            return
        if is_on:
            self._is_off.clear()
            self._is_on.set()
        else:
            self._is_on.clear()
            self._is_off.set()

    def count(self, at_s: float, entries: int, exits: int) -> None:
        payload = {"id": f"{at_s:.3f}", "in": entries, "out": exits}
        self._client.publish(self.topic, json.dumps(payload).encode(), 1)

    async def run(self) -> None:
        while True:
            await self._is_on.wait()
            connected = asyncio.create_task(self._client.run(), name="side door")
            try:
                await self._is_off.wait()
            finally:
                connected.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await connected

    def _say_online(self) -> None:
        self._client.publish(self.status_topic, ONLINE, 1, retain=True)
