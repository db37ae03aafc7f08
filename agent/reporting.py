"""Which readings are worth sending: what changed, and all of it once a heartbeat.

Between two heartbeats silence means "as before"; a missing heartbeat means stale. Gauges are sent
at every poll unless told otherwise, as their means are means of what was sent.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from agent.drivers.counting import COUNTS
from protocols.metrics import METRICS, Kind
from protocols.reading import Quality, Reading

HEARTBEAT_S = 30.0
STEADY = frozenset(
    name
    for name, metric in METRICS.items()
    if metric.kind in (Kind.STATE, Kind.COUNTER) and name not in COUNTS  # a count needs its total
)
REPEATED = STEADY | {name for name, metric in METRICS.items() if metric.kind is Kind.GAUGE}


class Report(StrEnum):
    """What is sent only when it changed, beside the heartbeat."""

    POLL = "poll"  # nothing: every poll is sent
    STATES = "states"  # states and counters
    CHANGE = "change"  # gauges too


_FILTERED = {Report.POLL: frozenset[str](), Report.STATES: STEADY, Report.CHANGE: REPEATED}


class Reporting:
    """Of one device; `fresh` filters the readings of one poll, in order."""

    def __init__(self, report: Report = Report.STATES, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._filtered = _FILTERED[report]
        self._heartbeat = timedelta(seconds=0.95 * heartbeat_s)  # polls come a little early
        self._sent: dict[str, tuple[float | str | None, Quality, datetime]] = {}

    def forget(self) -> None:
        """After a loss all is sent again, whatever it was before."""
        self._sent.clear()

    def fresh(self, readings: Sequence[Reading]) -> list[Reading]:
        return [reading for reading in readings if self._is_fresh(reading)]

    def _is_fresh(self, reading: Reading) -> bool:
        metric = reading.metric
        if metric not in self._filtered:
            return True
        sent = self._sent.get(metric)
        if sent is not None and sent[:2] == (reading.value, reading.quality):
            age = reading.time - sent[2]
            if -self._heartbeat < age < self._heartbeat:
                return False
        self._sent[metric] = (reading.value, reading.quality, reading.time)
        return True
