"""EDG-05: running totals become people per interval, over resets, roll-overs and restarts."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.drivers.counting import CountingDriver, TotalStore
from agent.outbox import Outbox
from protocols.reading import Quality, Reading

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class FakeCounter:
    device = "door-1"
    metrics = ("in_total", "out_total")
    is_behind = False
    plan = ()
    refused = ()

    def __init__(self, *totals: tuple[float | None, float]) -> None:
        self._totals = list(totals)
        self.seconds = 0

    async def read(self) -> list[Reading]:
        self.seconds += 10
        time = START + timedelta(seconds=self.seconds)
        return [
            Reading(
                "door-1", metric, value, time, Quality.GOOD if value is not None else Quality.BAD
            )
            for metric, value in zip(self.metrics, self._totals.pop(0), strict=True)
        ]


def counts(driver: CountingDriver, polls: int) -> list[tuple[float, ...]]:
    got = []
    for _ in range(polls):
        readings = asyncio.run(driver.read())
        times = {reading.time for reading in readings}
        assert len(times) == 1
        got.append(tuple(r.value for r in readings if r.metric in ("in_count", "out_count")))
    return got  # type: ignore[return-value]  # counts are always floats


def build(tmp_path: Path, counter: FakeCounter) -> CountingDriver:
    moduli = {"in_total": 2**16, "out_total": 2**16}
    return CountingDriver(counter, moduli, TotalStore(tmp_path / "counters.json"))


def test_both_totals_and_counts_are_sent(tmp_path: Path) -> None:
    driver = build(tmp_path, FakeCounter((100, 90), (104, 91), (104, 93)))
    assert driver.metrics == ("in_total", "out_total", "in_count", "out_count")
    assert counts(driver, 3) == [(0, 0), (4, 1), (0, 2)]


def test_reset_and_roll_over_are_named_and_count_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    counter = FakeCounter((65_530, 40_000), (4, 3), (9, 60_000))
    assert counts(build(tmp_path, counter), 3) == [(0, 0), (10, 3), (5, 0)]
    assert caplog.messages == [
        "in_total of door-1 went from 65530 to 4 (rolled over); 10 people were counted.",
        "out_total of door-1 went from 40000 to 3 (reset); 3 people were counted.",
        "out_total of door-1 went from 3 to 60000 (implausible); 0 people were counted.",
    ]


def test_a_missing_total_gives_no_count(tmp_path: Path) -> None:
    driver = build(tmp_path, FakeCounter((100, 90), (None, 91), (107, 91)))
    assert counts(driver, 3) == [(0, 0), (1,), (7, 0)]


def test_people_who_came_while_the_agent_was_down_are_counted_once(tmp_path: Path) -> None:
    counts(build(tmp_path, FakeCounter((100, 90), (104, 91))), 2)
    later = FakeCounter((110, 95), (110, 95))
    later.seconds = 60
    assert counts(build(tmp_path, later), 2) == [(6, 4), (0, 0)]


@pytest.mark.parametrize("torn", ["", '{"door-1/in_total": [1', "[]", '{"a": 1}', "\x00"])
def test_a_torn_file_is_started_anew(tmp_path: Path, torn: str) -> None:
    (tmp_path / "counters.json").write_text(torn)
    assert counts(build(tmp_path, FakeCounter((100, 90), (101, 90))), 2) == [(0, 0), (1, 0)]


def test_a_full_disk_stops_no_counting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    driver = CountingDriver(
        FakeCounter((1, 1), (2, 1)),
        {"in_total": 2**16, "out_total": 2**16},
        TotalStore(tmp_path / "no-folder" / "counters.json"),
    )
    assert counts(driver, 2) == [(0, 0), (1, 0)]
    assert "could not be written" in caplog.text


def test_people_whose_count_was_lost_with_the_agent_are_counted_again(tmp_path: Path) -> None:
    """R1: the totals are on disk before the counts; a kill in between loses the counts only."""
    path = tmp_path / "outbox.sqlite"
    driver = build(tmp_path, FakeCounter((100, 90), (104, 91), (109, 95)))
    with Outbox(path) as outbox:
        for _ in range(2):
            outbox.append(asyncio.run(driver.read()))
    asyncio.run(driver.read())  # counted, and never stored

    store = TotalStore(tmp_path / "counters.json")
    with Outbox(path) as outbox:
        store.recall(outbox.newest_first())
    moduli = {"in_total": 2**16, "out_total": 2**16}
    assert counts(CountingDriver(FakeCounter((110, 95)), moduli, store), 1) == [(6, 4)]


def test_a_total_without_its_count_is_not_gone_on_from(tmp_path: Path) -> None:
    """Two batches may part them: the total was stored, its count was not."""
    driver = build(tmp_path, FakeCounter((100, 90), (104, 91)))
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        outbox.append(asyncio.run(driver.read()))
        outbox.append(asyncio.run(driver.read())[:2])
        store = TotalStore(tmp_path / "counters.json")
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        store.recall(outbox.newest_first())
    total = store.get("door-1", "in_total")
    assert total is not None
    assert total.value == 100
    began_s = (START + timedelta(seconds=10)).timestamp()
    assert began_s <= total.at_s < began_s + 0.01  # the outbox may part equal stamps
