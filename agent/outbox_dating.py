"""Readings before the time of day is known wait, and are dated when it is (R5).

A Raspberry Pi has no clock of its own: it boots in the past until a time server answers. What is
read until then is held in memory with its monotonic time; a power cut in these minutes loses it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from agent.clock import Clock, to_ms
from agent.machine import Machine
from protocols.reading import Quality, Reading

log = logging.getLogger(__name__)

LEAST_STEP_MS = 10  # less is the two clocks being read one after the other
HOLD_S = 600.0  # a store may have no time server at all


@dataclass(frozen=True, slots=True)
class Taken:
    """What one poll gave, with the clocks as they were: the writer may look at it 2 s later."""

    readings: Sequence[Reading]
    at_s: float
    offset_ms: int
    is_urgent: bool = False

    @classmethod
    def of(cls, readings: Sequence[Reading], clock: Clock, *, is_urgent: bool = False) -> "Taken":
        return cls(readings, clock.monotonic_s(), offset_ms(clock), is_urgent)


def offset_ms(clock: Clock) -> int:
    """Time of day less monotonic time: changes only where the time of day is set."""
    return clock.utc_ms() - int(clock.monotonic_s() * 1000)


@dataclass(slots=True)
class BootClock:
    """Whether the time of day is known: not on a machine without a clock chip that has just booted
    and whose kernel has not heard a time server."""

    machine: Machine = field(default_factory=Machine)
    root: Path = Path("/")
    uptime_s: Callable[[], float] = time.monotonic
    _is_known: bool = False

    def __post_init__(self) -> None:
        self._is_known = self.uptime_s() > HOLD_S or (self.root / "sys/class/rtc/rtc0").exists()

    def __call__(self) -> bool:
        self._is_known = self._is_known or self.machine.is_clock_trusted() is not False
        return self._is_known


class Dating:
    """`newest_ms` is the last time that the outbox knows of: nothing new can be older."""

    def __init__(self, is_known: Callable[[], bool], clock: Clock, newest_ms: int) -> None:
        self._is_known, self._clock, self._newest_ms = is_known, clock, newest_ms
        self._until_s = clock.monotonic_s() + HOLD_S
        self._is_over = False

    def waits(self, *, has_room: bool) -> bool:
        """Whether what was read has to wait for its date."""
        if self._is_over:
            return False
        if self._is_known():
            self._is_over = True
        elif not has_room or self._clock.monotonic_s() >= self._until_s:
            self._is_over = True
            log.warning("No time server answered: readings are dated by this machine's clock.")
        return not self._is_over

    def dated(self, taken: Taken) -> Taken:
        """Moved by what the clock was set forward since; what would lie before the last known time
        is put after it, as ESTIMATED."""
        now_ms = offset_ms(self._clock)
        moved_ms = now_ms - taken.offset_ms
        first_ms = to_ms(taken.readings[0].time) + moved_ms if taken.readings else 0
        is_old = bool(taken.readings) and first_ms < self._newest_ms - HOLD_S * 1000
        is_wrong = is_old and not self._is_known()
        if moved_ms < LEAST_STEP_MS and not is_wrong:
            return taken
        if is_wrong:  # as far apart as they were read, from the last known time on
            moved_ms += self._newest_ms - first_ms + int(taken.at_s * 1000) - self._begun_ms()
        quality = Quality.ESTIMATED if is_wrong else None
        readings = [_moved(reading, moved_ms, quality) for reading in taken.readings]
        return replace(taken, readings=readings, offset_ms=now_ms)

    def _begun_ms(self) -> int:
        return int((self._until_s - HOLD_S) * 1000)


def _moved(reading: Reading, by_ms: int, quality: Quality | None) -> Reading:
    is_good = reading.quality is Quality.GOOD
    return Reading(
        reading.device,
        reading.metric,
        reading.value,
        reading.time + timedelta(milliseconds=by_ms),
        quality if quality is not None and is_good else reading.quality,
    )
