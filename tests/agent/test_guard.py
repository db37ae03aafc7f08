"""Alone in the store: limits are watched on the Pi, and a relay warns while the hub is away."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from agent.guard import METRIC, Guard, ModbusRelay, Watched
from protocols.errors import DeviceTimeoutError
from protocols.limits import Limit
from protocols.modbus.profile import Table
from protocols.reading import Quality, Reading

NOON = datetime(2026, 11, 9, 12, tzinfo=UTC)
AIR = Watched("cabinet-1", "air_temperature_c", Limit(8.0, hold_s=600, clear_s=60, hysteresis=1.0))


class Relay:
    def __init__(self) -> None:
        self.heard: list[bool] = []
        self.is_broken = False

    async def set(self, *, is_on: bool) -> None:
        if self.is_broken:
            raise DeviceTimeoutError("Unit 9 did not answer.")
        self.heard.append(is_on)


class Shop:
    def __init__(self) -> None:
        self.taken: list[Reading] = []
        self.is_connected, self.second = True, 0
        self.relay = Relay()
        self.guard = Guard(
            [AIR], self.take, lambda: self.is_connected, self.relay, clock=lambda: self.second
        )

    def take(self, readings: Sequence[Reading], *, urgent: bool) -> None:
        assert urgent == (readings[0].metric == METRIC)
        self.taken += readings

    def say(self, value: float | None, metric: str = "air_temperature_c") -> None:
        at = NOON + timedelta(seconds=self.second)
        quality = Quality.GOOD if value is not None else Quality.BAD
        self.guard([Reading("cabinet-1", metric, value, at, quality)], urgent=False)

    def minutes(self, count: int, value: float) -> None:
        for _ in range(count):
            self.second += 60
            self.say(value)
            asyncio.run(self.guard.turn())

    @property
    def told(self) -> list[float | str | None]:
        return [r.value for r in self.taken if r.metric == METRIC]


def test_an_alarm_is_told_and_the_relay_is_silent_while_the_hub_is_there() -> None:
    shop = Shop()
    shop.minutes(12, 9.0)
    assert shop.told == [0.0, 1.0]
    (alarm,) = shop.guard.alarms()
    assert (alarm.device, alarm.value) == ("cabinet-1", 9.0)
    assert set(shop.relay.heard) == {False}


def test_without_the_hub_the_relay_warns_and_ends_with_the_alarm() -> None:
    shop = Shop()
    shop.minutes(2, 5.0)
    shop.is_connected = False
    shop.minutes(12, 9.0)
    assert shop.relay.heard[-1] is True
    shop.minutes(3, 5.0)
    assert shop.relay.heard[-1] is False
    assert shop.told == [0.0, 1.0, 0.0]
    assert shop.guard.alarms() == []


def test_the_relay_falls_silent_when_the_hub_is_back() -> None:
    shop = Shop()
    shop.is_connected = False
    shop.minutes(12, 9.0)
    assert shop.relay.heard[-1] is True
    shop.is_connected = True
    shop.minutes(1, 9.0)
    assert shop.relay.heard[-1] is False


def test_a_defrost_is_no_alarm_and_a_lost_probe_changes_nothing() -> None:
    shop = Shop()
    shop.say(1.0, "defrost_active")
    shop.minutes(12, 9.0)
    assert shop.told == [0.0]
    shop.say(0.0, "defrost_active")
    shop.say(None)
    shop.minutes(12, 9.0)
    assert shop.told == [0.0, 1.0]


def test_a_relay_that_does_not_answer_is_logged_once_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shop = Shop()
    shop.relay.is_broken, shop.is_connected = True, False
    shop.minutes(12, 9.0)
    assert len([m for m in caplog.messages if "cannot be set" in m]) == 1
    shop.relay.is_broken = False
    shop.minutes(1, 9.0)
    assert shop.relay.heard == [True]


def test_a_relay_is_a_coil() -> None:
    written: list[tuple[int, Table, int, Sequence[int]]] = []

    class Bus:
        async def write(
            self, unit_id: int, table: Table, address: int, words: Sequence[int]
        ) -> None:
            written.append((unit_id, table, address, words))

    asyncio.run(ModbusRelay(Bus(), 9, 3).set(is_on=True))
    assert written == [(9, Table.COIL, 3, (1,))]
