"""What the hub tells edge nodes: what is stored, seldom enough, and that it needs a birth."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from hub.ingest.node import Node
from hub.ingest.watermarks import Watermarks
from protocols.sparkplug import codec
from protocols.sparkplug.journal import BatchId, ack_command
from protocols.sparkplug.topics import EdgeNode, MessageType

ACK_EVERY_S = 0.2
ACK_ROWS = 128  # half of an agent's window of unacknowledged batches
REBIRTH_EVERY_S = 60.0

Send = Callable[[str, bytes], bool]


@dataclass(slots=True)
class _Due:
    node: Node
    epochs: set[int] = field(default_factory=set)
    rows: int = 0
    sent_at: float = -ACK_EVERY_S


class Acks:
    """At most one acknowledgement a node in 200 ms or half a window, and a rebirth a minute.

    Belongs to the journal's thread; `send` hands a message to the broker, False when it is away.
    """

    def __init__(self, send: Send, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._send, self._monotonic = send, monotonic
        self._due: dict[UUID, _Due] = {}
        self._waiting: dict[UUID, _Due] = {}
        self._asked: dict[UUID, float] = {}
        self.sent = 0
        self.rebirths = 0

    def note(self, node: Node, epoch: int) -> None:
        """Say at the next turn how far this epoch is stored."""
        due = self._due.get(node.agent_id)
        if due is None:
            due = self._due[node.agent_id] = _Due(node)
        due.epochs.add(epoch)
        due.rows += 1
        self._waiting[node.agent_id] = due

    def hurry(self, node: Node) -> None:
        """The node has just connected, or asked: it need not wait for its turn."""
        if node.agent_id in self._due:
            self._due[node.agent_id].rows = ACK_ROWS

    def send_due(self, marks: Mapping[UUID, Watermarks], time_ms: int) -> None:
        """Called right after a commit, when every watermark is durable."""
        now = self._monotonic()
        for agent_id, due in list(self._waiting.items()):
            if now - due.sent_at < ACK_EVERY_S and due.rows < ACK_ROWS:
                continue
            stored = marks[agent_id].marks
            batches = [BatchId(epoch, stored.get(epoch, 0)) for epoch in sorted(due.epochs)]
            self._tell(due.node, ack_command(batches, time_ms=time_ms))
            due.epochs.clear()
            due.rows, due.sent_at = 0, now
            del self._waiting[agent_id]
            self.sent += 1

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    def ask_rebirth(self, node: Node, time_ms: int) -> None:
        now = self._monotonic()
        if now - self._asked.get(node.agent_id, -REBIRTH_EVERY_S) < REBIRTH_EVERY_S:
            return
        if self._tell(node, codec.rebirth_command(time_ms=time_ms)):
            self._asked[node.agent_id] = now
            self.rebirths += 1

    def _tell(self, node: Node, payload: bytes) -> bool:
        return self._send(EdgeNode(node.group, node.node).topic(MessageType.NCMD), payload)
