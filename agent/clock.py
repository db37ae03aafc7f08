"""The two clocks of the agent as one argument: time of day for stamps, monotonic for deadlines."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    def utc_ms(self) -> int:
        """Milliseconds since 1970, UTC; may step when the machine is told the right time."""

    def monotonic_s(self) -> float:
        """Seconds that never step back."""


class SystemClock:
    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        return time.monotonic()


def to_ms(instant: datetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND
