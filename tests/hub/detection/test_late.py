"""Late and foreign readings: they count, train or are left out, and never alarm (R5, R17)."""

import numpy as np

from hub.detection.readings import Readings, runs_of, split_late
from hub.detection.slots import SLOT_MS, SLOTS, Slots, StreamKey
from tests.hub.detection.watched import START_MS, Watched
from tests.hub.simulated_store import AGENT, STORE

AIR = ("cabinet-1", "air_temperature_c")
IN = ("door-1", "in_count")


def readings(series: list[int], t_ms: list[int]) -> Readings:
    size = len(series)
    return Readings(
        np.array(series, np.int32),
        np.array(t_ms, np.int64),
        np.arange(size, dtype=np.float64),
        np.ones(size, np.bool_),
    )


def test_a_reading_is_late_when_a_newer_one_of_its_series_came_before() -> None:
    runs = runs_of(readings([1, 2, 1, 1, 2], [50, 10, 40, 60, 20]))
    on_time, late = split_late(runs, np.array([-1, -1, 15]))
    assert on_time.readings.t_ms.tolist() == [50, 60, 20]
    assert on_time.series.tolist() == [1, 2]
    assert late.readings.t_ms.tolist() == [40, 10]


def test_late_readings_do_not_move_a_detector() -> None:
    store = Watched([AIR])
    store.hold(*AIR, (0, 600, 10), 4.0)
    before = store.engine.series.levels.copy()
    assert store.hold(*AIR, (0, 600, 10), 30.0) == []
    np.testing.assert_array_equal(store.engine.series.levels, before)


def test_late_door_counts_are_counted_in_their_own_quarter() -> None:
    store = Watched([IN])
    store.say(*IN, 5000, 2.0)
    store.say(*IN, 100, 3.0)
    slots = store.engine.trade.slots
    first = START_MS // SLOT_MS
    assert slots.count[0, 0, first % SLOTS] == 3
    assert {slot for _, slot in slots.dirty} >= {first, (START_MS + 5_000_000) // SLOT_MS}


def test_a_ring_forgets_after_twelve_weeks_and_refuses_what_is_older() -> None:
    slots = Slots()
    stream = slots.stream(StreamKey(AGENT, STORE, "door-1", False))
    assert slots.add(stream, 0, 1000, 5)
    assert slots.add(stream, 0, 1000 + SLOTS, 7)
    assert slots.count[stream, 0, 1000 % SLOTS] == 7
    assert not slots.add(stream, 0, 1000, 5)


def test_old_readings_train_and_raise_nothing() -> None:
    store = Watched([AIR])
    hour = [(*AIR, float(second), 9.0) for second in range(0, 3600, 10)]
    assert store.say_all(hour, late_s=86_400) == []
    (found,) = store.say(*AIR, 3610, 9.0)
    assert found.since_ms == START_MS
