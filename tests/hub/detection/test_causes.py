"""Named causes of cold machines, on a simulated cabinet: found in time, and nothing else is
(TSD-05, ALR-05). The cabinet is arrays alone; what is measured on it is simulated."""

import copy
from collections.abc import Callable

import numpy as np
import pytest

from hub.detection.findings import Change, Finding, Rule
from hub.detection.snapshot import dump, load
from hub.detection.standing import standing
from tests.hub.detection.watched import START_MS, Watched

METRICS = (
    "air_temperature_c",
    "evaporator_temperature_c",
    "compressor_running",
    "fan_running",
    "defrost_active",
)
Values = dict[str, float]
Fault = Callable[[Values, int], None]


def no_fault(values: Values, minute: int) -> None:
    """A sound machine."""


class Cabinet:
    """Compressor 12 minutes of 20, a defrost of 15 minutes every 6 hours, a reading a minute."""

    def __init__(self, seed: int = 1) -> None:
        self.watched = Watched([("cabinet-1", metric) for metric in METRICS])
        self.minute = 0
        self.noise = np.random.default_rng(seed)

    def run(self, minutes: int, fault: Fault = no_fault, block: int = 60) -> list[Finding]:
        found: list[Finding] = []
        for first in range(0, minutes, block):
            readings = []
            for _ in range(min(block, minutes - first)):
                values = self.values()
                fault(values, self.minute)
                second = self.minute * 60.0
                readings += [("cabinet-1", name, second, value) for name, value in values.items()]
                self.minute += 1
            found += self.watched.say_all(readings, late_s=5)
        return found

    def values(self) -> Values:
        defrosts = self.minute % 360 < 15
        cools = self.minute % 20 < 12 and not defrosts
        air = 4.0 + (1.5 if defrosts else 0.0) + self.noise.normal(0, 0.15)
        below = 9.0 if cools else 4.0
        return {
            "air_temperature_c": air,
            "evaporator_temperature_c": 3.0 if defrosts else air - below,
            "compressor_running": float(cools),
            "fan_running": float(not defrosts),
            "defrost_active": float(defrosts),
        }


@pytest.fixture(scope="module")
def sound() -> Cabinet:
    """A cabinet after nine days in which nothing was wrong."""
    cabinet = Cabinet()
    assert cabinet.run(9 * 1440) == []
    return cabinet


def hours_to(finding: Finding, begun: int) -> float:
    return (finding.at_ms - START_MS) / 3_600_000 - begun / 60


def never_rests(values: Values, minute: int) -> None:
    values["compressor_running"] = 1.0 - values["defrost_active"]


def short_cycles(values: Values, minute: int) -> None:
    values["compressor_running"] = float(minute % 4 < 2) * (1.0 - values["defrost_active"])


def never_defrosts(values: Values, minute: int) -> None:
    if values["defrost_active"]:
        values |= {"defrost_active": 0.0, "fan_running": 1.0, "evaporator_temperature_c": -3.0}
        values["air_temperature_c"] = 4.0


def fan_stands(values: Values, minute: int) -> None:
    values["fan_running"] = 0.0


def ices(values: Values, minute: int) -> None:
    if values["compressor_running"]:
        values["evaporator_temperature_c"] -= min(12.0, (minute - 9 * 1440) / 60.0)


@pytest.mark.parametrize(
    ("fault", "rule", "hours"),
    [
        (short_cycles, Rule.SHORT_CYCLING, 4),
        (never_rests, Rule.NEVER_RESTS, 20),
        (never_defrosts, Rule.DEFROST_OVERDUE, 16),
        (fan_stands, Rule.FAN_STOPPED, 1),
        (ices, Rule.EVAPORATOR_ICED, 16),
    ],
)
def test_each_cause_is_named_and_ends_when_it_is_mended(
    sound: Cabinet, fault: Fault, rule: Rule, hours: float
) -> None:
    cabinet = copy.deepcopy(sound)
    begun = cabinet.minute
    found = cabinet.run(int(hours * 60) + 60, fault)
    named = [finding for finding in found if finding.rule is rule]
    assert [(f.change, f.source) for f in named] == [(Change.RAISED, "cabinet-1")]
    assert hours_to(named[0], begun) <= hours
    assert rule in {finding.rule for finding in standing(cabinet.watched.engine)}
    after = cabinet.run(30 * 60)
    assert [f.change for f in after if f.rule is rule] == [Change.CLEARED]
    assert {f.rule for f in found + after} <= {rule, Rule.MACHINE_UNUSUAL, Rule.NEVER_RESTS}


def test_blocks_of_any_size_and_a_restart_say_the_same(sound: Cabinet) -> None:
    """R22: the state of causes and machines is a function of the journal."""
    one, two = copy.deepcopy(sound), copy.deepcopy(sound)
    first = one.run(300, never_rests, 60)
    again = two.run(150, never_rests, 1)
    other = Watched(two.watched.names)
    load(other.engine, dump(two.watched.engine))
    two.watched = other
    again += two.run(150, never_rests, 7)
    assert first == again
    mine, theirs = one.watched.engine.upkeep, two.watched.engine.upkeep
    np.testing.assert_allclose(mine.machines.score, theirs.machines.score, atol=1e-9)
    assert mine.machines.score.max() > 0
    for name in mine.books.dtype.names or ():
        np.testing.assert_allclose(mine.books[name], theirs.books[name], atol=1e-9, err_msg=name)


def test_what_came_late_tells_nobody(sound: Cabinet) -> None:
    cabinet = copy.deepcopy(sound)
    readings = []
    for _ in range(120):
        values = cabinet.values() | {"fan_running": 0.0}
        second = cabinet.minute * 60.0
        readings += [("cabinet-1", name, second, value) for name, value in values.items()]
        cabinet.minute += 1
    assert cabinet.watched.say_all(readings, late_s=4 * 3600) == []


def test_a_machine_has_no_name_for_what_it_never_had() -> None:
    """Without a compressor's state nothing is said about compressors."""
    watched = Watched([("cabinet-1", "air_temperature_c")])
    readings = [("cabinet-1", "air_temperature_c", 60.0 * minute, 4.0) for minute in range(6000)]
    assert [f for f in watched.play(readings) if f.rule is not Rule.SENSOR_STUCK] == []
