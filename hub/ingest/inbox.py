"""The bounded queue between the broker's connection and the journal, fair to every edge node.

Each node has a queue of its own, and a commit takes from all in turn: who says a thousand times as
much as others waits behind itself alone (R34). A node whose own queue is full is not heard; ours
never have so much on the way, and send again what is not acknowledged.
"""

import threading
import time
from collections import deque

from hub.ingest.intake import Arrival

LIMIT_BYTES = 16 * 1024 * 1024
LIMIT_MESSAGES = 4000
NODE_MESSAGES = 800  # of one node: three windows of unacknowledged batches
LINGER_S = 0.010  # of the first message of a group commit
GROUP_MESSAGES = 512
MOST_AT_ONCE = 1024  # in one commit
NODE_AT_ONCE = 128  # of one node among others: half of an agent's window


class Inbox:
    """`put` blocks when all queues together are full: the broker, and behind it the agents, hold
    the rest. `dropped` counts what nodes said beyond their share."""

    def __init__(self, linger_s: float = LINGER_S) -> None:
        self._linger_s = linger_s
        self._changed = threading.Condition()
        self._queues: dict[str, deque[Arrival]] = {}  # of nodes that have something waiting
        self._waiting = self._bytes = 0
        self._is_closed = False
        self.dropped = 0

    def __len__(self) -> int:
        return self._waiting

    def put(self, arrival: Arrival) -> None:
        """Any thread; a message that comes after `close` is dropped, as if the line had gone."""
        name = _node_of(arrival.topic)
        with self._changed:
            while self._is_full() and not self._is_closed:
                self._changed.wait()
            queue = self._queues.setdefault(name, deque())
            if len(queue) >= NODE_MESSAGES:
                self.dropped += 1
                return
            queue.append(arrival)
            self._waiting += 1
            self._bytes += len(arrival.payload)
            if self._waiting in (1, GROUP_MESSAGES):
                self._changed.notify_all()

    def take(self, timeout_s: float) -> list[Arrival]:
        """For one commit: what came within 10 ms of the first, or a full group; each node's in
        order, and of many nodes in turn."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout_s)
            if self._waiting:
                self._linger()
            taken = self._take_in_turn()
            self._changed.notify_all()
        return taken

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _take_in_turn(self) -> list[Arrival]:
        taken: list[Arrival] = []
        most = NODE_AT_ONCE if len(self._queues) > 1 else MOST_AT_ONCE
        for name in list(self._queues):
            queue = self._queues.pop(name)
            share = min(most, MOST_AT_ONCE - len(taken))
            if len(queue) > share:
                taken.extend(queue.popleft() for _ in range(share))
                self._queues[name] = queue  # behind the others
            else:
                taken.extend(queue)
            if len(taken) >= MOST_AT_ONCE:
                break
        self._waiting -= len(taken)
        self._bytes -= sum(len(arrival.payload) for arrival in taken)
        return taken

    def _linger(self) -> None:
        deadline = time.monotonic() + self._linger_s
        while self._waiting < GROUP_MESSAGES and not self._is_full():
            left_s = deadline - time.monotonic()
            if left_s <= 0 or self._is_closed:
                return
            self._changed.wait(left_s)

    def _is_full(self) -> bool:
        return self._bytes >= LIMIT_BYTES or self._waiting >= LIMIT_MESSAGES


def _node_of(topic: str) -> str:
    """Group and node of a Sparkplug topic; all others are one."""
    parts = topic.split("/", 4)
    return f"{parts[1]}/{parts[3]}" if len(parts) > 3 else ""
