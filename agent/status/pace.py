"""How fast the outbox fills, and so how long it lasts without the hub."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.outbox_rows import Epoch

WINDOW_S = 600.0
LEAST_S = 20.0
STEP_S = 5.0


class _Mark(NamedTuple):
    at_s: float
    made: int


class Pace:
    """`look` is called now and then; it compares with up to ten minutes ago."""

    def __init__(self, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes, self._clock = max_bytes, clock
        self._marks: deque[_Mark] = deque(maxlen=int(WINDOW_S / STEP_S))

    def hours_left(self, epochs: Sequence[Epoch], used_bytes: int) -> float | None:
        """Until the oldest that waits would have to go; None while it cannot be told."""
        if not epochs:
            return None
        now, made = self._clock(), epochs[-1].last
        if not self._marks or now - self._marks[-1].at_s >= STEP_S:
            self._marks.append(_Mark(now, made))
        first = self._marks[0]
        kept = sum(epoch.next_id - epoch.first for epoch in epochs)
        if now - first.at_s < LEAST_S or made <= first.made or not kept:
            return None
        batch_bytes = used_bytes / kept
        waiting = sum(epoch.waiting for epoch in epochs)
        room = max(0.0, self._max_bytes - waiting * batch_bytes)
        bytes_per_s = (made - first.made) / (now - first.at_s) * batch_bytes
        return room / bytes_per_s / 3600
