"""How fast one token, and one address that shows none or a wrong one, may ask the API.

A bucket of a minute's requests that fills steadily: a burst passes, a loop that never rests is told
to wait. nginx in front of the hub limits what comes before this (deploy/nginx).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from math import ceil

from hub.errors import HubError, T

MOST_KEPT = 50_000
_WAIT = T("请求太多，请在 {n} 秒后再试。", "Too many requests; try again in {n} s.")


class TooManyError(HubError):
    """Asked too often; `wait_s` whole seconds are to be waited."""

    status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__(_WAIT.format(n=wait_s))
        self.wait_s = wait_s

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.wait_s)}


class Pace:
    """`per_minute` requests of each who asks; 0 = no limit. From any thread."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = float(per_minute), clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: Hashable) -> None:
        """One request of somebody; TooManyError when there are no more for now."""
        if not self._most:
            return
        now = self._clock()
        with self._lock:
            left, at = self._left.pop(who, (self._most, now))
            left = min(self._most, left + (now - at) * self._most / 60)
            is_free = left >= 1
            self._left[who] = (left - 1 if is_free else left, now)
            if len(self._left) > MOST_KEPT:
                self._left.popitem(last=False)
        if not is_free:
            raise TooManyError(max(1, ceil((1 - left) * 60 / self._most)))
