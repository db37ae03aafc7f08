"""A message of the hub to itself, once a minute, on the way of every reading.

It goes through the broker into the journal and past every consumer, so it tells what no counter
does: whether a reading that a store sends now would arrive, and how long it would take.
"""

import asyncio
import secrets
import time
from collections.abc import Callable

from protocols.sparkplug.sparkplug_b_pb2 import Payload
from protocols.sparkplug.topics import NAMESPACE

TOPIC = f"{NAMESPACE}/storevitals/NCMD/canary"
"""A command to a node that does not exist: the one kind that the hub may send and hears itself."""
EVERY_S = 60.0
RETRY_S = 5.0
LIMIT_S = 30.0
LOOK_S = 0.02
OVERDUE_S = 3 * EVERY_S
_NONCE_BYTES = 16

Send = Callable[[str, bytes], bool]


class Canary:
    """`send` publishes; `passed` is the journal row that every consumer has taken in."""

    def __init__(self, send: Send, passed: Callable[[], int], topic: str = TOPIC) -> None:
        self._send, self._passed, self._topic = send, passed, topic
        self._expected = b""
        self._row = 0  # of the journal; 0 until it has come back
        self._since = time.monotonic()  # of the last that went all the way, at first of the start
        self._took_s = 0.0
        self._went_through = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            has_passed = await self.fly()
            await asyncio.sleep(EVERY_S if has_passed else RETRY_S)

    async def fly(self, limit_s: float = LIMIT_S) -> bool:
        """Whether one message went all the way within the limit."""
        payload = Payload(timestamp=time.time_ns() // 1_000_000)
        payload.body = secrets.token_bytes(_NONCE_BYTES)
        began, self._row = time.monotonic(), 0
        self._expected = payload.SerializeToString()
        if not self._send(self._topic, self._expected):
            return False
        while not (0 < self._row <= self._passed()):
            if time.monotonic() - began > limit_s:
                self._expected = b""
                return False
            await asyncio.sleep(LOOK_S)
        self._since = time.monotonic()
        self._took_s = self._since - began
        self._went_through += 1
        return True

    def is_expected(self, topic: str, payload: bytes) -> bool:
        """Whether this is the message under way; each comes back once."""
        if topic != self._topic or not self._expected or payload != self._expected:
            return False
        self._expected = b""
        return True

    def journaled(self, row: int) -> None:
        """It stands in this row of the journal; 0: the row was lost with a commit that failed."""
        self._row = row

    def metrics(self) -> dict[str, float]:
        """`canary_seconds` only once one has gone all the way: nothing is shown as zero."""
        numbers = {
            "canary_passed": float(self._went_through),
            "canary_age_seconds": time.monotonic() - self._since,
        }
        return numbers | ({"canary_seconds": self._took_s} if self._went_through else {})

    @property
    def trouble(self) -> str:
        """Empty while the last one is recent enough."""
        age_s = time.monotonic() - self._since
        if age_s < OVERDUE_S:
            return ""
        return (
            f"no test message came through broker, journal and consumers for {age_s:.0f} s; "
            "see whether the broker lets the hub send and hear, and which consumer lags"
        )
