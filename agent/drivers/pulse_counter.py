"""Driver of a contact that pulses: a meter's S0 output, a door beam, a water meter on a GPIO line.

Polled like any other, so that totals of a door become people and those of a meter mean power.
"""

from typing import Protocol

from agent.drivers.base import Now
from agent.drivers.counting import COUNTS, TotalStore
from protocols.footfall.codec import Total
from protocols.gpio.client import GpioLine
from protocols.reading import Reading


class Pulses(Protocol):
    """What the driver needs of `protocols.gpio.client.PulseCounter`."""

    line: GpioLine

    def take(self) -> int: ...


class PulseDriver:
    """One running total; implements `PolledDriver`.

    It goes on after a restart where it was; what pulses while the agent does not run is missed.
    """

    is_behind = False
    refused = ()

    def __init__(
        self,
        device: str,
        pulses: Pulses,
        metric: str,
        per_pulse: float,
        *,
        totals: TotalStore,
        now: Now,
    ) -> None:
        self.device, self.metrics = device, (metric,)
        self.plan = (str(pulses.line),)
        self._pulses, self._metric, self._per_pulse = pulses, metric, per_pulse
        self._store, self._now = totals, now
        self._total: int | None = None

    async def read(self) -> list[Reading]:
        pulses, now = self._pulses.take(), self._now()
        if self._total is None:  # not sooner: the outbox may know better than the file
            before = self._store.get(self.device, self._metric)
            self._total = before.value if before else 0
        self._total += pulses
        if self._metric not in COUNTS:  # those are kept by who counts people
            self._store.put(self.device, {self._metric: Total(self._total, now.timestamp())})
        value = round(self._total * self._per_pulse, 6)
        return [Reading(self.device, self._metric, value, now)]
