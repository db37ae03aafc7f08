"""Limits, states and stand-still of a machine: duration, hysteresis, defrosts (ALR-13, R25)."""

import math
import random

import numpy as np

from hub.detection.defaults import Override, limits_for, overridden
from hub.detection.findings import Change, Rule, Severity
from tests.hub.detection.watched import Watched

HOUR, DAY = 3600.0, 86_400.0
AIR = ("cabinet-1", "air_temperature_c")
DEFROST = ("cabinet-1", "defrost_active")
DOOR = ("cabinet-1", "door_open")
ALARM = ("cabinet-1", "alarm_active")
VOLTAGE = ("meter-1", "voltage_l1_v")


def level(degrees: float, start: float, end: float) -> list[tuple[str, str, float, float]]:
    """Air at about these degrees, a reading a minute."""
    rng = random.Random(int(start) + 1)
    seconds = range(int(start), int(end), 60)
    return [(*AIR, float(second), degrees + rng.gauss(0, 0.2)) for second in seconds]


def changes(watched: Watched) -> list[Change]:
    return [finding.change for finding in watched.found]


def test_over_the_limit_counts_after_its_time_and_not_before() -> None:
    store = Watched([AIR])
    store.hold(*AIR, (0, 600, 10), 4.0)
    assert store.hold(*AIR, (600, 600 + 1790, 10), 9.0) == []
    (found,) = store.hold(*AIR, (600 + 1790, 600 + 1900, 10), 9.0)
    assert (found.change, found.rule, found.severity) == (
        Change.RAISED,
        Rule.TEMPERATURE_HIGH,
        Severity.HIGH,
    )
    assert found.at_ms - found.since_ms == 1_800_000
    assert (found.evidence.value, found.evidence.limit) == (9.0, 8.0)


def test_it_is_over_only_after_ten_minutes_below_the_hysteresis() -> None:
    store = Watched([AIR])
    store.hold(*AIR, (0, 3000, 10), 9.0)
    assert store.hold(*AIR, (3000, 4000, 10), 7.5) == []  # below the limit, within the hysteresis
    assert store.hold(*AIR, (4000, 4590, 10), 4.0) == []
    (found,) = store.hold(*AIR, (4590, 4700, 10), 4.0)
    assert (found.change, found.rule) == (Change.CLEARED, Rule.TEMPERATURE_HIGH)


def test_much_over_the_limit_steps_the_same_finding_up() -> None:
    store = Watched([AIR])
    store.hold(*AIR, (0, 2000, 10), 9.0)
    store.hold(*AIR, (2000, 3000, 10), 14.0)
    assert [(f.change, f.severity) for f in store.found] == [
        (Change.RAISED, Severity.HIGH),
        (Change.STEPPED, Severity.CRITICAL),
    ]
    assert len({finding.key for finding in store.found}) == 1
    assert len({finding.since_ms for finding in store.found}) == 1


def test_less_over_the_limit_steps_it_down_again() -> None:
    """ALR-02, ALR-13: only after its time below the worse limit, and it is the same finding."""
    store = Watched([AIR])
    store.hold(*AIR, (0, 3000, 10), 14.0)
    assert store.found[-1].severity == Severity.CRITICAL
    assert store.hold(*AIR, (3000, 3590, 10), 9.0) == []
    (better,) = store.hold(*AIR, (3590, 5000, 10), 9.0)
    assert (better.change, better.severity) == (Change.STEPPED, Severity.HIGH)
    assert better.evidence.limit == 8.0
    (over,) = store.hold(*AIR, (5000, 6000, 10), 4.0)
    assert (over.change, over.severity) == (Change.CLEARED, Severity.HIGH)
    assert len({finding.key for finding in store.found}) == 1


def test_a_chain_sets_limits_of_its_own() -> None:
    """ALR-08: absolute, with its own times; what it says nothing of stays as it was built in."""
    cabinet = limits_for("air_temperature_c", "cabinet", 4.0)
    given = Override(high=6.0, hold_s=300.0)
    store = Watched([AIR], override=given)
    store.hold(*AIR, (0, 290, 10), 7.0)
    assert store.found == []
    store.hold(*AIR, (290, 400, 10), 7.0)
    assert [f.evidence.limit for f in store.found if f.evidence.trigger == "above-limit"] == [6.0]
    own = overridden(cabinet, 4.0, given)
    assert (own.high, own.critical, own.low, own.is_relative) == (6.0, 12.0, -0.5, False)
    off = overridden(cabinet, 4.0, Override(is_off=True))
    assert np.isnan([off.high, off.critical, off.low]).all()
    power = overridden(limits_for("power_w", None, None), None, Override(high=8000.0))
    assert power.high == 8000.0


def test_an_hour_of_fluttering_is_one_finding() -> None:
    """R25: a 1 Hz square wave around the limit for an hour, then calm."""
    store = Watched([VOLTAGE])
    wave = [(*VOLTAGE, float(second), 257.0 if second % 2 else 245.0) for second in range(3600)]
    store.play(wave)
    assert changes(store) == []  # each second over is taken back by one below: never held
    rng = random.Random(1)
    store.play([(*VOLTAGE, float(s), 254.0 + rng.gauss(0, 1.0)) for s in range(3600, 7200)])
    assert changes(store) == [Change.RAISED]
    store.hold(*VOLTAGE, (7200, 9000, 10), 230.0)
    assert changes(store) == [Change.RAISED, Change.CLEARED]


def test_fifty_fluttering_sensors_notify_twice_at_most() -> None:
    names = [(f"meter-{n}", "voltage_l1_v") for n in range(50)]
    store = Watched(names)
    noisy = random.Random(2)
    for second in range(0, 3600, 2):
        store.say_all([(*name, float(second), 253.0 + noisy.uniform(-4, 5)) for name in names])
    told: dict[str, int] = {}
    for finding in store.found:
        told[finding.source] = told.get(finding.source, 0) + 1
    assert told
    assert max(told.values()) <= 2


def test_a_defrost_is_no_alarm() -> None:
    store = Watched([AIR, DEFROST])
    story: list[tuple[str, str, float, float]] = []
    for second in range(0, 3 * 86_400, 60):
        into = second % 21_600
        warm = 9.5 * max(0.0, math.sin(math.pi * into / 4500)) if into < 4500 else 0.0
        story.append((*DEFROST, float(second), 1.0 if into < 1800 else 0.0))
        story.append((*AIR, float(second), 4.0 + warm))
    store.play(story)
    assert store.found == []


def test_a_defrost_warmer_than_any_before_is_not_excused() -> None:
    store = Watched([AIR, DEFROST])
    story: list[tuple[str, str, float, float]] = []
    for second in range(0, 2 * 86_400, 60):
        state, warm = (1.0, 4.0) if second % 21_600 < 1800 else (0.0, 0.0)
        story += [(*DEFROST, float(second), state), (*AIR, float(second), 4.0 + warm)]
    store.play(story)
    assert store.found == []
    for second in range(2 * 86_400, 2 * 86_400 + 1800, 60):
        store.say_all([(*DEFROST, second, 1.0), (*AIR, second, 15.0)])
    assert [(f.rule, f.severity) for f in store.found][-1] == (
        Rule.TEMPERATURE_HIGH,
        Severity.CRITICAL,
    )


def test_an_open_door_is_told_after_ten_minutes_and_ends_when_it_closes() -> None:
    store = Watched([DOOR])
    assert store.hold(*DOOR, (0, 599, 5), 1.0) == []
    (found,) = store.hold(*DOOR, (600, 700, 5), 1.0)
    assert (found.rule, found.source) == (Rule.DOOR_OPEN, "cabinet-1/door_open")
    assert store.hold(*DOOR, (700, 760, 5), 0.0) == []
    (found,) = store.hold(*DOOR, (760, 800, 5), 0.0)
    assert found.change is Change.CLEARED


def test_a_door_that_customers_open_is_no_open_door() -> None:
    store = Watched([DOOR])
    for second in range(0, 4 * 3600, 10):
        store.say(*DOOR, second, 1.0 if second % 60 < 20 else 0.0)
    assert store.found == []


def test_the_devices_own_alarm_is_passed_on() -> None:
    store = Watched([ALARM])
    (found,) = store.hold(*ALARM, (0, 200, 10), 1.0)
    assert (found.rule, found.severity) == (Rule.DEVICE_ALARM, Severity.HIGH)


def test_a_reading_that_stands_still_is_noticed_when_others_of_its_kind_move() -> None:
    store = Watched([AIR])
    store.play(level(4.0, 0, DAY))
    assert store.found == []
    store.hold(*AIR, (DAY, DAY + 1.9 * HOUR, 60), 4.2)
    assert store.found == []
    (found,) = store.hold(*AIR, (DAY + 1.9 * HOUR, DAY + 2.1 * HOUR, 60), 4.2)
    assert found.rule is Rule.SENSOR_STUCK
    store.play(level(4.0, DAY + 2.1 * HOUR, DAY + 2.2 * HOUR))
    assert changes(store) == [Change.RAISED, Change.CLEARED]


def test_a_level_that_shifts_is_noticed_long_before_the_limit() -> None:
    store = Watched([AIR])
    store.play(level(4.0, 0, DAY))
    store.play(level(6.5, DAY, DAY + HOUR))  # the limit is 8 °C
    assert [(f.rule, f.severity, f.evidence.trigger) for f in store.found] == [
        (Rule.TEMPERATURE_HIGH, Severity.MEDIUM, "shift-up")
    ]


def test_a_new_setting_becomes_normal_after_a_day() -> None:
    store = Watched([AIR])
    store.play(level(4.0, 0, DAY))
    store.play(level(6.5, DAY, 2.2 * DAY))
    assert changes(store) == [Change.RAISED, Change.CLEARED]


def test_windows_are_seconds_not_samples() -> None:
    fast, slow = Watched([AIR]), Watched([AIR])
    (quick,) = fast.hold(*AIR, (0, 2400, 1), 9.0)
    (rare,) = slow.hold(*AIR, (0, 2400, 60), 9.0)
    assert abs(quick.at_ms - rare.at_ms) <= 60_000


def test_a_gap_is_no_evidence() -> None:
    store = Watched([AIR])
    store.hold(*AIR, (0, 600, 10), 9.0)
    assert store.say(*AIR, 600 + 2 * HOUR, 9.0) == []
    assert store.hold(*AIR, (610 + 2 * HOUR, 600 + 2 * HOUR + 1100, 10), 9.0) == []
