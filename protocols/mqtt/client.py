"""The MQTT client of agent, hub and simulator; the one file that knows paho.

`MqttClient.run()` connects, subscribes, serves, and reconnects with jitter until it is cancelled.
Each connection is a new paho client with a clean session: nothing that was queued for a lost
connection is ever sent on the next one. Who needs certainty keeps it above MQTT (the journal).
"""

import asyncio
import itertools
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVarTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from protocols.mqtt.options import BackOff, MqttOptions

log = logging.getLogger(__name__)

FAREWELL_TIMEOUT_S = 1.5
STEADY_S = 2.0  # a connection that lasted so long starts the back-off anew

Args = TypeVarTuple("Args")


class Message(NamedTuple):
    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


def _nothing() -> None: ...


def _no_will() -> Message | None:
    return None


def _no_farewell() -> Sequence[Message]:
    return ()


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the owner wants to hear. `on_…` run in paho's network thread: an owner on an event loop
    passes functions wrapped by `on_loop`. A slow `on_message` holds back the broker, as it should.

    `will` is asked before every connection attempt, `farewell` before an intended disconnect;
    both are called on the event loop.
    """

    on_message: Callable[[Message], None]
    on_connect: Callable[[], None] = _nothing
    on_disconnect: Callable[[], None] = _nothing
    will: Callable[[], Message | None] = _no_will
    farewell: Callable[[], Sequence[Message]] = _no_farewell


def on_loop(function: Callable[[*Args], object]) -> Callable[[*Args], None]:
    """The function, to be called from any thread: it runs on the loop that is running now."""
    loop = asyncio.get_running_loop()

    def call(*args: *Args) -> None:
        with suppress(RuntimeError):  # the loop has closed: nobody is left to hear it
            loop.call_soon_threadsafe(function, *args)

    return call


class _Connection:
    """One paho client from CONNECT to the end of its socket; its callbacks run in its thread."""

    def __init__(
        self, options: MqttOptions, hooks: Hooks, subscriptions: Sequence[tuple[str, int]]
    ) -> None:
        self._hooks = hooks
        self._subscriptions = list(subscriptions)
        self.is_up = False
        self.up_since: float | None = None
        self.refusal = ""
        self._is_abandoned = False
        self._ended = on_loop(asyncio.Event.set)
        self._end = asyncio.Event()
        self.paho = paho.Client(
            CallbackAPIVersion.VERSION2,
            options.client_id,
            clean_session=True,
            transport="websockets" if options.scheme == "wss" else "tcp",
            reconnect_on_failure=False,
        )
        self._configure(options)

    def _configure(self, options: MqttOptions) -> None:
        client = self.paho
        client.connect_timeout = options.connect_timeout_s
        if options.username is not None:
            client.username_pw_set(options.username, options.password)
        if options.is_encrypted:
            client.tls_set_context(_tls_context(options))
        if options.scheme == "wss":
            client.ws_set_options(path=options.path)
        if will := self._hooks.will():
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_socket_open = _send_at_once

    def hear(self, more: Sequence[tuple[str, int]]) -> None:
        self._subscriptions += more
        if self.is_up:
            self.paho.subscribe(list(more))

    def open(self, options: MqttOptions) -> None:
        """Blocks until the socket and TLS stand; raises OSError."""
        self.paho.connect(options.host, options.port, options.keep_alive_s)
        if self._is_abandoned:
            self.paho.disconnect()
        else:
            self.paho.loop_start()

    async def closed(self) -> None:
        await self._end.wait()

    def end(self, reason: str) -> None:
        """From the event loop: `closed` returns, so that `leave` is called."""
        self.refusal = reason
        self._end.set()

    def leave(self, farewell: Sequence[Message]) -> None:
        """Say the last words, wait for the broker to have them, disconnect; blocks."""
        self._is_abandoned = True
        deadline = time.monotonic() + FAREWELL_TIMEOUT_S
        with suppress(RuntimeError, ValueError):  # the line went in between: the will speaks
            for info in [self.paho.publish(*message) for message in farewell if self.is_up]:
                info.wait_for_publish(max(0.01, deadline - time.monotonic()))
        self.paho.disconnect()
        self.paho.loop_stop()

    def _on_connect(
        self, client: paho.Client, _user: Any, _flags: Any, reason: ReasonCode, _props: Any
    ) -> None:
        if reason.is_failure:
            self.refusal = str(reason)
            return
        self.is_up, self.up_since = True, time.monotonic()
        if self._subscriptions:
            client.subscribe(self._subscriptions)
        self._hooks.on_connect()

    def _on_disconnect(
        self, _client: paho.Client, _user: Any, _flags: Any, reason: ReasonCode, _props: Any
    ) -> None:
        was_up, self.is_up = self.is_up, False
        self.refusal = self.refusal or str(reason)
        if was_up:
            self._hooks.on_disconnect()
        self._ended(self._end)

    def _on_message(self, _client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
        try:
            payload = bytes(message.payload)
            self._hooks.on_message(Message(message.topic, payload, message.qos, message.retain))
        except Exception:  # boundary: one bad message must not end the connection
            log.exception("A message of %d bytes could not be handled.", len(message.payload))

    def _on_subscribe(
        self, _client: paho.Client, _user: Any, _mid: int, reasons: list[ReasonCode], _props: Any
    ) -> None:
        for (topic, _), reason in zip(self._subscriptions, reasons, strict=False):
            if reason.is_failure:
                log.error("The broker refused the subscription to %s: check its rights.", topic)


@dataclass(slots=True)
class MqttClient:
    """One session with a broker, reconnected for as long as `run` runs.

    `subscriptions` are (topic filter, QoS) and are made anew on every connection. `more_options`
    are further brokers: whenever a connection ends or cannot be made, the next one is tried.
    """

    options: MqttOptions
    hooks: Hooks
    subscriptions: Sequence[tuple[str, int]] = ()
    back_off: BackOff = field(default_factory=BackOff)
    trouble: str = ""  # why there is no connection, as far as known
    more_options: Sequence[MqttOptions] = ()
    _connection: _Connection | None = None

    @property
    def is_connected(self) -> bool:
        return self._connection is not None and self._connection.is_up

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> bool:
        """Hand a message to the connection, from any thread; False when there is none."""
        connection = self._connection
        if connection is None or not connection.is_up:
            return False
        info = connection.paho.publish(topic, payload, qos, retain)
        return info.rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def subscribe(self, more: Sequence[tuple[str, int]]) -> None:
        """Hear these as well, now and on every further connection; from any thread."""
        self.subscriptions = (*self.subscriptions, *more)
        connection = self._connection
        if connection is not None:
            connection.hear(more)

    def move_on(self, reason: str) -> None:
        """Say the farewell, disconnect, and try the next broker; from the event loop."""
        if self._connection is not None:
            self._connection.end(reason)

    async def run(self) -> None:
        for options in itertools.cycle((self.options, *self.more_options)):
            reason, up_s = await self._connect_once(options)
            if up_s > STEADY_S:
                self.back_off.reset()
            if up_s or reason != self.trouble:  # once when it goes, and when the cause changes
                log.warning("Broker %s: %s; trying again.", options, reason)
            self.trouble = reason
            await asyncio.sleep(self.back_off.wait_s())

    async def _connect_once(self, options: MqttOptions) -> tuple[str, float]:
        """Why it ended, and for how many seconds it stood (0: never)."""
        connection = _Connection(options, self.hooks, self.subscriptions)
        self._connection = connection
        try:
            await _in_thread(connection.open, options)
            await connection.closed()
        except OSError as error:
            return explain(error, options), 0.0
        finally:
            farewell = self.hooks.farewell() if connection.is_up else ()
            await _in_thread(connection.leave, farewell)
            self._connection = None
        return connection.refusal, time.monotonic() - (connection.up_since or time.monotonic())


def explain(error: OSError, options: MqttOptions) -> str:
    """What to do about a connection that cannot be made, in one sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {options.host} was refused ({error.verify_message}); "
            "check ca_file, the host name in url, and this machine's clock"
        )
    if isinstance(error, ssl.SSLError):
        return f"no TLS connection to port {options.port} ({error.reason}); is it a TLS port?"
    if isinstance(error, socket.gaierror):
        return f"the name {options.host} cannot be found; check url and the network"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens on port {options.port}; is the broker running?"
    if isinstance(error, TimeoutError):
        return f"no answer within {options.connect_timeout_s:g} s; check the network and firewalls"
    return str(error)


def _tls_context(options: MqttOptions) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.cert_file and options.key_file:
        context.load_cert_chain(options.cert_file, options.key_file)
    return context


def _send_at_once(_client: paho.Client, _user: Any, sock: Any) -> None:
    """An acknowledgement must not wait 40 ms for Nagle's algorithm."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def _in_thread(function: Callable[[*Args], None], *args: *Args) -> None:
    """Like asyncio.to_thread, but in a daemon: the end of the process waits for no dead network."""
    result: Future[None] = Future()
    result.set_running_or_notify_cancel()

    def work() -> None:
        try:
            function(*args)
            result.set_result(None)
        except BaseException as error:  # noqa: BLE001 boundary: raised again where it is awaited
            result.set_exception(error)

    threading.Thread(target=work, name="mqtt-connect", daemon=True).start()
    await asyncio.wrap_future(result)
