"""Ids of rows: UUID version 7 (RFC 9562, 5.7), which sort by the time they were made."""

import secrets
import time
from threading import Lock
from uuid import UUID

_COUNTER_BITS = 12
_lock = Lock()
_last = 0  # milliseconds << 12 | counter of the newest id of this process


def uuid7() -> UUID:
    """A new id, greater than every id this process made before, even after a clock step back."""
    global _last
    with _lock:
        _last = max(_last + 1, (time.time_ns() // 1_000_000) << _COUNTER_BITS)
        tick = _last
    milliseconds, counter = tick >> _COUNTER_BITS, tick & 0xFFF
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | counter << 64
    return UUID(int=value | 0b10 << 62 | secrets.randbits(62))
