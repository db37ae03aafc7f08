"""Leads one consumer along the journal: its pace, its errors, its lag."""

import logging
import threading
import time

from sqlalchemy.exc import DataError, IntegrityError

from hub.ingest.block import Block, Consumer, empty_block
from hub.ingest.dead_letters import Cause, DeadLetters
from hub.ingest.feed import Feed

log = logging.getLogger(__name__)

TICK_S = 0.2
BUSY_ROWS = 1000  # so many waiting are large enough a write, whatever the pace
TRIES = 3
FIRST_WAIT_S = 0.05
MOST_WAIT_S = 5.0

# Errors of the data; all others are the disk's, the network's or the engine's, and pass some day.
POISON = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    DataError,
    IntegrityError,
    LookupError,
    TypeError,
    ValueError,
)


class Follower:
    """One consumer in one thread. `pace_s` lets rows gather, for engines that like large writes."""

    def __init__(
        self, consumer: Consumer, feed: Feed, letters: DeadLetters, pace_s: float = 0.0
    ) -> None:
        self.consumer = consumer
        self._feed, self._letters, self._pace_s = feed, letters, pace_s
        self._at = consumer.position()
        feed.join(consumer.name, self._at)
        self._stop = threading.Event()
        self._ticked = self._applied = 0.0
        self.trouble = ""  # the error that it waits out, for /health

    @property
    def at(self) -> int:
        """The row that it has taken in, with all before it."""
        return self._at

    @property
    def lag(self) -> int:
        """Rows that it has yet to take in."""
        return max(0, self._feed.last_seq - self._at)

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        """Until `stop`; raises only what is a bug of the hub."""
        while not self._stop.is_set():
            if self._feed.wait(self._at, TICK_S):
                if self.lag < BUSY_ROWS:
                    self._stop.wait(self._applied + self._pace_s - time.monotonic())
                block = self._feed.next(self.consumer.name, self._at)
                if block is not None:
                    self._applied = time.monotonic()
                    self._apply(block)
            self._tick()

    def _apply(self, block: Block) -> None:
        error = self._try(block)
        if error is None:
            self._at = block.last_seq
            return
        log.error("%s could not take in rows to %d.", self._who, block.last_seq, exc_info=error)
        while self._at < block.last_seq and not self._stop.is_set():
            self._apply_single()

    def _apply_single(self) -> None:
        found = self._feed.single(self._at)
        if found is None:
            return
        block, row = found
        error = self._try(block)
        if error is not None and not self._stop.is_set():
            self._letters.add(Cause.POISON, f"{self._who} row {row.seq}", row.payload, repr(error))
            self.consumer.apply(empty_block(row.seq))  # the position moves on, the row does not
        self._at = row.seq

    def _try(self, block: Block) -> Exception | None:
        """None when it was taken in; an error of the data after three tries."""
        tries, wait_s = 0, FIRST_WAIT_S
        while not self._stop.is_set():
            try:
                self.consumer.apply(block)
            except POISON as error:
                tries += 1
                if tries == TRIES:
                    return error
            except Exception as error:  # noqa: BLE001 boundary: it is tried until it passes
                self._note_trouble(error)
                self._stop.wait(wait_s)
                wait_s = min(wait_s * 2, MOST_WAIT_S)
            else:
                self._note_trouble(None)
                return None
        return None

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._ticked < TICK_S:
            return
        self._ticked = now
        try:
            self.consumer.tick()
        except Exception as error:  # noqa: BLE001 boundary: the next tick may pass
            self._note_trouble(error)

    def _note_trouble(self, error: Exception | None) -> None:
        """Logged once when it begins and once when it ends."""
        if error is not None and not self.trouble:
            log.warning("%s waits: %s", self._who, error, exc_info=error)
        elif error is None and self.trouble:
            log.warning("%s goes on after: %s", self._who, self.trouble)
        self.trouble = repr(error) if error is not None else ""

    @property
    def _who(self) -> str:
        return f"consumer {self.consumer.name!r}"
