"""The uplink: carries the session's decisions to the broker and the hub's answers back."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from agent.clock import Clock, SystemClock
from agent.outbox import Outbox
from agent.uplink_session import UplinkRules, UplinkSession
from protocols.mqtt.client import Hooks, Message, MqttClient, on_loop
from protocols.mqtt.options import MqttOptions
from protocols.sparkplug.topics import EdgeNode

log = logging.getLogger(__name__)


def _nobody(order: str) -> None:
    log.warning("An order of %d characters came, but nobody carries it out.", len(order))


class Uplink:
    """Sends what the outbox holds for as long as `run` runs; a missing broker is no error."""

    def __init__(
        self,
        node: EdgeNode,
        options: MqttOptions,
        outbox: Outbox,
        rules: UplinkRules,
        *,
        more_options: Sequence[MqttOptions] = (),
        clock: Clock | None = None,
    ) -> None:
        self._options, self._more, self._outbox = options, more_options, outbox
        self._clock = clock or SystemClock()
        self.session = UplinkSession(node, outbox, self._clock, rules)
        self._wake = asyncio.Event()
        self._client_now: MqttClient | None = None
        self.on_order: Callable[[str], None] = _nobody

    @property
    def is_connected(self) -> bool:
        return self.session.is_connected

    @property
    def trouble(self) -> str:
        """Why there is no connection, as far as known."""
        return self._client_now.trouble if self._client_now else ""

    async def run(self) -> None:
        client = self._client_now = self._client()
        self._outbox.on_stored = on_loop(self._wake.set)
        async with asyncio.TaskGroup() as group:
            group.create_task(client.run(), name="mqtt")
            group.create_task(self._send(client), name="send")

    def _client(self) -> MqttClient:
        hooks = Hooks(
            on_message=on_loop(self._hear),
            on_connect=on_loop(self._connected),
            on_disconnect=on_loop(self.session.disconnected),
            will=self.session.will,
            farewell=self.session.farewell,
        )
        self._births: list[Message] = []
        topics = self.session.command_topics
        return MqttClient(self._options, hooks, topics, more_options=self._more)

    def _connected(self) -> None:
        self._births = self.session.connected()
        self._wake.set()

    def _hear(self, message: Message) -> None:
        self.session.hear(message)
        orders, self.session.orders = self.session.orders, []
        for order in orders:
            self.on_order(order)
        self._wake.set()

    async def _send(self, client: MqttClient) -> None:
        """One turn whenever something happened or is due; between turns commands are heard."""
        while True:
            self._wake.clear()
            births, self._births = self._births, []
            for message in (*births, *self.session.due()):
                client.publish(message.topic, message.payload, message.qos)
            if self.session.is_leaving:
                self.session.is_leaving = False
                client.move_on("the primary host is away")
            wait_s = self.session.next_s() - self._clock.monotonic_s()
            try:
                async with asyncio.timeout(max(0.0, wait_s)):
                    await self._wake.wait()
            except TimeoutError:
                continue
