"""EDG-03, EDG-07: a unit is read by its profile; what it refuses costs only its own value."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.drivers.base import PolledDriver
from agent.drivers.modbus import ModbusDriver
from agent.drivers.read_plan import Learned, PlanStore
from protocols.errors import DeviceRefusedError, DeviceTimeoutError, ProtocolError
from protocols.modbus.codec import Block, Memory, ReadCost, encode
from protocols.modbus.profile import Profile, Table, load_profile
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
        self.written: list[tuple[int, ...]] = []

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

    async def write(
        self,
        unit_id: int,
        table: Table,
        address: int,
        words: Sequence[int],
        *,
        timeout_s: float | None = None,
    ) -> None:
        self.written.append((address, *words))

    heard_ago_s = 0.0

    def cost(self, unit_id: int) -> ReadCost:
        return ReadCost(char_s=11 / 9600, turnaround_s=0.015)


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


def test_a_reading_is_stamped_with_the_end_of_the_bus_read() -> None:
    """EDG-02: not with the moment at which the agent came to it."""
    driver, bus, _clock = build(load_profile("danfoss-ekc-202b"), VALUES)
    bus.heard_ago_s = 0.25
    readings = asyncio.run(driver.read())
    assert {NOON - reading.time for reading in readings} == {timedelta(seconds=0.25)}


def test_what_changes_seldom_is_read_seldom() -> None:
    driver, bus, clock = build(load_profile("danfoss-ekc-202b"), VALUES)
    read(driver)
    assert (2545, 1) in bus.asked
    bus.asked.clear()
    clock.now += 10
    assert "setpoint_c" not in read(driver)
    clock.now += 60
    assert "setpoint_c" in read(driver)


def test_a_refused_block_is_split_until_only_what_is_missing_is_left_out() -> None:
    driver, bus, clock = build(load_profile("danfoss-ekc-202b"), VALUES)
    bus.refused = {20004}
    readings = {r.metric: r for r in asyncio.run(driver.read())}
    assert readings["low_temperature_alarm"].quality is Quality.BAD
    assert readings["high_temperature_alarm"].quality is Quality.GOOD
    assert set(readings) == set(driver.metrics)
    bus.asked.clear()
    clock.now += 10
    asyncio.run(driver.read())
    assert (20003, 3) not in bus.asked
    assert {(20003, 1), (20005, 1)} <= set(bus.asked)
    assert (20004, 1) not in bus.asked
    assert driver.refused == ["low_temperature_alarm"]
    assert any("20004 (refused)" in request for request in driver.plan)
    clock.now += 3601
    asyncio.run(driver.read())
    assert (20004, 1) in bus.asked  # a new firmware may have it


def gappy(**more: object) -> Profile:
    names = ("power_w", "current_l1_a", "energy_kwh", "frequency_hz")
    rows = [
        {"metric": name, "table": "input_register", "address": address}
        for name, address in zip(names, (0, 1, 5, 40), strict=True)
    ]
    head = {"vendor": "V", "model": "M", "source": "made for a test", "confidence": "untested"}
    return Profile.model_validate({**head, "registers": rows, **more})


def test_reads_are_merged_where_a_gap_is_cheaper_than_a_request() -> None:
    driver, bus, _clock = build(gappy(), {"power_w": 5.0, "frequency_hz": 50.0})
    assert read(driver)["frequency_hz"] == 50.0
    assert bus.asked == [(0, 6), (40, 1)]
    strict, bus, _clock = build(gappy(max_gap=0), {"power_w": 5.0})
    read(strict)
    assert bus.asked == [(0, 2), (5, 1), (40, 1)]


def test_what_a_device_taught_is_known_after_a_restart(tmp_path: Path) -> None:
    plans = PlanStore(tmp_path / "plans.json")
    for start in range(2):
        bus = FakeBus(encode(gappy().registers, {"power_w": 5.0}))
        bus.refused = {3, 40}
        driver = ModbusDriver("m", bus, 7, gappy(), now=lambda: NOON, plans=plans)
        asyncio.run(driver.read())
        refusals = [ask for ask in bus.asked if bus.refused & set(range(ask[0], sum(ask)))]
        assert len(refusals) == (1 if start else 2)  # what is missing is asked once a start
        plans = PlanStore(tmp_path / "plans.json")
    assert driver.plan == (
        "input_register 0–1",
        "input_register 5",
        "input_register 40 (refused)",
    )
    other = ModbusDriver("m", bus, 7, gappy(max_words=4), now=lambda: NOON, plans=plans)
    assert other.refused == []  # another register map: nothing of it is known


def test_a_torn_plan_is_learned_again(tmp_path: Path) -> None:
    (tmp_path / "plans.json").write_text('{"m": {"profile')
    assert PlanStore(tmp_path / "plans.json").get("m", gappy()) == Learned()


def test_a_device_that_says_nothing_to_a_gap_is_asked_without_it() -> None:
    driver, bus, _clock = build(gappy(), {"power_w": 5.0})
    bus.fails = {3: DeviceTimeoutError("silent")}
    with pytest.raises(DeviceTimeoutError):
        asyncio.run(driver.read())
    assert read(driver)["power_w"] == 5.0


def test_a_long_turn_is_cut_and_goes_on_where_it_ended() -> None:
    driver, bus, clock = build(gappy(max_gap=0), {"power_w": 5.0})
    plain = bus.read

    async def slow(unit_id: int, span: Block, **rest: float | None) -> list[int]:
        clock.now += 0.4
        return await plain(unit_id, span)

    bus.read = slow  # type: ignore[method-assign]
    asyncio.run(driver.read())
    assert driver.is_behind
    asyncio.run(driver.read())
    assert [address for address, _ in bus.asked][:3] == [0, 5, 40]


def test_the_set_up_is_written_after_the_first_answer_and_after_each_silence() -> None:
    setup = [{"table": "coil", "address": 9, "words": [1], "why": "starts counting"}]
    driver, bus, _clock = build(gappy(setup=setup), {"power_w": 5.0})
    read(driver)
    read(driver)
    assert bus.written == [(9, 1)]
    bus.fails = {0: DeviceTimeoutError("silent")}
    with pytest.raises(DeviceTimeoutError):
        asyncio.run(driver.read())
    bus.fails = {}
    read(driver)
    assert bus.written == [(9, 1), (9, 1)]


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
