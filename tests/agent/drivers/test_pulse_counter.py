"""EDG-05, EDG-07: pulses become running totals, people and energy, over restarts."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.devices import build_devices
from agent.drivers.counting import CountingDriver, TotalStore
from agent.drivers.pulse_counter import PulseDriver
from agent.settings import SettingsError, load_settings
from protocols.gpio.client import GpioLine

NOON = datetime(2026, 1, 3, 4, tzinfo=UTC)
HEAD = '[agent]\nid = "store-1"\n[uplink]\nurl = "mqtt://127.0.0.1"\ngroup = "demo-1"\n'
DEVICE = '[[device]]\nid = "p"\ndriver = "pulse_counter"\nline = 17\n'


class Contact:
    line = GpioLine()

    def __init__(self, *pulses: int) -> None:
        self._pulses = list(pulses)

    def take(self) -> int:
        return self._pulses.pop(0)


def values(driver: PulseDriver | CountingDriver, polls: int) -> list[tuple[object, ...]]:
    return [tuple(r.value for r in asyncio.run(driver.read())) for _ in range(polls)]


def test_a_meter_goes_on_after_a_restart_where_it_was(tmp_path: Path) -> None:
    def start(*pulses: int) -> PulseDriver:
        store = TotalStore(tmp_path / "counters.json")
        contact = Contact(*pulses)
        return PulseDriver("m", contact, "energy_kwh", 0.001, totals=store, now=lambda: NOON)

    assert values(start(0, 250, 7), 3) == [(0.0,), (0.25,), (0.257,)]
    assert values(start(0, 1), 2) == [(0.257,), (0.258,)]


def test_a_beam_in_a_door_counts_people(tmp_path: Path) -> None:
    store = TotalStore(tmp_path / "counters.json")
    beam = PulseDriver("d", Contact(0, 4, 0), "in_total", 1, totals=store, now=lambda: NOON)
    door = CountingDriver(beam, {"in_total": 2**53}, store)
    assert values(door, 3) == [(0.0, 0.0), (4.0, 4.0), (4.0, 0.0)]
    again = PulseDriver("d", Contact(0, 2), "in_total", 1, totals=store, now=lambda: NOON)
    assert values(CountingDriver(again, {"in_total": 2**53}, store), 2) == [(4.0, 0.0), (6.0, 2.0)]


@pytest.mark.parametrize(
    ("metric", "derived"), [("in_total", "in_count"), ("energy_kwh", "demand_kw")]
)
def test_what_is_derived_of_it_is_declared(tmp_path: Path, metric: str, derived: str) -> None:
    (tmp_path / "agent.toml").write_text(f'{HEAD}{DEVICE}metric = "{metric}"\n')
    devices = build_devices(load_settings(tmp_path / "agent.toml"), folder=tmp_path)
    assert {("p", metric), ("p", derived), ("p", "online")} <= set(devices.series())


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('metric = "air_temperature_c"', "is no running total"),
        ('metric = "in_total"\nper_pulse = 2', "see count_factor"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, more: str, words: str) -> None:
    (tmp_path / "agent.toml").write_text(f"{HEAD}{DEVICE}{more}\n")
    with pytest.raises(SettingsError, match=words):
        build_devices(load_settings(tmp_path / "agent.toml"), folder=tmp_path)
