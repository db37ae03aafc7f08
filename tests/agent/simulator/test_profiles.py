"""EDG-03: of every profile a simulated device is made; the agent reads each point as it was set."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from agent.drivers.modbus import ModbusDriver
from agent.simulator.modbus import Units
from protocols.errors import DeviceRefusedError
from protocols.modbus.codec import Block, Memory, ReadCost, encode
from protocols.modbus.profile import DataType, Profile, Register, Table, load_profile, profile_names

FUNCTIONS = {
    Table.COIL: 1,
    Table.DISCRETE_INPUT: 2,
    Table.HOLDING_REGISTER: 3,
    Table.INPUT_REGISTER: 4,
}
FLOATS = (DataType.FLOAT32, DataType.FLOAT64)


class SimulatedBus:
    """Requests and answers as bytes, by the simulator; the map's holes are refused."""

    def __init__(self, memory: Memory) -> None:
        self._units = Units({1: lambda: memory}, {})
        self.refused = 0

    async def read(
        self, unit_id: int, span: Block, *, timeout_s: float | None = None, pause_s: float = 0.0
    ) -> list[int]:
        function = FUNCTIONS[span.table]
        request = (
            bytes((function,)) + span.address.to_bytes(2, "big") + span.count.to_bytes(2, "big")
        )
        reply = self._units.reply(unit_id, request)
        assert reply is not None
        if reply[0] & 0x80:
            self.refused += 1
            raise DeviceRefusedError("refused", reply[1])
        data = reply[2:]
        if span.table.is_bits:
            return [data[at // 8] >> at % 8 & 1 for at in range(span.count)]
        return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]

    async def write(
        self,
        unit_id: int,
        table: Table,
        address: int,
        words: Sequence[int],
        *,
        timeout_s: float | None = None,
    ) -> None:
        """The simulated devices need no set-up."""

    heard_ago_s = 0.0

    def cost(self, unit_id: int) -> ReadCost:
        return ReadCost(char_s=11 / 9600, turnaround_s=0.02)


def raw_values(register: Register) -> Iterator[float]:
    """A small, a middle and a big raw number of the type."""
    if register.type in (DataType.BOOL, DataType.BIT):
        yield from (0.0, 1.0, float((1 << register.bits) - 1 if not register.signed else 0))
    elif register.type in FLOATS:
        yield from (0.0, -1.5, 230.25)
    else:
        bits = 16 * register.type.words
        is_signed = not register.type.value.startswith("u")
        top = min((1 << (bits - is_signed)) - 2, 1 << 52)
        yield from (1.0, float(top // 3), float(top))


def settings_of(profile: Profile) -> Iterator[dict[str, float | None]]:
    """Three states of the whole device, no value of which means "no value"."""
    for at in range(3):
        values: dict[str, float | None] = {}
        for register in profile.registers:
            raw = list(raw_values(register))[at]
            if raw in register.invalid:
                raw = 2.0
            values[register.metric] = raw * register.scale + register.offset
        yield values


@pytest.mark.parametrize("name", profile_names())
def test_every_point_of_a_simulated_device_comes_back(name: str) -> None:
    profile = load_profile(name)
    for values in settings_of(profile):
        bus = SimulatedBus(encode(profile.registers, values))
        now = datetime.now(UTC)
        driver = ModbusDriver("d", bus, 1, profile, now=lambda at=now: at)  # type: ignore[misc]
        first = asyncio.run(driver.read())
        got = {reading.metric: reading.value for reading in first}
        assert set(got) == set(values)
        for metric, value in values.items():
            seen = got[metric]
            assert isinstance(seen, float), metric
            assert math.isclose(seen, value or 0.0, rel_tol=1e-6, abs_tol=1e-9), metric
        assert driver.refused == []
        refused = bus.refused
        asyncio.run(driver.read())
        assert bus.refused == refused, "the plan was not learned"
