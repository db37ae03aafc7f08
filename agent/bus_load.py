"""How busy a bus is and how often it errs: readings of the device `bus-<id>`, once a minute."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from agent.polling_status import BusStatus
from protocols.modbus.client import ModbusBus
from protocols.reading import Reading

PERIOD_S = 60.0
METRICS = ("bus_load_percent", "bus_error_percent")


def device_of(bus_id: str) -> str:
    return f"bus-{bus_id}"


class BusGauge:
    """`readings` closes a period; `status` is of the last one, and of now before the first."""

    def __init__(self, bus_id: str, bus: ModbusBus, clock: Callable[[], float]) -> None:
        self._id, self._bus, self._clock = bus_id, bus, clock
        self._before, self._since_s = replace(bus.counts), clock()
        self._closed: BusStatus | None = None

    @property
    def status(self) -> BusStatus:
        return self._closed or self._weighed()

    def readings(self, now: datetime) -> list[Reading]:
        self._closed = status = self._weighed()
        self._before, self._since_s = replace(self._bus.counts), self._clock()
        values = (status.load_percent, status.error_percent)
        device = device_of(self._id)
        return [
            Reading(device, metric, round(value, 2), now)
            for metric, value in zip(METRICS, values, strict=True)
        ]

    def _weighed(self) -> BusStatus:
        counts, before = self._bus.counts, self._before
        elapsed_s = max(self._clock() - self._since_s, 1e-3)
        requests = counts.requests - before.requests
        errors = counts.errors - before.errors
        return BusStatus(
            bus=self._id,
            where=str(self._bus.line),
            load_percent=min(100.0, 100 * (counts.busy_s - before.busy_s) / elapsed_s),
            error_percent=100 * errors / requests if requests else 0.0,
            requests_per_s=requests / elapsed_s,
        )
