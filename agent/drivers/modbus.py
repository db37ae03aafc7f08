"""Driver of Modbus devices, RTU or TCP, described by a profile."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from agent.drivers.base import Now
from protocols.errors import DeviceRefusedError, ProtocolError
from protocols.modbus.codec import Block, decode, plan
from protocols.modbus.profile import Profile
from protocols.reading import Quality, Reading

_NOT_IN_THE_MAP = (1, 2, 3)  # illegal function, address, value


class Bus(Protocol):
    """What the driver needs of `protocols.modbus.client.ModbusBus`."""

    async def read(
        self, unit_id: int, span: Block, *, timeout_s: float | None = None, pause_s: float = 0.0
    ) -> list[int]: ...


@dataclass(slots=True, eq=False)
class _Part:
    """One request of the device and when it was last answered, by the monotonic clock."""

    block: Block
    read_at: float = -math.inf


class ModbusDriver:
    """Reads one unit on `bus`; implements `PolledDriver`.

    A block that the device refuses is asked register by register from then on, so that one
    register which this firmware lacks costs only its own value.
    """

    def __init__(
        self,
        device: str,
        bus: Bus,
        unit_id: int,
        profile: Profile,
        *,
        now: Now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self.metrics = profile.metrics
        self._bus = bus
        self._unit_id = unit_id
        self._timeout_s = profile.timeout_ms / 1000 if profile.timeout_ms else None
        self._pause_s = profile.pause_ms / 1000
        self._parts = [_Part(block) for block in plan(profile)]
        self._now = now
        self._clock = clock

    async def read(self) -> list[Reading]:
        readings: list[Reading] = []
        for part in self._due():
            try:
                readings += await self._read(part)
            except ProtocolError:
                if not readings:
                    raise
                # It fell silent midway: what it said is kept, and the next poll finds it silent.
                break
        return readings

    def _due(self) -> list[_Part]:
        """At least one part, so that every poll tells whether the device is there."""
        now = self._clock()
        due = [part for part in self._parts if now - part.read_at >= part.block.period_s]
        return due or self._parts[:1]

    async def _read(self, part: _Part) -> list[Reading]:
        try:
            words = await self._bus.read(
                self._unit_id, part.block, timeout_s=self._timeout_s, pause_s=self._pause_s
            )
        except DeviceRefusedError as error:
            if error.code not in _NOT_IN_THE_MAP:
                raise
            return await self._refused(part)
        part.read_at = self._clock()
        return self._readings(decode(part.block, words).items())

    async def _refused(self, part: _Part) -> list[Reading]:
        if len(part.block.registers) == 1:
            part.read_at = self._clock()
            return self._readings([(part.block.registers[0].metric, None)])
        at = self._parts.index(part)
        singles = [_Part(block) for block in part.block.split()]
        self._parts[at : at + 1] = singles
        return [reading for single in singles for reading in await self._read(single)]

    def _readings(self, values: Iterable[tuple[str, float | None]]) -> list[Reading]:
        now, device = self._now(), self.device
        return [
            Reading(device, metric, value, now, Quality.BAD if value is None else Quality.GOOD)
            for metric, value in values
        ]
