"""Driver of Modbus devices, RTU or TCP, described by a profile."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Protocol

from agent.drivers.base import Now
from agent.drivers.read_plan import Learned, Part, PlanStore, ReadPlan
from protocols.errors import DeviceRefusedError, DeviceTimeoutError, ProtocolError
from protocols.modbus.codec import Block, ReadCost, decode
from protocols.modbus.profile import Profile, Table
from protocols.reading import Quality, Reading

log = logging.getLogger(__name__)

TURN_S = 0.5  # of bus time; then the other devices have their turn
_NOT_IN_THE_MAP = (1, 2, 3)  # illegal function, address, value


class Bus(Protocol):
    """Who reads only, of `protocols.modbus.client.ModbusBus`."""

    async def read(
        self, unit_id: int, span: Block, *, timeout_s: float | None = None, pause_s: float = 0.0
    ) -> list[int]: ...


class DrivenBus(Bus, Protocol):
    """What the driver needs of it; `heard_ago_s` is how long ago its last byte came."""

    @property
    def heard_ago_s(self) -> float: ...

    async def write(
        self,
        unit_id: int,
        table: Table,
        address: int,
        words: Sequence[int],
        *,
        timeout_s: float | None = None,
    ) -> None: ...

    def cost(self, unit_id: int) -> ReadCost: ...


class ModbusDriver:
    """Reads one unit on `bus`; implements `PolledDriver`.

    A block that the device refuses is split, so that one register which this firmware lacks costs
    only its own value; `plans` remembers it. What the profile has to set up is written after the
    first answer and after each silence.
    """

    def __init__(
        self,
        device: str,
        bus: DrivenBus,
        unit_id: int,
        profile: Profile,
        *,
        now: Now,
        clock: Callable[[], float] = time.monotonic,
        plans: PlanStore | None = None,
    ) -> None:
        self.device = device
        self.metrics = profile.metrics
        self.is_behind = False
        self._bus = bus
        self._unit_id = unit_id
        self._profile = profile
        self._timeout_s = profile.timeout_ms / 1000 if profile.timeout_ms else None
        self._pause_s = profile.pause_ms / 1000
        self._plans = plans
        learned = plans.get(device, profile) if plans else Learned()
        self._plan = ReadPlan(profile, bus.cost(unit_id), learned)
        self._is_set_up = not profile.setup
        self._now = now
        self._clock = clock

    @property
    def plan(self) -> tuple[str, ...]:
        """The requests of one round, as learned, for people."""
        return tuple(map(str, self._plan.parts))

    @property
    def refused(self) -> list[str]:
        """Metrics that this device does not have."""
        return self._plan.refused

    async def read(self) -> list[Reading]:
        readings: list[Reading] = []
        self.is_behind, began_s = False, self._clock()
        for part in self._plan.due(began_s):
            if readings and self._clock() - began_s > TURN_S:
                self.is_behind = True
                break
            try:
                readings += await self._read(part)
            except ProtocolError as error:
                self._fell_silent(part, error)
                if not readings:
                    raise
                # It fell silent midway: what it said is kept, and the next poll finds it silent.
                break
            if not self._is_set_up:
                await self._set_up()
        self._remember()
        return readings

    async def _read(self, part: Part) -> list[Reading]:
        try:
            words = await self._bus.read(
                self._unit_id, part.block, timeout_s=self._timeout_s, pause_s=self._pause_s
            )
        except DeviceRefusedError as error:
            if error.code not in _NOT_IN_THE_MAP:
                raise
            return await self._refused(part)
        heard_ago_s = self._bus.heard_ago_s
        self._plan.answered(part, self._clock())
        return self._readings(decode(part.block, words).items(), heard_ago_s)

    async def _refused(self, part: Part) -> list[Reading]:
        if len(part.block.registers) == 1:
            self._plan.refuse(part, self._clock())
            return self._readings([(part.block.registers[0].metric, None)])
        pieces = self._plan.split(part)
        return [reading for piece in pieces for reading in await self._read(piece)]

    def _fell_silent(self, part: Part, error: ProtocolError) -> None:
        if isinstance(error, DeviceTimeoutError):
            self._plan.split_gaps(part)
            self._is_set_up = not self._profile.setup

    async def _set_up(self) -> None:
        self._is_set_up = True
        for item in self._profile.setup:
            try:
                await self._bus.write(
                    self._unit_id, item.table, item.address, item.words, timeout_s=self._timeout_s
                )
            except DeviceRefusedError as error:
                log.warning("%s refused its set-up (%s): %s", self.device, item.why, error)
            except ProtocolError:
                self._is_set_up = False
                return

    def _remember(self) -> None:
        if self._plans and self._plan.has_news:
            self._plan.has_news = False
            self._plans.put(self.device, self._profile, self._plan.learned)

    def _readings(
        self, values: Iterable[tuple[str, float | None]], heard_ago_s: float = 0.0
    ) -> list[Reading]:
        """Stamped with the last byte of the answer: where many buses answer at once, each waits
        some milliseconds for its turn."""
        now, device = self._now() - timedelta(seconds=heard_ago_s), self.device
        good, bad = Quality.GOOD, Quality.BAD
        return [
            Reading(device, metric, value, now, bad if value is None else good)
            for metric, value in values
        ]
