"""Watches critical limits on the Pi itself, and warns in the shop while the hub is out of reach."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from agent.outlet import Sink
from protocols.errors import ProtocolError
from protocols.limits import Limit, LimitState, step
from protocols.modbus.profile import Table
from protocols.reading import Reading

log = logging.getLogger(__name__)

METRIC = "local_alarm_active"
DEFROST = "defrost_active"
AWAY_S = 60.0  # the hub is out of reach after so long without a connection
REFRESH_S = 30.0  # an output is set again: a relay that lost power comes back as it was
LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Watched:
    """One limit of one device; `rests_in_defrost` as the hub does it for cabinets."""

    device: str
    metric: str
    limit: Limit
    rests_in_defrost: bool = True


@dataclass(frozen=True, slots=True)
class LocalAlarm:
    """For the page in the shop: what is beyond its limit, since when, and what it says now."""

    device: str
    metric: str
    limit: Limit
    since: datetime
    value: float


class Output(Protocol):
    """What warns people: a relay."""

    async def set(self, *, is_on: bool) -> None:
        """Raises ProtocolError."""
        ...


class ModbusRelay:
    """A coil of a relay module on a bus of the store; implements `Output`."""

    def __init__(self, bus: "WritingBus", unit_id: int, address: int) -> None:
        self._bus, self._unit_id, self._address = bus, unit_id, address

    async def set(self, *, is_on: bool) -> None:
        await self._bus.write(self._unit_id, Table.COIL, self._address, (int(is_on),))


class WritingBus(Protocol):
    """What a relay needs of `protocols.modbus.client.ModbusBus`."""

    async def write(
        self, unit_id: int, table: Table, address: int, words: Sequence[int]
    ) -> None: ...


@dataclass(slots=True)
class _Watch:
    watched: Watched
    state: LimitState = field(default_factory=LimitState)
    last: Reading | None = None
    since: datetime | None = None

    def take(self, reading: Reading, *, is_defrosting: bool) -> None:
        value = reading.value
        if not isinstance(value, int | float):
            return
        dt_s = (reading.time - self.last.time).total_seconds() if self.last else 0.0
        rests = is_defrosting and self.watched.rests_in_defrost
        limit, was_active = self.watched.limit, self.state.is_active
        self.state = step(limit, self.state, float(value), max(dt_s, 0.0), rests=rests)
        self.last = reading
        if not self.state.is_active:
            self.since = None
        elif not was_active:
            self.since = reading.time


class Guard:
    """Between poller and outbox: passes every reading on and looks at it; implements `Sink`."""

    def __init__(
        self,
        watched: Iterable[Watched],
        sink: Sink,
        is_connected: Callable[[], bool],
        output: Output | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watches: dict[tuple[str, str], list[_Watch]] = {}
        for item in watched:
            self._watches.setdefault((item.device, item.metric), []).append(_Watch(item))
        self._devices = {device for device, _ in self._watches}
        self._defrosting: set[str] = set()
        self._told: dict[str, bool] = {}
        self._sink, self._is_connected, self._output = sink, is_connected, output
        self._clock = clock
        self._connected_s = clock()
        self._set: tuple[bool, float] | None = None
        self._trouble = ""

    def series(self) -> list[tuple[str, str]]:
        """What it says itself, for the birth: the hub later sees what happened."""
        return [(device, METRIC) for device in sorted(self._devices)]

    def alarms(self) -> list[LocalAlarm]:
        return [
            LocalAlarm(
                w.watched.device, w.watched.metric, w.watched.limit, w.since, float(w.last.value)
            )
            for watches in self._watches.values()
            for w in watches
            if w.since and w.last and isinstance(w.last.value, int | float)
        ]

    @property
    def is_hub_away(self) -> bool:
        return self._clock() - self._connected_s > AWAY_S

    def __call__(self, readings: Sequence[Reading], *, urgent: bool) -> None:
        self._sink(readings, urgent=urgent)
        for reading in readings:
            if reading.device in self._devices:
                self._look(reading)

    def _look(self, reading: Reading) -> None:
        device = reading.device
        if reading.metric == DEFROST:
            known = self._defrosting
            (known.add if reading.value == 1 else known.discard)(device)
        for watch in self._watches.get((device, reading.metric), ()):
            watch.take(reading, is_defrosting=device in self._defrosting)
            self._tell(device, reading.time)

    def _tell(self, device: str, at: datetime) -> None:
        is_active = any(
            watch.state.is_active
            for (owner, _), watches in self._watches.items()
            if owner == device
            for watch in watches
        )
        if self._told.get(device) is not is_active:
            self._told[device] = is_active
            self._sink([Reading(device, METRIC, float(is_active), at)], urgent=True)

    async def run(self) -> None:
        """Keeps the output as it has to be; without one only the time of the last connection."""
        while True:
            await self.turn()
            await asyncio.sleep(LOOK_S)

    async def turn(self) -> None:
        now = self._clock()
        if self._is_connected():
            self._connected_s = now
        if self._output is None:
            return
        is_on = self.is_hub_away and any(self._told.values())
        if self._set and self._set[0] is is_on and now - self._set[1] < REFRESH_S:
            return
        try:
            await self._output.set(is_on=is_on)
        except ProtocolError as error:
            if self._trouble != (trouble := str(error)):
                log.error("The warning output cannot be set: %s", trouble)
                self._trouble = trouble
            return
        if self._set is None or self._set[0] is not is_on:
            log.warning("The warning output is %s.", "on" if is_on else "off")
        self._set, self._trouble = (is_on, now), ""
