"""Figures that many look at, worked out once in a while instead of once a look."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

V = TypeVar("V")
MAX_KEPT = 10_000


class Recent:
    """Any thread; two that ask at once may both work it out. Keep only what all may share."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    def peek(self, key: Hashable, max_age_s: float) -> Any:
        """What is kept for this key and young enough, or None."""
        with self._lock:
            made_at, value = self._kept.get(key, (float("-inf"), None))
        return value if self._clock() - made_at <= max_age_s else None

    def forget(self, key: Hashable) -> None:
        """Ask anew next time: its maker has just changed it."""
        with self._lock:
            self._kept.pop(key, None)

    def get(self, key: Hashable, max_age_s: float, make: Callable[[], V]) -> V:
        """What `make` gave for this key not longer ago than `max_age_s`, or gives now."""
        now = self._clock()
        with self._lock:
            made_at, value = self._kept.get(key, (float("-inf"), None))
        if now - made_at <= max_age_s:
            found: V = value
            return found
        made = make()
        with self._lock:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[key] = (now, made)
        return made
