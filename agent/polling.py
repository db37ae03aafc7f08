"""Polls buses and follows devices that speak by themselves, until it is cancelled.

One task a bus, its units in turn, each in its own interval; what is overdue is polled once, never
caught up, and critical devices first. A silent unit is probed at 0.5 → 10 s with jitter and counts
as lost after three missed polls and 3 s without an answer; the others go on.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence

from agent.bus_load import PERIOD_S, BusGauge
from agent.devices import Devices, Polled, Pushed
from agent.drivers.base import Now, utc_now
from agent.outlet import DeviceOutlet, Sink
from agent.polling_status import BusStatus, DeviceStatus, status_of
from protocols.errors import NotAskedError, ProtocolError
from protocols.mqtt.options import BackOff

log = logging.getLogger(__name__)

LOST_AFTER_MISSES = 3
LOST_AFTER_S = 3.0
FIRST_PROBE_S = 0.5
LAST_PROBE_S = 10.0
UNHEARD_S = 10.0


class _Unit:
    """One polled device: when it is due, and how often it was missed."""

    def __init__(self, polled: Polled, outlet: DeviceOutlet, due_at: float) -> None:
        self.driver = polled.driver
        self.outlet = outlet
        self.interval_s = polled.interval_s
        self.is_critical = bool(polled.rules.critical)
        self.due_at = self._beat_at = self._heard_at = due_at
        self.misses = 0

    def answered(self, now: float) -> None:
        """The next beat after now: what was missed is skipped, never caught up."""
        self.misses, self._heard_at = 0, now
        if self.driver.is_behind:
            self.due_at = now
            return
        beats = int(1 + max(0.0, now - self._beat_at) / self.interval_s)
        self._beat_at += self.interval_s * beats
        self.due_at = self._beat_at

    def missed(self, why: str, now: float, rng: random.Random) -> None:
        """Lost on two conditions: a burst of errors is as little a loss as one slow cycle."""
        pause_s = min(FIRST_PROBE_S * 2**self.misses, LAST_PROBE_S)
        self.due_at = now + pause_s * rng.uniform(1.0, 1.3)
        self.misses = min(self.misses + 1, 16)
        if self.misses >= LOST_AFTER_MISSES and now - self._heard_at >= LOST_AFTER_S:
            self.outlet.down(why)


class BusLoop:
    """The one task that asks the units of a bus."""

    def __init__(
        self, units: Sequence[_Unit], clock: Callable[[], float], rng: random.Random
    ) -> None:
        self.turned_at = clock()
        self._units = units
        self._clock = clock
        self._rng = rng

    async def run(self) -> None:
        while True:
            unit = self._next()
            self.turned_at = self._clock()
            if (wait_s := unit.due_at - self.turned_at) > 0:
                await asyncio.sleep(wait_s)
            await self.poll_once(unit)

    def _next(self) -> _Unit:
        """Who waits longest; on a bus that cannot keep up, critical devices before the others."""
        now = self._clock()
        late = [u for u in self._units if u.is_critical and now - u.due_at > u.interval_s]
        return min(late or self._units, key=_due_at)

    async def poll_once(self, unit: _Unit) -> None:
        try:
            readings = await unit.driver.read()
        except NotAskedError as error:
            unit.due_at = self._clock() + error.again_in_s
        except ProtocolError as error:
            unit.missed(str(error), self._clock(), self._rng)
        except Exception as error:  # boundary: one driver's bug must not stop the bus
            if not unit.misses:
                log.exception("The driver of %s failed.", unit.outlet.device)
            unit.missed(f"its driver failed ({error!r}).", self._clock(), self._rng)
        else:
            unit.outlet.emit(readings)
            unit.answered(self._clock())


def _due_at(unit: _Unit) -> float:
    return unit.due_at


class Poller:
    """`run` works until cancelled; readings go to `sink`, which must not block."""

    def __init__(
        self,
        devices: Devices,
        sink: Sink,
        *,
        now: Now = utc_now,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._devices = devices
        self._sink = sink
        self._now = now
        self._clock = clock
        self._rng = rng or random.Random()
        self._units: list[_Unit] = []
        self._pushed = [(pushed, self._outlet(pushed)) for pushed in devices.pushed]
        self._loops = self._bus_loops()
        self._gauges = [BusGauge(name, bus, clock) for name, bus in devices.buses.items()]

    def _bus_loops(self) -> list[BusLoop]:
        """All units of a bus start on one beat: one wake-up a round instead of one a unit."""
        now, units = self._clock(), dict[str, list[_Unit]]()
        for polled in self._devices.polled:
            unit = _Unit(polled, self._outlet(polled), now)
            self._units.append(unit)
            units.setdefault(polled.bus, []).append(unit)
        return [BusLoop(own, self._clock, self._rng) for own in units.values()]

    def _outlet(self, device: Polled | Pushed) -> DeviceOutlet:
        return DeviceOutlet(
            device.driver.device,
            device.driver.metrics,
            device.rules,
            self._sink,
            now=self._now,
        )

    def devices(self) -> list[DeviceStatus]:
        """What people ask of each device, for the page and the commands on this machine."""
        polled = [status_of(unit.outlet, unit.driver) for unit in self._units]
        return [*polled, *(status_of(outlet) for _, outlet in self._pushed)]

    def buses(self) -> list[BusStatus]:
        return [gauge.status for gauge in self._gauges]

    def idle_s(self) -> float:
        """How long the slowest bus loop has not turned: for the watchdog."""
        now = self._clock()
        return max((now - loop.turned_at for loop in self._loops), default=0.0)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number, service in enumerate(self._devices.services):
                group.create_task(_await(service), name=f"service-{number}")
            for number, loop in enumerate(self._loops):
                group.create_task(loop.run(), name=f"bus-{number}")
            for pushed, outlet in self._pushed:
                group.create_task(self._follow(pushed, outlet), name=f"listen-{outlet.device}")
            if self._gauges:
                group.create_task(self._weigh(), name="bus-load")
            await asyncio.Event().wait()  # also with no device: until cancelled

    async def _weigh(self) -> None:
        """Load and errors of each bus, once a minute."""
        while True:
            await asyncio.sleep(PERIOD_S)
            now = self._now()
            for gauge in self._gauges:
                self._sink(gauge.readings(now), urgent=False)

    async def _follow(self, pushed: Pushed, outlet: DeviceOutlet) -> None:
        unheard = asyncio.get_running_loop().call_later(UNHEARD_S, _unheard, outlet)
        back_off = BackOff(FIRST_PROBE_S, LAST_PROBE_S, self._rng)
        try:
            while True:
                await self._listen_once(pushed, outlet)
                if outlet.is_online:
                    back_off.reset()
                await asyncio.sleep(back_off.wait_s())
        finally:
            unheard.cancel()

    async def _listen_once(self, pushed: Pushed, outlet: DeviceOutlet) -> None:
        try:
            await pushed.driver.listen(outlet)
        except ProtocolError as error:
            outlet.down(str(error))
        except Exception as error:  # boundary: one driver's bug must not stop the others
            if outlet.is_online is not False:
                log.exception("The driver of %s failed.", outlet.device)
            outlet.down(f"its driver failed ({error!r}).")


async def _await(service: Callable[[], Awaitable[None]]) -> None:
    await service()


def _unheard(outlet: DeviceOutlet) -> None:
    if outlet.is_online is None:
        outlet.down(f"nothing was heard of it within {UNHEARD_S:g} s of the start.")
