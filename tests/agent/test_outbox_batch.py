"""Readings become batches: stamps, urgency, layouts (R5)."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.outbox_batch import Batch, Batcher, Batching, Channel, check
from agent.settings import Layout
from protocols.reading import Quality, Reading
from protocols.sparkplug import codec
from protocols.sparkplug.codec import Sample

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
START_MS = 1_767_600_000_000


class Aliases:
    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Channel] = {}

    def __call__(self, device: str, metric: str) -> Channel:
        key = (device, metric)
        return self.known.setdefault(key, Channel.of(len(self.known) + 1, device, metric))


def batcher(layout: Layout = Layout.NODE) -> Batcher:
    return Batcher(Aliases(), Batching(layout, max_values=10, max_age_s=2.0, most_values=50))


def reading(value: float, ms: int = 0, device: str = "meter-1", metric: str = "power_w") -> Reading:
    return Reading(device, metric, value, START + timedelta(milliseconds=ms))


def samples(batch: Batch) -> list[Sample]:
    return [
        Sample(m.alias, codec.Datatype(m.datatype), m.timestamp, codec.value_of(m), q)
        for m in codec.parse(batch.metrics).metrics
        for q in [codec.quality_of(m)]
    ]


def test_a_batch_waits_for_its_age() -> None:
    box = batcher()
    assert box.deadline_s() is None
    box.add([reading(1)], now_s=100.0)
    box.add([reading(2, 10)], now_s=101.0)
    assert list(box.due(101.9)) == []
    assert box.deadline_s() == 102.0
    (batch,) = box.due(102.0)
    assert [s.value for s in samples(batch)] == [1.0, 2.0]
    assert list(box.due(200.0)) == []


def test_urgent_readings_take_their_neighbours_along_at_once() -> None:
    box = batcher()
    box.add([reading(1)], now_s=100.0)
    box.add([reading(2, 10)], now_s=100.1, is_urgent=True)
    (batch,) = box.due(100.1)
    assert batch.values == 2


def test_a_full_batch_takes_the_rest_of_its_round_along_within_a_bound() -> None:
    box = batcher()
    box.add([reading(n, n) for n in range(9)], now_s=100.0)
    assert list(box.due(100.0)) == []
    box.add([reading(n, n) for n in range(9, 54)], now_s=100.0)
    assert [batch.values for batch in box.due(100.0)] == [50]
    assert [batch.values for batch in box.due(100.0, is_final=True)] == [4]


def test_in_layout_device_each_device_has_its_own_batch() -> None:
    box = batcher(Layout.DEVICE)
    box.add([reading(1, device="a"), reading(2, device="b"), reading(3, 1, device="a")], 100.0)
    found = {batch.device: batch.values for batch in box.due(102.0)}
    assert found == {"a": 2, "b": 1}


def test_stamps_of_one_series_strictly_increase() -> None:
    box = batcher()
    box.add([reading(1), reading(2), reading(3, -400), reading(4, device="other")], 100.0)
    (batch,) = box.due(102.0)
    stamps = [(s.alias, s.time_ms - START_MS) for s in samples(batch)]
    assert stamps == [(1, 0), (1, 1), (1, 2), (2, 0)]


def test_a_reading_from_long_before_keeps_its_stamp() -> None:
    """What an MQTT device held back while it was away is dated as it says."""
    box = batcher()
    box.add([reading(1), reading(2, -60_000)], 100.0)
    (batch,) = box.due(102.0)
    assert [s.time_ms - START_MS for s in samples(batch)] == [0, -60_000]


def test_after_a_step_back_of_the_clock_overlapping_stamps_are_estimated() -> None:
    """R5: flagged until the corrected clock has passed what was stamped before."""
    box = batcher()
    box.add([reading(1, 0)], 100.0)
    box.clock_stepped_back()
    box.add([reading(2, -60_000), reading(3, -1), reading(4, 5)], 100.0)
    (batch,) = box.due(102.0)
    found = [(s.time_ms - START_MS, s.quality) for s in samples(batch)[1:]]
    assert found == [
        (-60_000, Quality.ESTIMATED),
        (-1, Quality.ESTIMATED),
        (5, Quality.GOOD),
    ]


def test_a_device_that_is_gone_has_no_value_but_a_quality() -> None:
    box = batcher()
    box.add([Reading("meter-1", "power_w", None, START, Quality.BAD)], 100.0)
    (batch,) = box.due(102.0)
    assert samples(batch) == [
        Sample(1, codec.Datatype.DOUBLE, START_MS, None, Quality.BAD),
    ]


def test_a_ticket_is_text() -> None:
    box = batcher()
    ticket = Reading("till-1", "ticket", '{"number": "001"}', START)
    check(ticket)
    box.add([ticket], 100.0, is_urgent=True)
    (batch,) = box.due(100.0)
    assert samples(batch)[0].value == '{"number": "001"}'


@pytest.mark.parametrize(
    "wrong",
    [
        Reading("m", "power_w", float("nan"), START),
        Reading("m", "power_w", "12", START),
        Reading("m", "power_w", None, START),
        Reading("m", "ticket", 5.0, START),
    ],
)
def test_what_has_no_place_on_the_wire_is_refused(wrong: Reading) -> None:
    with pytest.raises(ValueError, match="cannot be kept"):
        check(wrong)
