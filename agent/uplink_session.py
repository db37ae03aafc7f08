"""The uplink's decisions, without a socket: what to send when, and what an answer means.

Births first, then batches: the live epoch first, the backlog beside it at its own rate, and never
more under way than the window. Until the host has once had everything, epochs go oldest first. What
is not acknowledged is sent again, marked historical.
"""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.clock import Clock
from agent.commands import read_command
from agent.outbox_batch import Channel
from agent.outbox_rows import Epoch, StoredBatch
from agent.settings import Layout
from agent.uplink_announce import Announcer
from agent.uplink_birth import NodeState, device_birth, node_birth
from agent.uplink_host import PATIENCE_S, PrimaryHost
from agent.uplink_window import Allowance, SendWindow
from protocols.errors import FrameError
from protocols.mqtt.client import Message
from protocols.sparkplug import codec, journal
from protocols.sparkplug.codec import SEQ_MODULUS, Sample
from protocols.sparkplug.journal import BatchId
from protocols.sparkplug.topics import EdgeNode, MessageType

log = logging.getLogger(__name__)

LIVE_RESERVE = 32  # batches of the window that the backlog leaves free
CHUNK = 64  # batches in one turn, so that commands are heard in between
MAX_EPOCHS_OF_RESUMPTION = 64
FIRST_DRAIN_DONE = "first_drain_done"
HOST_ACKNOWLEDGES = "host_acknowledges"
BDSEQ = "bdseq"


class BatchSource(Protocol):
    """What the session needs of the outbox."""

    @property
    def epochs(self) -> tuple[Epoch, ...]: ...
    @property
    def channels(self) -> Sequence[Channel]: ...
    def current(self) -> Mapping[int, Sample]: ...
    def read(self, epoch: Epoch, after_id: int, limit: int) -> list[StoredBatch]: ...
    def acknowledge(self, acks: Iterable[BatchId]) -> None: ...
    def begin_epoch(self) -> None: ...
    def fact(self, name: str) -> int: ...
    def set_fact(self, name: str, value: int) -> None: ...


@dataclass(frozen=True, slots=True)
class UplinkRules:
    """`drain_per_s` counts values of the backlog, 0 is no limit."""

    layout: Layout = Layout.NODE
    window: int = 256
    first_window: int = 32
    drain_per_s: int = 2000
    ack_timeout_s: float = 5.0
    announce_s: float = 60.0
    backlog_s: float = 60.0  # older unacknowledged batches make a reconnection a new epoch
    unacknowledged_s: float = 300.0  # a host that is silent so long never acknowledges
    software: str = "storevitals-agent"
    primary_host: str | None = None
    has_more_brokers: bool = False


class UplinkSession:
    """One edge node. `connected`, `due`, `command` and `farewell` are called by who has the socket;
    what they return has to be published in that order."""

    def __init__(
        self, node: EdgeNode, outbox: BatchSource, clock: Clock, rules: UplinkRules | None = None
    ) -> None:
        self._node, self._outbox, self._clock = node, outbox, clock
        self._rules = rules or UplinkRules()
        self._window = SendWindow(
            self._rules.window, self._rules.ack_timeout_s, self._rules.first_window
        )
        self._allowance = Allowance(self._rules.drain_per_s)
        self._highest_sent: dict[int, int] = {}
        self._born_devices: set[str] = set()
        self._born_channels = 0
        self._epochs = outbox.epochs  # as they were when the present call began
        self._announcer = Announcer(self._window, self._rules.announce_s)
        self._connected_s = 0.0
        self._seq = 0
        self._is_birth_due = False
        self._was_stuck = False
        host_id = self._rules.primary_host
        self.host = PrimaryHost(host_id) if host_id else None
        self.orders: list[str] = []  # for who carries them out
        self.acks_heard = 0
        self.is_connected = False
        self.is_leaving = False  # the host is away: this connection has to end

    @property
    def command_topics(self) -> list[tuple[str, int]]:
        """[message-flow-edge-node-ncmd-subscribe, message-flow-device-dcmd-subscribe]"""
        return [
            (self._node.topic(MessageType.NCMD), 1),
            (self._node.topic(MessageType.DCMD, "+"), 1),
            *([(self.host.topic, 1)] if self.host else []),
        ]

    # the life of a connection

    def will(self) -> Message:
        """For the next CONNECT, which gets the next bdSeq [topics-nbirth-bdseq-increment]."""
        self._outbox.set_fact(BDSEQ, (self._outbox.fact(BDSEQ) + 1) % SEQ_MODULUS)
        return self._death()

    def connected(self) -> list[Message]:
        now_s = self._clock.monotonic_s()
        self.is_connected, self.is_leaving, self._connected_s = True, False, now_s
        self._epochs = self._outbox.epochs
        self._window.reset()
        self._resume_live()
        if self.host is None:
            return list(self._births())
        self.host.forget()
        return []

    def disconnected(self) -> None:
        self.is_connected = False

    def farewell(self) -> list[Message]:
        """[operational-behavior-edge-node-intentional-disconnect-ndeath]"""
        return [self._death()] if self.is_connected else []

    def hear(self, message: Message) -> None:
        """A command, or what the primary host says of itself."""
        if self.host is None or message.topic != self.host.topic:
            self.command(message.payload)
            return
        was_online = self.host.is_online
        if self.host.hear(message.payload) and self.host.is_online is not was_online:
            self._is_birth_due = self.host.is_online
            self.is_leaving = was_online
        elif not self.host.is_online:
            self.is_leaving = self._can_walk

    @property
    def _is_held(self) -> bool:
        """[message-flow-edge-node-birth-publish-phid-wait]"""
        return not self.is_connected or (self.host is not None and not self.host.is_online)

    @property
    def _can_walk(self) -> bool:
        return self.is_connected and self._rules.has_more_brokers

    def command(self, payload: bytes) -> None:
        """An NCMD or DCMD; what is not ours or not understood is left alone."""
        try:
            command = read_command(payload)
        except FrameError as error:
            log.warning("A command was not understood: %s", error)
            return
        if command.acks:
            self._epochs = self._outbox.epochs
            self._take_acks(command.acks)
        self._is_birth_due |= command.is_rebirth
        self.orders += command.orders

    def _take_acks(self, acks: Sequence[BatchId]) -> None:
        now_s, known = self._clock.monotonic_s(), {e.number: e for e in self._epochs}
        ours = [(known[ack.epoch], ack.id) for ack in acks if ack.epoch in known]
        stored = [(epoch, min(row_id, epoch.last)) for epoch, row_id in ours]
        news = [BatchId(e.number, i) for e, i in stored if self._window.take_ack(e, i, now_s)]
        self.acks_heard += 1
        if news:
            self._outbox.acknowledge(news)
        if not self._outbox.fact(HOST_ACKNOWLEDGES):
            self._outbox.set_fact(HOST_ACKNOWLEDGES, 1)
        if self._was_stuck:
            self._was_stuck = False
            self._resume_live()
        if not self._is_drained_once and not any(map(self._window.waiting, self._epochs)):
            self._outbox.set_fact(FIRST_DRAIN_DONE, 1)

    def _resume_live(self) -> None:
        """Live values do not wait behind a backlog: what comes from now on is an epoch of its own.

        Not before the first drain, which keeps its order.
        """
        live = self._epochs[-1]
        open_epochs = sum(self._window.waiting(epoch) > 0 for epoch in self._epochs)
        if not self._is_drained_once or open_epochs >= MAX_EPOCHS_OF_RESUMPTION:
            return
        if not self._window.waiting(live):
            return
        since = max(self._window.acknowledged(live), live.first - 1)
        oldest = self._outbox.read(live, since, 1)
        before_ms = self._clock.utc_ms() - self._rules.backlog_s * 1000
        if oldest and oldest[0].stored_ms < before_ms:
            self._outbox.begin_epoch()

    # what to send

    def due(self) -> Iterator[Message]:
        """What to publish now; `next_s` says when to ask again."""
        now_s, self._epochs = self._clock.monotonic_s(), self._outbox.epochs
        if self._is_held:
            is_patient = now_s < self._connected_s + PATIENCE_S
            self.is_leaving |= self._can_walk and not is_patient
            return
        if self._window.is_stuck(self._epochs, now_s):
            self._window.rewind()
            self._was_stuck = True
        if self._is_birth_due or len(self._outbox.channels) > self._born_channels:
            yield from self._births()
        elif self._announcer.is_due(self._epochs, now_s):
            yield self._announcement(now_s)
        yield from self._batches(now_s)
        self._settle_for_silence(now_s)

    def next_s(self) -> float:
        """The monotonic time at which `due` has something to do even if nothing happens."""
        self._epochs = self._outbox.epochs
        if self._is_held:
            return self._connected_s + PATIENCE_S if self._can_walk else math.inf
        if self._can_send():
            return self._clock.monotonic_s() + self._allowance.ready_in_s()
        return min(self._announcer.next_s, self._window.stuck_at_s(self._epochs))

    def _batches(self, now_s: float) -> Iterator[Message]:
        self._allowance.refill(now_s)
        left = CHUNK
        for epoch in self._order():
            for batch in self._next_batches(epoch, left):
                yield from self._of_batch(epoch, batch, now_s)
                left -= 1
            in_order = self._is_limited(epoch) or not self._is_drained_once
            if left <= 0 or (in_order and self._has_unsent(epoch)):
                return

    def _next_batches(self, epoch: Epoch, most: int) -> list[StoredBatch]:
        most = min(most, self._room(epoch))
        if self._is_limited(epoch):
            most = 0 if self._allowance.is_spent else min(most, 1)
        if most <= 0 or not self._has_unsent(epoch):
            return []
        return self._outbox.read(epoch, self._window.position(epoch), most)

    def _of_batch(self, epoch: Epoch, batch: StoredBatch, now_s: float) -> Iterator[Message]:
        """The batch, in the layout "device" between the birth and the death it may need."""
        device = batch.device
        if device is not None and device not in self._born_devices:
            yield self._device_birth(device, self._state())
        yield self._data(epoch, batch)
        self._window.mark_sent(epoch, batch.id, now_s)
        self._highest_sent[epoch.number] = max(batch.id, self._highest_sent.get(epoch.number, 0))
        if self._is_limited(epoch):
            self._allowance.spend(batch.values)
        if device is not None and self._is_offline(device):
            yield self._device_death(device)

    def _settle_for_silence(self, now_s: float) -> None:
        """A host that never acknowledged anything is no StoreVitals hub: sent is then stored.

        The rows stay for 72 h while there is room; a hub that appears later asks for them.
        """
        silent_s = now_s - self._connected_s
        if self._outbox.fact(HOST_ACKNOWLEDGES) or silent_s < self._rules.unacknowledged_s:
            return
        sent = [
            (e, self._window.sent[e.number]) for e in self._epochs if e.number in self._window.sent
        ]
        news = [BatchId(e.number, i) for e, i in sent if self._window.take_ack(e, i, now_s)]
        if news:
            self._outbox.acknowledge(news)

    # which epoch

    def _order(self) -> Sequence[Epoch]:
        """Newest first, then oldest first; until the host has had everything once, oldest first."""
        if not self._is_drained_once:
            return self._epochs
        return (self._epochs[-1], *self._epochs[:-1])

    @property
    def _is_drained_once(self) -> bool:
        return self._outbox.fact(FIRST_DRAIN_DONE) == 1

    def _is_live(self, epoch: Epoch) -> bool:
        return epoch.number == self._epochs[-1].number

    def _is_limited(self, epoch: Epoch) -> bool:
        """The backlog is held back only where it could hold up live values."""
        return self._is_drained_once and not self._is_live(epoch)

    def _has_unsent(self, epoch: Epoch) -> bool:
        return self._window.position(epoch) < epoch.last

    def _room(self, epoch: Epoch) -> int:
        reserve = LIVE_RESERVE if self._is_limited(epoch) else 0
        return self._window.room(self._epochs, reserve)

    def _can_send(self) -> bool:
        return self.is_connected and any(
            self._has_unsent(epoch) and self._room(epoch) > 0 for epoch in self._order()
        )

    # messages

    def _births(self) -> Iterator[Message]:
        state, layout = self._state(), self._rules.layout
        self._seq, self._is_birth_due = 0, False
        self._born_channels, self._born_devices = len(state.channels), set()
        self._announcer.note(self._epochs, self._clock.monotonic_s())
        birth = node_birth(state, layout, time_ms=self._clock.utc_ms(), seq=self._next_seq())
        yield Message(self._node.topic(MessageType.NBIRTH), birth)
        if layout is Layout.DEVICE:
            for device in state.devices():
                if not self._is_offline(device):
                    yield self._device_birth(device, state)

    def _device_birth(self, device: str, state: NodeState) -> Message:
        self._born_devices.add(device)
        payload = device_birth(
            state.devices()[device],
            state.current,
            time_ms=self._clock.utc_ms(),
            seq=self._next_seq(),
        )
        return Message(self._node.topic(MessageType.DBIRTH, device), payload)

    def _device_death(self, device: str) -> Message:
        self._born_devices.discard(device)
        payload = codec.device_death(time_ms=self._clock.utc_ms(), seq=self._next_seq())
        return Message(self._node.topic(MessageType.DDEATH, device), payload)

    def _death(self) -> Message:
        """[payloads-ndeath-will-message-qos]: the one message at QoS 1."""
        payload = codec.death(time_ms=self._clock.utc_ms(), bdseq=self._outbox.fact(BDSEQ))
        return Message(self._node.topic(MessageType.NDEATH), payload, qos=1)

    def _data(self, epoch: Epoch, batch: StoredBatch) -> Message:
        now_ms, metrics = self._clock.utc_ms(), batch.metrics
        is_again = batch.id <= self._highest_sent.get(epoch.number, 0)
        is_old = batch.stored_ms < now_ms - self._rules.backlog_s * 1000
        if is_again or is_old or not self._is_live(epoch):
            metrics = codec.as_historical(metrics)
        body = journal.encode_body(BatchId(epoch.number, batch.id))
        payload = codec.message(metrics, time_ms=now_ms, seq=self._next_seq(), body=body)
        kind = MessageType.NDATA if batch.device is None else MessageType.DDATA
        return Message(self._node.topic(kind, batch.device), payload)

    def _announcement(self, now_s: float) -> Message:
        self._announcer.note(self._epochs, now_s)
        now_ms = self._clock.utc_ms()
        epochs = self._announcer.open_epochs(self._epochs)
        opened = journal.open_metric(epochs, time_ms=now_ms)
        payload = codec.message(opened, time_ms=now_ms, seq=self._next_seq())
        return Message(self._node.topic(MessageType.NDATA), payload)

    def _state(self) -> NodeState:
        return NodeState(
            bdseq=self._outbox.fact(BDSEQ),
            software=self._rules.software,
            epochs=self._announcer.open_epochs(self._epochs),
            channels=self._outbox.channels,
            current=self._outbox.current(),
        )

    def _is_offline(self, device: str) -> bool:
        current = self._outbox.current()
        return any(
            channel.device == device
            and channel.metric == "online"
            and channel.alias in current
            and current[channel.alias].value == 0
            for channel in self._outbox.channels
        )

    def _next_seq(self) -> int:
        seq, self._seq = self._seq, (self._seq + 1) % SEQ_MODULUS
        return seq
