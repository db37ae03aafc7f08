"""The bounded queue between the broker's connection and the journal."""

import threading
import time

from hub.ingest.intake import Arrival

LIMIT_BYTES = 16 * 1024 * 1024
LIMIT_MESSAGES = 4000
LINGER_S = 0.010  # of the first message of a group commit
GROUP_MESSAGES = 512


class Inbox:
    """`put` blocks when the queue is full: the broker, and behind it the agents, hold the rest."""

    def __init__(self, linger_s: float = LINGER_S) -> None:
        self._linger_s = linger_s
        self._changed = threading.Condition()
        self._waiting: list[Arrival] = []
        self._bytes = 0
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, arrival: Arrival) -> None:
        """Any thread; a message that comes after `close` is dropped, as if the line had gone."""
        with self._changed:
            while self._is_full() and not self._is_closed:
                self._changed.wait()
            self._waiting.append(arrival)
            self._bytes += len(arrival.payload)
            if len(self._waiting) in (1, GROUP_MESSAGES):
                self._changed.notify_all()

    def take(self, timeout_s: float) -> list[Arrival]:
        """All that waits, for one commit: what came within 10 ms of the first, or a full group."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout_s)
            if self._waiting:
                self._linger()
            taken, self._waiting, self._bytes = self._waiting, [], 0
            self._changed.notify_all()
        return taken

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _linger(self) -> None:
        deadline = time.monotonic() + self._linger_s
        while len(self._waiting) < GROUP_MESSAGES and not self._is_full():
            left_s = deadline - time.monotonic()
            if left_s <= 0 or self._is_closed:
                return
            self._changed.wait(left_s)

    def _is_full(self) -> bool:
        return self._bytes >= LIMIT_BYTES or len(self._waiting) >= LIMIT_MESSAGES
