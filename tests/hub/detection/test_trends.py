"""Causes that take hours or days: each is named for what it is on machines of arrays, and a sound
machine beside it stays silent (TSD-05, ALR-05). All machines run at once, a reading each 5 minutes.
"""

from collections.abc import Callable

import numpy as np
import pytest

from hub.detection.catalog import Catalog, SeriesRow
from hub.detection.engine import Engine
from hub.detection.findings import Change, Finding, Rule
from hub.detection.readings import Readings
from hub.detection.snapshot import dump, load
from hub.detection.standing import standing
from tests.hub.simulated_store import AGENT, STORE, ZONE

TRAIN_MIN, FAULT_MIN, STEP_MIN = 15 * 1440, 4 * 1440, 5
Values = dict[str, float]
Fault = Callable[[Values, float], None]  # values, hours since it began
NOISE = np.random.default_rng(3)


def sound(values: Values, hours: float) -> None:
    """A machine without a fault."""


def loses_charge(values: Values, hours: float) -> None:
    values["suction_pressure_bar"] -= 0.02 * hours
    values["compressor_running"] = float(NOISE.random() < min(0.95, 0.55 + 0.01 * hours))


def drifts(values: Values, hours: float) -> None:
    values["control_temperature_c"] += 0.04 * hours


def is_kept_warm(values: Values, hours: float) -> None:
    values["air_temperature_c"] += 3.6


def warms(values: Values, hours: float) -> None:
    values["air_temperature_c"] += 0.5 * hours


def heats_too(values: Values, hours: float) -> None:
    values["heating_percent"] = 0.4 * values["cooling_percent"]


def clogs(values: Values, hours: float) -> None:
    if values["cooling_percent"]:
        values["supply_temperature_c"] -= 5.0


def runs_at_night(values: Values, hours: float) -> None:
    values["unit_running"] = 1.0


def burns_light(values: Values, hours: float) -> None:
    values["power_w"] += 900.0


def loses_a_phase(values: Values, hours: float) -> None:
    values["voltage_l2_v"] = 60.0


def cabinet(minute: int) -> Values:
    defrosts = minute % 360 < 15
    air = 4.0 + 3.0 * defrosts + NOISE.normal(0, 0.3)
    return {
        "air_temperature_c": air,
        "control_temperature_c": air + NOISE.normal(0, 0.1),
        "suction_pressure_bar": 2.0 + NOISE.normal(0, 0.05),
        "compressor_running": float(NOISE.random() < 0.55 and not defrosts),
        "defrost_active": float(defrosts),
    }


def air_conditioner(minute: int) -> Values:
    is_open = 480 <= minute % 1440 < 1260
    cools = float(is_open and minute % 30 < 15)
    return {
        "supply_temperature_c": 25.0 - 11.0 * cools + NOISE.normal(0, 0.3),
        "return_temperature_c": 25.0 + NOISE.normal(0, 0.2),
        "heating_percent": 0.0,
        "cooling_percent": 100.0 * cools,
        "fan_speed_percent": 60.0 * is_open,
        "unit_running": float(is_open),
    }


def meter(minute: int) -> Values:
    volts = {f"voltage_l{phase}_v": 226.0 + NOISE.normal(0, 1) for phase in (1, 2, 3)}
    return volts | {"power_w": 1800.0 + 2000.0 * (480 <= minute % 1440 < 1260)}


MACHINES: dict[str, tuple[Callable[[int], Values], Fault, Rule | None, float]] = {
    "cabinet-0": (cabinet, sound, None, 0),
    "cabinet-1": (cabinet, loses_charge, Rule.REFRIGERANT_LOW, 80),
    "cabinet-2": (cabinet, drifts, Rule.PROBE_DRIFT, 40),
    "cabinet-3": (cabinet, is_kept_warm, Rule.KINETIC_HIGH, 72),
    "cabinet-4": (cabinet, warms, Rule.LIMIT_AHEAD, 8),
    "hvac-0": (air_conditioner, sound, None, 0),
    "hvac-1": (air_conditioner, heats_too, Rule.HEAT_AND_COOL, 24),
    "hvac-2": (air_conditioner, clogs, Rule.FILTER_CLOGGED, 60),
    "hvac-3": (air_conditioner, runs_at_night, Rule.SCHEDULE_OVERRIDE, 24),
    "meter-0": (meter, sound, None, 0),
    "meter-1": (meter, burns_light, Rule.NIGHT_LOAD, 44),
    "meter-2": (meter, loses_a_phase, Rule.PHASE_LOSS, 0.5),
}
START_MS = 1_773_590_400_000  # 2026-03-16 00:00 in Shanghai
FAULT_MS = START_MS + TRAIN_MIN * 60_000


class Plant:
    """All machines before one engine; a block is an hour."""

    def __init__(self) -> None:
        names = [(name, metric) for name, one in MACHINES.items() for metric in one[0](0)]
        self.catalog = Catalog(
            SeriesRow(
                number, STORE, AGENT, name, metric, *(("cabinet", 4.0) if "cab" in name else ())
            )
            for number, (name, metric) in enumerate(names)
        )
        self.engine = Engine(self.catalog, lambda _: ZONE)
        self.minute = 0

    def run(self, minutes: int) -> list[Finding]:
        found: list[Finding] = []
        for _ in range(minutes // 60):
            looks = [self._look() for _ in range(60 // STEP_MIN)]
            size = len(looks[0])
            first = self.minute - 60
            t_ms = START_MS + 60_000 * np.repeat(np.arange(first, self.minute, STEP_MIN), size)
            series = np.tile(np.arange(size, dtype=np.int32), len(looks))
            fresh = np.ones(len(series), np.bool_)
            readings = Readings(series, t_ms, np.concatenate(looks), fresh)
            found += self.engine.apply(readings, int(t_ms[-1]) + 400)
        return found

    def _look(self) -> list[float]:
        values: list[float] = []
        hours = (self.minute - TRAIN_MIN) / 60
        for machine, fault, _, _ in MACHINES.values():
            mine = machine(self.minute)
            if hours >= 0:
                fault(mine, hours)
            values += mine.values()
        self.minute += STEP_MIN
        return values


@pytest.fixture(scope="module")
def told() -> tuple[list[Finding], list[Finding], Plant]:
    """What was found in two sound weeks, and in four days with a fault each."""
    plant = Plant()
    return plant.run(TRAIN_MIN), plant.run(FAULT_MIN), plant


def test_two_sound_weeks_are_silent(told: tuple[list[Finding], list[Finding], Plant]) -> None:
    assert told[0] == []


@pytest.mark.parametrize("name", MACHINES)
def test_each_cause_is_named(told: tuple[list[Finding], list[Finding], Plant], name: str) -> None:
    _, _, rule, hours = MACHINES[name]
    raised = [f for f in told[1] if f.source.split("/")[0] == name and f.change is Change.RAISED]
    if rule is None:
        assert raised == []
        return
    mine = [f for f in raised if f.rule is rule]
    assert mine, [f.rule for f in raised]
    assert (mine[0].at_ms - FAULT_MS) / 3_600_000 <= hours
    assert mine[0].evidence.series is not None


def test_a_forecast_says_when_the_limit_is_reached(
    told: tuple[list[Finding], list[Finding], Plant],
) -> None:
    """TSD-05: it reaches its limit in some hours, before it does."""
    mine = [f for f in told[1] if f.rule is Rule.LIMIT_AHEAD and f.source == "cabinet-4"]
    ahead = mine[0]
    begun_h = (ahead.at_ms - FAULT_MS) / 3_600_000
    assert ahead.evidence.limit == 8.0
    assert begun_h + (ahead.evidence.hours or 0) == pytest.approx(8.0, abs=2.0)


def test_what_stands_survives_a_checkpoint(
    told: tuple[list[Finding], list[Finding], Plant],
) -> None:
    """R22: trends are part of the state."""
    plant = told[2]
    again = Engine(plant.catalog, lambda _: ZONE)
    load(again, dump(plant.engine))
    assert {f.key for f in standing(again)} == {f.key for f in standing(plant.engine)}
    assert Rule.NIGHT_LOAD in {f.rule for f in standing(again)}


def test_a_machine_takes_no_more_than_its_place() -> None:
    """At most 16 KB a machine, all of it together."""
    upkeep = Plant().engine.upkeep
    minutes = sum(getattr(upkeep.minutes, name)[:1].nbytes for name in ("now", "next", "heard"))
    books = upkeep.books.itemsize + upkeep.trends.itemsize
    assert upkeep.machines.bytes_each() + minutes + books <= 16_384
