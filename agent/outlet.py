"""What leaves a device: stamps that strictly increase, state of being online, urgency."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from agent.drivers.base import Now
from protocols.metrics import METRICS, Kind
from protocols.reading import Quality, Reading

log = logging.getLogger(__name__)

ONLINE = "online"
STEP = timedelta(milliseconds=1)
STEP_BACK = timedelta(seconds=1)
STATES = frozenset(name for name, metric in METRICS.items() if metric.kind is Kind.STATE)
VALUES = frozenset(
    name
    for name, metric in METRICS.items()
    if metric.kind in (Kind.GAUGE, Kind.COUNTER, Kind.STATE)
)


class Sink(Protocol):
    """Takes readings for the outbox at once; `urgent`: send them without waiting for more."""

    def __call__(self, readings: Sequence[Reading], *, urgent: bool) -> None: ...


class DeviceOutlet:
    """One device's way out; implements `agent.drivers.base.Outlet`.

    A device is lost once and found once: one log line and one `online` reading each, and its
    values turn bad when it is lost. Where the clock was set back by more than a second, stamps
    follow it: the outbox sees the same and opens a new epoch.
    """

    def __init__(
        self,
        device: str,
        metrics: Sequence[str],
        critical: frozenset[str],
        sink: Sink,
        *,
        now: Now,
    ) -> None:
        self.device = device
        self.is_online: bool | None = None
        self._values = [metric for metric in metrics if metric in VALUES]
        self._critical = critical
        self._sink = sink
        self._now = now
        self._newest: datetime | None = None
        self._states: dict[str, float | str | None] = {}
        self._lost_at: datetime | None = None

    def up(self) -> None:
        if not self.is_online:
            self._send(self._found(self._now()))

    def _found(self, now: datetime) -> list[Reading]:
        if self._lost_at is not None:
            away_s = (now - self._lost_at).total_seconds()
            log.info("Device %s is back after %.0f s.", self.device, away_s)
        self.is_online = True
        return [Reading(self.device, ONLINE, 1.0, now)]

    def down(self, why: str) -> None:
        if self.is_online is False:
            return
        log.warning("Device %s was lost: %s", self.device, why)
        self.is_online = False
        now = self._lost_at = self._now()
        bad = [Reading(self.device, name, None, now, Quality.BAD) for name in self._values]
        self._send([*bad, Reading(self.device, ONLINE, 0.0, now)])

    def emit(self, readings: Sequence[Reading]) -> None:
        if not self.is_online:
            time = readings[0].time if readings else self._now()
            self._send([*self._found(time), *readings])
        elif readings:
            self._send(readings)

    def _send(self, readings: Sequence[Reading]) -> None:
        """`readings` are in the order of their time."""
        if self._newest is None or readings[0].time > self._newest:
            self._newest = readings[-1].time
        else:
            readings = self._later(readings, self._newest)
        self._sink(readings, urgent=self._is_urgent(readings))

    def _later(self, readings: Sequence[Reading], newest: datetime) -> Sequence[Reading]:
        """Move stamps that would repeat behind the last one, by a millisecond."""
        back = newest - readings[0].time
        if back > STEP_BACK:
            self._newest = readings[-1].time
            return readings
        moved = [
            Reading(r.device, r.metric, r.value, r.time + back + STEP, r.quality) for r in readings
        ]
        self._newest = moved[-1].time
        return moved

    def _is_urgent(self, readings: Sequence[Reading]) -> bool:
        urgent = False
        states, critical = self._states, self._critical
        for reading in readings:
            metric = reading.metric
            if metric in STATES:
                urgent = urgent or states.get(metric) != reading.value
                states[metric] = reading.value
            if metric in critical:
                urgent = True
        return urgent
