"""Judges each message from the broker: a row of the journal, a dead letter, or nothing new."""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from hub.ingest import names
from hub.ingest.acks import Acks
from hub.ingest.canary import Canary
from hub.ingest.dead_letters import Cause, DeadLetters
from hub.ingest.journal import JournalBase, RowKind
from hub.ingest.node import Node
from hub.ingest.registry import Registry
from hub.ingest.tables import NodeState
from hub.ingest.watermarks import Cause as HoleCause
from hub.ingest.watermarks import Hole, Told, Watermarks
from protocols.errors import FrameError
from protocols.sparkplug import codec, journal
from protocols.sparkplug.journal import BatchId, OpenEpoch
from protocols.sparkplug.sparkplug_b_pb2 import Metric, Payload
from protocols.sparkplug.topics import MessageType, Topic, parse_topic

log = logging.getLogger(__name__)

MAX_PAYLOAD = 512 * 1024
MOST = 1 << 62  # numbers are unsigned on the wire and signed in SQLite; no real one is near this
NOBODY = UUID(int=0)
FOREIGN_EPOCH = 0  # of nodes that number nothing: the hub counts their messages as they arrive

COUNTED = (
    "messages",
    "readings",
    "pending",
    "unborn",
    "out_of_order",
    "gap_batches",
    "stale_deaths",
)
"""What `Intake.counts` counts."""

_KINDS = {
    MessageType.NBIRTH: RowKind.NODE_BIRTH,
    MessageType.NDEATH: RowKind.NODE_DEATH,
    MessageType.NDATA: RowKind.NODE_DATA,
    MessageType.DBIRTH: RowKind.DEVICE_BIRTH,
    MessageType.DDEATH: RowKind.DEVICE_DEATH,
    MessageType.DDATA: RowKind.DEVICE_DATA,
}


class Arrival(NamedTuple):
    """A message as it came from the broker."""

    topic: str
    payload: bytes
    received_ms: int


class _Message(NamedTuple):
    """An arrival of a known node, parsed."""

    node: Node
    topic: Topic
    arrival: Arrival
    payload: Payload


_topic = lru_cache(4096)(parse_topic)
_alias = attrgetter("alias")


class Intake:
    """Belongs to the journal's thread: `take` any number of arrivals, then `commit`.

    `on_state` hears of each change of a node's state. `canary`: the hub's own test messages.
    """

    def __init__(
        self,
        registry: Registry,
        journal_: JournalBase,
        letters: DeadLetters,
        acks: Acks,
        on_state: Callable[[Node], None],
        canary: Canary | None = None,
    ) -> None:
        self._registry, self._journal, self._letters = registry, journal_, letters
        self._acks, self._on_state, self._canary = acks, on_state, canary
        self.counts: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """Believe only what is durable: at start, and after a commit that failed."""
        self.watermarks: dict[UUID, Watermarks] = self._journal.watermarks()
        self._births = self._journal.births()
        self._is_unsure = False
        if self._canary is not None:
            self._canary.journaled(0)

    def recover(self) -> None:
        """To be called before anything is taken: after a failed commit it reads what is durable."""
        if self._is_unsure:
            self.reset()

    def take(self, arrival: Arrival) -> None:
        """Never raises: what cannot be taken in is counted and the next one comes."""
        try:
            self._take(arrival)
        except FrameError as error:
            self._refuse(Cause.MALFORMED, arrival, str(error))
        except Exception as error:
            log.exception("A message on %r could not be taken in.", arrival.topic)
            self._refuse(Cause.FAILED, arrival, repr(error))

    def commit(self) -> None:
        """Make all of it durable, then acknowledge. When it raises nothing was taken: `recover`."""
        if self._journal.is_dirty:
            try:
                self._journal.commit()
            except Exception:
                self._is_unsure = True
                raise
        if self._acks.is_waiting:
            self._acks.send_due(self.watermarks, _now_ms())

    def release(self, agent_id: UUID) -> None:
        """Believe a node again that was in quarantine, whatever epoch it comes with."""
        node = self._registry.node_of(agent_id.bytes)
        self._journal.forget_lives(agent_id)
        self._marks(node).lives.clear()
        self._change_state(node, NodeState.OFFLINE)

    def _take(self, arrival: Arrival) -> None:
        self.counts["messages"] += 1
        try:
            topic = _topic(arrival.topic)
        except FrameError as error:
            self._refuse(Cause.FOREIGN, arrival, str(error))
            return
        kind = _KINDS.get(topic.kind)
        if kind is None:  # a command, mostly our own
            self._take_canary(arrival)
            return
        if len(arrival.payload) > MAX_PAYLOAD:
            self._refuse(Cause.OVERSIZED, arrival, f"over {MAX_PAYLOAD} bytes")
            return
        node = self._registry.node(topic.group, topic.node)
        if node is None:
            self.counts["pending"] += 1
            self._registry.note_pending(topic.group, topic.node)
        elif node.state is NodeState.QUARANTINED:
            self._refuse(Cause.QUARANTINED, arrival, f"{node} is in quarantine")
        else:
            message = _Message(node, topic, arrival, codec.parse(arrival.payload))
            self._judge[kind](self, message)

    def _take_canary(self, arrival: Arrival) -> None:
        if self._canary is not None and self._canary.is_expected(arrival.topic, arrival.payload):
            at_ms = arrival.received_ms
            row = self._journal.append(NOBODY, RowKind.CANARY, b"", received_ms=at_ms)
            self._canary.journaled(row)

    def _take_node_birth(self, message: _Message) -> None:
        opened = _announced(message.payload)
        if opened is not None and not self._hear(message, opened):
            return
        self._learn_birth(message, None)
        bdseq = codec.bdseq_of(message.payload)
        if bdseq is not None:
            bdseq %= codec.SEQ_MODULUS
            self._births[message.node.agent_id] = bdseq
            self._journal.born(message.node.agent_id, bdseq)
        self._append(message, RowKind.NODE_BIRTH, self._number_birth(message, opened is not None))
        self._close_holes(message, opened or [])
        self._change_state(message.node, NodeState.ONLINE)

    def _take_device_birth(self, message: _Message) -> None:
        self._learn_birth(message, message.topic.device)
        is_journaling = bool(self._marks(message.node).lives)
        self._append(message, RowKind.DEVICE_BIRTH, self._number_birth(message, is_journaling))

    def _number_birth(self, message: _Message, is_journaling: bool) -> BatchId:
        """The values of a birth count where a node sends them in no batch: number 0 says no."""
        if is_journaling:
            return BatchId(FOREIGN_EPOCH, 0)
        marks = self._marks(message.node)
        batch = BatchId(FOREIGN_EPOCH, marks.marks.get(FOREIGN_EPOCH, 0) + 1)
        self._take_number(message, batch, marks)
        return batch

    def _take_node_death(self, message: _Message) -> None:
        """A death of an older session than the last birth's says nothing about now."""
        bdseq = codec.bdseq_of(message.payload)
        born = self._births.get(message.node.agent_id)
        if bdseq is None or (born is not None and (bdseq - born) % codec.SEQ_MODULUS >= 128):
            self.counts["stale_deaths"] += 1
            return
        self._append(message, RowKind.NODE_DEATH)
        self._change_state(message.node, NodeState.OFFLINE)

    def _take_device_death(self, message: _Message) -> None:
        self._append(message, RowKind.DEVICE_DEATH)

    def _take_data(self, message: _Message) -> None:
        batch = journal.decode_body(message.payload)
        if batch is None:
            opened = _announced(message.payload)
            if opened is not None:
                if self._hear(message, opened):
                    self._close_holes(message, opened)
                return
        if not self._knows_metrics(message):
            self.counts["unborn"] += 1
            self._acks.ask_rebirth(message.node, _now_ms())
            return
        marks = self._marks(message.node)
        if batch is None:
            batch = BatchId(FOREIGN_EPOCH, marks.marks.get(FOREIGN_EPOCH, 0) + 1)
        elif not marks.is_next(batch):
            self._repeat(message, batch, marks)
            return
        self._append_batch(message, batch, marks)

    _judge = {
        RowKind.NODE_BIRTH: _take_node_birth,
        RowKind.NODE_DEATH: _take_node_death,
        RowKind.NODE_DATA: _take_data,
        RowKind.DEVICE_BIRTH: _take_device_birth,
        RowKind.DEVICE_DEATH: _take_device_death,
        RowKind.DEVICE_DATA: _take_data,
    }

    def _append_batch(self, message: _Message, batch: BatchId, marks: Watermarks) -> None:
        node = message.node
        since_ms = marks.stamps.get(batch.epoch, 0)
        self._take_number(message, batch, marks)
        if batch.epoch != FOREIGN_EPOCH and not message.payload.metrics:
            hole = Hole(batch.epoch, batch.id, batch.id, HoleCause.LOST, since_ms)
            self._append_gap(message, hole)
        else:
            self._append(message, _KINDS[message.topic.kind], batch)
        self.counts["readings"] += len(message.payload.metrics)
        if batch.epoch != FOREIGN_EPOCH:
            self._acks.note(node, batch.epoch)
        self._change_state(node, NodeState.ONLINE)

    def _take_number(self, message: _Message, batch: BatchId, marks: Watermarks) -> None:
        metrics = message.payload.metrics
        stamp_ms = metrics[-1].timestamp if metrics else message.payload.timestamp
        stamp_ms = min(stamp_ms, message.arrival.received_ms)
        marks.take(batch, stamp_ms)
        self._journal.mark(message.node.agent_id, batch.epoch, batch.id, stamp_ms)

    def _repeat(self, message: _Message, batch: BatchId, marks: Watermarks) -> None:
        """Stored already, or a batch before it was lost: saying how far we are puts it right."""
        if batch.id <= marks.marks.get(batch.epoch, 0):
            self._refuse(Cause.REPLAYED, message.arrival, f"batch {journal.format_ack(batch)}")
        else:
            self.counts["out_of_order"] += 1
        self._acks.note(message.node, batch.epoch)

    def _knows_metrics(self, message: _Message) -> bool:
        """Every alias, and every name where there is no alias, was declared by a birth."""
        known, metrics = message.node.aliases.known, message.payload.metrics
        if known and known.issuperset(map(_alias, metrics)):  # half the cost of a comprehension
            return True
        return all(_is_declared(metric, message.node, message.topic.device) for metric in metrics)

    def _hear(self, message: _Message, opened: list[OpenEpoch]) -> bool:
        """Judge an announcement; False for one that must not be followed."""
        node, marks = message.node, self._marks(message.node)
        told = marks.hear(opened, min(message.payload.timestamp, MOST))
        if told is Told.REPLAYED:
            self._refuse(Cause.REPLAYED, message.arrival, "an old announcement")
            return False
        if told is Told.CLONE:
            self._append(message, RowKind.QUARANTINE)
            self._change_state(node, NodeState.QUARANTINED)
            log.warning("%s went back to an old epoch: two machines use its identity.", node)
            return False
        if opened:
            live = opened[0].epoch
            self._journal.live(node.agent_id, live, marks.lives[live])
        return True

    def _close_holes(self, message: _Message, opened: list[OpenEpoch]) -> None:
        node, marks = message.node, self._marks(message.node)
        for hole in marks.close_holes(opened):
            stamp_ms = marks.stamps.get(hole.epoch, 0)
            self._journal.mark(node.agent_id, hole.epoch, hole.last, stamp_ms)
            self._append_gap(message, hole)
        for epoch in opened:
            self._acks.note(node, epoch.epoch)
        self._acks.hurry(node)

    def _append_gap(self, message: _Message, hole: Hole) -> None:
        self.counts["gap_batches"] += hole.last - hole.first + 1
        self._journal.append(
            message.node.agent_id,
            RowKind.GAP,
            _gap_detail(hole, message.payload.timestamp),
            received_ms=message.arrival.received_ms,
            epoch=hole.epoch,
            batch_id=hole.last,
        )

    def _learn_birth(self, message: _Message, device: str | None) -> None:
        metrics, ignored = names.declared(message.payload, device)
        message.node.ignore(ignored)
        refused = self._registry.declare(message.node, metrics, self._journal.next_seq)
        if refused:
            first = f"{refused[0].device}/{refused[0].metric}"
            self._letters.add(
                Cause.SERIES_LIMIT,
                message.arrival.topic,
                message.arrival.payload,
                f"{len(refused)} metrics beyond the store's limit, from {first!r} on",
                count=len(refused),
            )

    def _append(self, message: _Message, kind: RowKind, batch: BatchId = BatchId(0, 0)) -> None:
        self._journal.append(
            message.node.agent_id,
            kind,
            message.arrival.payload,
            received_ms=message.arrival.received_ms,
            epoch=batch.epoch,
            batch_id=batch.id,
            device=message.topic.device or "",
        )

    def _change_state(self, node: Node, state: NodeState) -> None:
        if self._registry.change_state(node, state):
            self._on_state(node)

    def _marks(self, node: Node) -> Watermarks:
        found = self.watermarks.get(node.agent_id)
        if found is None:
            found = self.watermarks[node.agent_id] = Watermarks()
        return found

    def _refuse(self, cause: Cause, arrival: Arrival, error: str) -> None:
        self._letters.add(cause, arrival.topic, arrival.payload, error)


def _announced(payload: Payload) -> list[OpenEpoch] | None:
    opened = journal.announced(payload)
    if opened and max(epoch.last for epoch in opened) > MOST:
        raise FrameError(f"{journal.OPEN} announces a batch beyond {MOST}.")
    return opened


def _is_declared(metric: Metric, node: Node, device: str | None) -> bool:
    if metric.HasField("alias"):
        return metric.alias in node.aliases.known or metric.alias in node.ignored
    name = names.split(metric.name, device)
    return name is None or name in node.names or name in node.ignored


def _gap_detail(hole: Hole, told_ms: int) -> bytes:
    """What `NodeEvent.detail` of a GAP says."""
    detail = {
        "epoch": f"{hole.epoch:016x}",
        "first": hole.first,
        "last": hole.last,
        "cause": hole.cause.value,
        "since_ms": hole.since_ms,
        "until_ms": told_ms,
    }
    return json.dumps(detail).encode()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
