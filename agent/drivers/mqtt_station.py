"""One connection to a broker of the store, shared by the devices that publish to it."""

import asyncio
import logging
from collections import deque

from agent.drivers.mqtt_json import Lost
from protocols.mqtt.client import Hooks, Message, MqttClient, on_loop
from protocols.mqtt.options import MqttOptions

log = logging.getLogger(__name__)

MOST_WAITING = 1000
QOS = 1


class QueueInbox:
    """Messages of one device. When full, the oldest go: they are counted and told once."""

    def __init__(self, topics: tuple[str, ...]) -> None:
        self.topics = topics
        self.dropped = 0
        self._waiting: deque[Message | Lost] = deque()
        self._ready = asyncio.Event()

    def put(self, item: Message | Lost) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self.dropped += 1
            if self.dropped == 1:
                log.warning("Messages of %s came faster than they could be read.", self.topics)
        self._waiting.append(item)
        self._ready.set()

    async def get(self) -> Message:
        while not self._waiting:
            self._ready.clear()
            await self._ready.wait()
        item = self._waiting.popleft()
        if isinstance(item, Lost):
            raise item
        return item


class MqttStation:
    """`run` keeps the connection; `inbox` must be called before it."""

    def __init__(self, options: MqttOptions) -> None:
        self._options = options
        self._inboxes: list[QueueInbox] = []

    def inbox(self, *topics: str) -> QueueInbox:
        inbox = QueueInbox(topics)
        self._inboxes.append(inbox)
        return inbox

    async def run(self) -> None:
        topics = sorted({topic for inbox in self._inboxes for topic in inbox.topics})
        hooks = Hooks(on_message=on_loop(self._message), on_disconnect=on_loop(self._lost))
        await MqttClient(self._options, hooks, [(topic, QOS) for topic in topics]).run()

    def _message(self, message: Message) -> None:
        for inbox in self._inboxes:
            if any(matches(topic, message.topic) for topic in inbox.topics):
                inbox.put(message)

    def _lost(self) -> None:
        for inbox in self._inboxes:
            inbox.put(Lost(f"The broker {self._options} was lost."))


def matches(topic_filter: str, topic: str) -> bool:
    """MQTT 3.1.1, chapter 4.7."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for position, part in enumerate(wanted):
        if part == "#":
            return True
        if position >= len(levels) or part not in ("+", levels[position]):
            return False
    return len(wanted) == len(levels)
