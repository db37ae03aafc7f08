"""The hub's session with the broker: a Sparkplug host application (chapter 5, host)."""

import time
from collections.abc import Sequence

from hub.ingest.inbox import Inbox
from hub.ingest.intake import Arrival
from protocols.errors import FrameError
from protocols.mqtt.client import Hooks, Message, MqttClient
from protocols.mqtt.options import BackOff, MqttOptions
from protocols.sparkplug.state import HostState, encode_state, parse_state, state_topic
from protocols.sparkplug.topics import NAMESPACE

BACK_WITHIN_S = 1.0  # of the broker's return, before most agents: what nobody hears is sent again
HOST_ID = "storevitals"
STATE_TOPIC = state_topic(HOST_ID)
Filters = tuple[tuple[str, int], ...]
EVERYTHING: Filters = ((f"{NAMESPACE}/+/+/+", 1), (f"{NAMESPACE}/+/+/+/+", 1))
NEWCOMERS: Filters = ((f"{NAMESPACE}/+/NBIRTH/+", 1),)  # nodes that nobody has approved yet


class Subscriber:
    """Fills the inbox and says whether the host is there; `run` reconnects until cancelled.

    `filters` are what it hears, with `is_host` also the STATE that it speaks as.
    """

    def __init__(
        self,
        options: MqttOptions,
        inbox: Inbox,
        filters: Filters = EVERYTHING,
        *,
        is_host: bool = True,
    ) -> None:
        self._options, self._inbox, self._is_host = options, inbox, is_host
        self._filters = ((STATE_TOPIC, 1), *filters) if is_host else filters
        self._client: MqttClient | None = None
        self._told_ms = 0
        self._is_leaving = False

    @property
    def is_connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    def send(self, topic: str, payload: bytes) -> bool:
        """A command, from any thread; False when the broker is away."""
        return self._client is not None and self._client.publish(topic, payload)

    def hear(self, more: Filters) -> None:
        """From any thread."""
        self._filters = (*self._filters, *more)
        if self._client is not None:
            self._client.subscribe(more)

    async def run(self) -> None:
        hooks = Hooks(on_message=self._on_message)
        if self._is_host:
            hooks = Hooks(
                on_message=self._on_message,
                on_connect=self._say_online,
                will=self._will,
                farewell=self._farewell,
            )
        self._client = MqttClient(
            self._options, hooks, self._filters, BackOff(most_s=BACK_WITHIN_S)
        )
        await self._client.run()

    def _on_message(self, message: Message) -> None:
        if message.topic == STATE_TOPIC:
            if not self._is_leaving and not _is_online(message.payload):
                self._say_online()  # the will of our connection before [host-topic-phid]
            return
        self._inbox.put(Arrival(message.topic, message.payload, time.time_ns() // 1_000_000))

    def _will(self) -> Message:
        """Bears the same time as the birth that follows [host-topic-phid-death-payload]."""
        self._is_leaving = False
        self._told_ms = max(time.time_ns() // 1_000_000, self._told_ms + 1)
        return self._state(is_online=False)

    def _farewell(self) -> Sequence[Message]:
        self._is_leaving = True
        return (self._state(is_online=False),)

    def _say_online(self) -> None:
        if self._client is not None:
            self._client.publish(*self._state(is_online=True)[:3], retain=True)

    def _state(self, *, is_online: bool) -> Message:
        payload = encode_state(HostState(is_online, self._told_ms))
        return Message(STATE_TOPIC, payload, qos=1, retain=True)


def _is_online(payload: bytes) -> bool:
    try:
        return parse_state(payload).is_online
    except FrameError:
        return False
