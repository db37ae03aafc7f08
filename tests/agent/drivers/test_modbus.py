"""EDG-03, EDG-07: a unit is read by its profile; what it refuses costs only its own value."""

import asyncio
from datetime import UTC, datetime

import pytest

from agent.drivers.base import PolledDriver
from agent.drivers.modbus import ModbusDriver
from protocols.errors import DeviceRefusedError, DeviceTimeoutError, ProtocolError
from protocols.modbus.codec import Block, Memory, encode
from protocols.modbus.profile import Profile, load_profile
from protocols.reading import Quality

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
VALUES: dict[str, float | None] = {
    "air_temperature_c": 4.2,
    "evaporator_temperature_c": -6.1,
    "setpoint_c": 4.0,
    "compressor_running": 1.0,
}


class FakeBus:
    """Holds one unit's memory; addresses in `refused` are not in its map."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.refused: set[int] = set()
        self.fails: dict[int, ProtocolError] = {}
        self.asked: list[tuple[int, int]] = []

    async def read(
        self, unit_id: int, span: Block, *, timeout_s: float | None = None, pause_s: float = 0.0
    ) -> list[int]:
        assert unit_id == 7
        self.asked.append((span.address, span.count))
        addresses = range(span.address, span.address + span.count)
        if error := next((self.fails[a] for a in addresses if a in self.fails), None):
            raise error
        if self.refused & set(addresses):
            raise DeviceRefusedError("illegal data address (2)", 2)
        return [self.memory[span.table].get(address, 0) for address in addresses]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def build(profile: Profile, values: dict[str, float | None]) -> tuple[PolledDriver, FakeBus, Clock]:
    bus, clock = FakeBus(encode(profile.registers, values)), Clock()
    driver = ModbusDriver("cabinet-1", bus, 7, profile, now=lambda: NOON, clock=clock)
    return driver, bus, clock


def read(driver: PolledDriver) -> dict[str, float | str | None]:
    readings = asyncio.run(driver.read())
    assert {reading.time for reading in readings} <= {NOON}
    return {r.metric: r.value for r in readings if r.quality is Quality.GOOD}


def test_a_cabinet_gives_all_its_metrics() -> None:
    driver, _bus, _clock = build(load_profile("danfoss-ekc-202b"), VALUES)
    got = read(driver)
    assert set(got) == set(driver.metrics)
    assert {name: got[name] for name in VALUES} == VALUES


def test_what_changes_seldom_is_read_seldom() -> None:
    driver, bus, clock = build(load_profile("danfoss-ekc-202b"), VALUES)
    read(driver)
    assert (2545, 1) in bus.asked
    bus.asked.clear()
    clock.now += 10
    assert "setpoint_c" not in read(driver)
    clock.now += 60
    assert "setpoint_c" in read(driver)


def test_a_refused_block_is_read_register_by_register_from_then_on() -> None:
    driver, bus, _clock = build(load_profile("danfoss-ekc-202b"), VALUES)
    bus.refused = {20004}
    readings = {r.metric: r for r in asyncio.run(driver.read())}
    assert readings["low_temperature_alarm"].quality is Quality.BAD
    assert readings["high_temperature_alarm"].quality is Quality.GOOD
    assert set(readings) == set(driver.metrics)
    bus.asked.clear()
    asyncio.run(driver.read())
    assert (20003, 3) not in bus.asked
    assert {(20003, 1), (20004, 1), (20005, 1)} <= set(bus.asked)


def test_a_unit_that_falls_silent_midway_keeps_what_it_said() -> None:
    driver, bus, _clock = build(load_profile("danfoss-ekc-202b"), VALUES)
    bus.fails = {2001: DeviceTimeoutError("silent")}
    assert set(read(driver)) == {"evaporator_temperature_c", "defrost_active"}


@pytest.mark.parametrize(
    "error", [DeviceTimeoutError("silent"), DeviceRefusedError("device failure (4)", 4)]
)
def test_a_unit_that_gives_nothing_raises(error: ProtocolError) -> None:
    driver, bus, _clock = build(load_profile("danfoss-ekc-202b"), VALUES)
    bus.fails = {1010: error}
    with pytest.raises(type(error)):
        asyncio.run(driver.read())


def test_an_energy_meter_is_one_request() -> None:
    meter = load_profile("eastron-sdm630")
    driver, bus, _clock = build(meter, {"energy_kwh": 1234.5, "power_w": 5600.0})
    got = read(driver)
    assert (got["energy_kwh"], got["power_w"]) == (1234.5, 5600.0)
    assert bus.asked == [(0, 76)]
