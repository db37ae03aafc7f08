"""EDG-01: a device is lost once and found once, and says what is news."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from agent.outlet import DeviceOutlet, OutletRules
from protocols.reading import Quality, Reading

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MS = timedelta(milliseconds=1)
METRICS = ("air_temperature_c", "door_open", "in_count", "ticket")


class Store:
    def __init__(self) -> None:
        self.batches: list[tuple[list[Reading], bool]] = []
        self.now = NOON
        self.outlet = DeviceOutlet(
            "cabinet-1",
            METRICS,
            OutletRules(frozenset({"air_temperature_c"})),
            self.take,
            now=lambda: self.now,
        )

    def take(self, readings: Sequence[Reading], *, urgent: bool) -> None:
        self.batches.append((list(readings), urgent))

    def door(self, value: float, time: datetime) -> list[Reading]:
        return [Reading("cabinet-1", "door_open", value, time)]

    @property
    def last(self) -> list[tuple[str, object, datetime, Quality]]:
        return [(r.metric, r.value, r.time, r.quality) for r in self.batches[-1][0]]


def test_the_first_reading_says_that_the_device_is_there() -> None:
    store = Store()
    store.outlet.emit(store.door(0.0, NOON))
    store.outlet.emit(store.door(0.0, NOON + 5 * MS))
    assert [[r.metric for r in batch] for batch, _ in store.batches] == [
        ["online", "door_open"],
    ]


def test_a_lost_device_turns_bad_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store = Store()
    store.outlet.up()
    store.now = NOON + timedelta(seconds=10)
    store.outlet.down("Unit 1 did not answer.")
    store.outlet.down("Unit 1 did not answer.")
    assert store.last == [
        ("air_temperature_c", None, store.now, Quality.BAD),
        ("door_open", None, store.now, Quality.BAD),
        ("online", 0.0, store.now, Quality.GOOD),
    ]
    store.now = NOON + timedelta(seconds=70)
    store.outlet.emit(store.door(0.0, store.now))
    assert caplog.messages == [
        "Device cabinet-1 was lost: Unit 1 did not answer.",
        "Device cabinet-1 is back after 60 s.",
    ]


def test_a_state_is_sent_when_it_changes_and_once_a_heartbeat() -> None:
    store = Store()
    for second in range(0, 100, 10):
        store.outlet.emit(store.door(float(second == 40), NOON + second * 1000 * MS))
    sent = [(r.time - NOON).total_seconds() for b, _ in store.batches for r in b][1:]
    assert sent == [0, 30, 40, 50, 80]


def test_a_gauge_is_sent_at_every_poll_and_all_anew_after_a_loss() -> None:
    store = Store()
    for second in range(3):
        time = NOON + second * 1000 * MS
        store.outlet.emit([Reading("cabinet-1", "air_temperature_c", 4.0, time)])
    assert len(store.batches) == 3
    store.outlet.emit(store.door(0.0, NOON + 4000 * MS))
    store.outlet.down("Unit 1 did not answer.")
    store.outlet.emit(store.door(0.0, NOON + 5000 * MS))
    assert store.last[-1][0] == "door_open"


def test_critical_metrics_and_changes_of_state_are_urgent() -> None:
    store = Store()
    said = [
        ("door_open", 0.0),  # with online: a change
        ("door_open", 0.0),
        ("door_open", 1.0),
        ("in_count", 4.0),
        ("air_temperature_c", 3.9),
    ]
    for number, (metric, value) in enumerate(said):
        store.outlet.emit([Reading("cabinet-1", metric, value, NOON + number * MS)])
    assert [urgent for _, urgent in store.batches] == [True, True, False, True]
