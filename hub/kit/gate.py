"""The turnstile in front of SQLite's single writer: first come, first served.

SQLite lets one transaction write and makes the others poll, so the unlucky wait long or fail. With
a queue in front, each waits exactly for those before it (docs/decisions/sqlite-gate.md).
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

from hub.errors import BusyError, T

HOLD_LIMIT_S = 0.050  # no transaction may keep the others waiting for longer

_BUCKETS = (0.001, 0.002, 0.005, 0.010, 0.020, HOLD_LIMIT_S, 0.100, 0.250, 0.500, 1.0, 5.0)
HELD_S = Histogram(
    "hub_write_gate_held_seconds", "Time a transaction held the gate", buckets=_BUCKETS
)
WAITED_S = Histogram("hub_write_gate_waited_seconds", "Time spent queueing", buckets=_BUCKETS)
OVERHELD = Counter(
    "hub_write_gate_overheld_total", "Transactions that held the gate over 50 ms", ["work"]
)


class Gate:
    """A lock that is handed on in the order of arrival; not re-entrant."""

    def __init__(self, patience_s: float = 10.0) -> None:
        self._patience_s = patience_s
        self._mutex = threading.Lock()
        self._owner: int | None = None
        self._queue: deque[tuple[int, threading.Event]] = deque()

    @contextmanager
    def hold(self, work: str) -> Iterator[None]:
        """Wait for the turn, hold the gate, hand it on; BusyError when the queue does not move."""
        arrived = time.monotonic()
        self._enter()
        entered = time.monotonic()
        WAITED_S.observe(entered - arrived)
        try:
            yield
        finally:
            held = time.monotonic() - entered
            self._leave()
            HELD_S.observe(held)
            if held > HOLD_LIMIT_S:
                OVERHELD.labels(work).inc()

    def _enter(self) -> None:
        me = threading.get_ident()
        with self._mutex:
            if self._owner is None:
                self._owner = me
                return
            if self._owner == me:
                raise RuntimeError("This thread holds the write gate already; writes do not nest.")
            turn = (me, threading.Event())
            self._queue.append(turn)
        if turn[1].wait(self._patience_s):
            return
        with self._mutex:
            if turn in self._queue:
                self._queue.remove(turn)
                raise BusyError(
                    T("中心正忙，请稍后再试。", "The hub is busy; try again in a moment.")
                )
        # The turn came between the end of the wait and the look: it is ours.

    def _leave(self) -> None:
        with self._mutex:
            if not self._queue:
                self._owner = None
                return
            self._owner, turn = self._queue.popleft()
            turn.set()
