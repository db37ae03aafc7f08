"""Door counters: running totals and events become people counted. Pure.

A count is never negative and never more than people can pass a door in that time: a reset, a
roll-over or a replaced counter shows as what it is, not as a crowd.
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum

MOST_PER_S = 5.0  # a wide entrance at a sale; beams cannot tell more apart
BURST = 30


class Change(StrEnum):
    FIRST = "first"
    GROWN = "grown"
    ROLLED_OVER = "rolled over"
    RESET = "reset"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Total:
    """A running total as read; `at_s` is seconds of any one clock that does not stop."""

    value: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Step:
    """`count` people since the total before."""

    count: int
    change: Change


def step(before: Total | None, after: Total, modulus: int) -> Step:
    """People between two readings of a counter that rolls over at `modulus`.

    After a reset, what the counter shows was counted since; that is taken where it is plausible.
    """
    if before is None:
        return Step(0, Change.FIRST)
    limit = BURST + MOST_PER_S * max(0.0, after.at_s - before.at_s)
    grown = after.value - before.value
    if grown >= 0:
        return Step(grown, Change.GROWN) if grown <= limit else Step(0, Change.IMPLAUSIBLE)
    if (wrapped := grown + modulus) <= limit:
        return Step(wrapped, Change.ROLLED_OVER)
    return Step(after.value if after.value <= limit else 0, Change.RESET)


class EventFilter:
    """Remembers the last `most` event ids, so that an event sent twice counts once."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._seen: OrderedDict[str, None] = OrderedDict()

    def is_new(self, event_id: str) -> bool:
        if event_id in self._seen:
            return False
        self._seen[event_id] = None
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return True
