"""What leaves a device: what is news, the state of being online, urgency."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agent.door import Door, DoorRules
from agent.drivers.base import Now
from agent.reporting import HEARTBEAT_S, Report, Reporting
from protocols.metrics import METRICS, Kind
from protocols.reading import Quality, Reading

log = logging.getLogger(__name__)

ONLINE = "online"
STATES = frozenset(name for name, metric in METRICS.items() if metric.kind is Kind.STATE)
VALUES = frozenset(
    name
    for name, metric in METRICS.items()
    if metric.kind in (Kind.GAUGE, Kind.COUNTER, Kind.STATE)
)


class Sink(Protocol):
    """Takes readings for the outbox at once; `urgent`: send them without waiting for more."""

    def __call__(self, readings: Sequence[Reading], *, urgent: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class OutletRules:
    """What of a device is sent, and how; see `agent.settings`."""

    critical: frozenset[str] = frozenset()
    report: Report = Report.STATES
    heartbeat_s: float = HEARTBEAT_S
    door: DoorRules | None = None


class DeviceOutlet:
    """One device's way out; implements `agent.drivers.base.Outlet`.

    A device is lost once and found once: one log line and one `online` reading each, and its
    values turn bad when it is lost. Stamps leave as they were read; the outbox alone sees that
    those of a series strictly increase.
    """

    def __init__(
        self,
        device: str,
        metrics: Sequence[str],
        rules: OutletRules,
        sink: Sink,
        *,
        now: Now,
    ) -> None:
        self.device = device
        self.is_online: bool | None = None
        self.heard_at: datetime | None = None
        self.reason = ""  # why it was lost
        self._reporting = Reporting(rules.report, rules.heartbeat_s)
        self._door = Door(rules.door) if rules.door else None
        self._values = [metric for metric in metrics if metric in VALUES]
        self._critical = rules.critical
        self._sink = sink
        self._now = now
        self._states: dict[str, float | str | None] = {}
        self._lost_at: datetime | None = None

    def up(self) -> None:
        if not self.is_online:
            self._send(self._found(self._now()))

    def _found(self, now: datetime) -> list[Reading]:
        if self._lost_at is not None:
            away_s = (now - self._lost_at).total_seconds()
            log.info("Device %s is back after %.0f s.", self.device, away_s)
        self.is_online, self.reason = True, ""
        self._reporting.forget()
        return [Reading(self.device, ONLINE, 1.0, now)]

    def down(self, why: str) -> None:
        if self.is_online is False:
            self.reason = why
            return
        log.warning("Device %s was lost: %s", self.device, why)
        self.is_online, self.reason = False, why
        now = self._lost_at = self._now()
        bad = [Reading(self.device, name, None, now, Quality.BAD) for name in self._values]
        self._send([*bad, Reading(self.device, ONLINE, 0.0, now)])

    def emit(self, readings: Sequence[Reading]) -> None:
        if self._door:
            readings = self._door.corrected(readings)
        self.heard_at = readings[-1].time if readings else self._now()
        if not self.is_online:
            time = readings[0].time if readings else self.heard_at
            found = self._found(time)
            self._send([*found, *self._reporting.fresh(readings)])
        elif fresh := self._reporting.fresh(readings):
            self._send(fresh)

    def _send(self, readings: Sequence[Reading]) -> None:
        self._sink(readings, urgent=self._is_urgent(readings))

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
