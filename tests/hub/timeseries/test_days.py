"""Days are kept for ever, equal raw points while there are any, and know how sure are (TSD-12)."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from hub.timeseries.daily import DailyTimeSeries
from hub.timeseries.days import Day, rise_of
from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.engines import one_store
from hub.timeseries.port import PointQuality, Points
from hub.timeseries.tiers import DAY_MS, TieredTimeSeries

NOW = datetime(2026, 3, 10, 13, 7, tzinfo=UTC)
TODAY = int(NOW.timestamp()) // 86_400
SHIFT_MS = 8 * 3_600_000  # a day in Shanghai begins at 16:00 UTC
EDGES = np.arange(-6, 1, dtype=np.int64) * DAY_MS + TODAY * DAY_MS - SHIFT_MS


def clock() -> datetime:
    return NOW


@pytest.fixture
def raw(tmp_path: Path) -> DuckDbTimeSeries:
    return DuckDbTimeSeries(tmp_path, one_store, now=clock, quiet_s=0.0)


@pytest.fixture
def daily(raw: DuckDbTimeSeries, tmp_path: Path) -> Iterator[DailyTimeSeries]:
    tiers = TieredTimeSeries(raw, tmp_path, now=clock, settle_s=0.0)
    series = DailyTimeSeries(tiers, tmp_path, now=clock, settle_s=0.0)
    yield series
    series.close()


def minutes(series: int, start_ms: int, values: list[float], quality: int = 0) -> Points:
    stamps = [start_ms + 30_000 * n for n in range(len(values))]
    return Points.of([series] * len(values), stamps, values, [quality] * len(values))


def fill(daily: DailyTimeSeries) -> None:
    rng = np.random.default_rng(3)
    for number, start in enumerate(EDGES[:-1].tolist()):
        for series in (1, 2):
            values = rng.normal(4, 2, 200).tolist()
            daily.write(minutes(series, start + 3_600_000, values), 10 * number + series)


def make_all(daily: DailyTimeSeries) -> None:
    spans = zip(EDGES.tolist(), EDGES[1:].tolist(), strict=False)
    assert all(daily.make_day([1, 2, 9], *span) for span in spans)


def test_days_equal_the_raw_points_in_any_zone(
    raw: DuckDbTimeSeries, daily: DailyTimeSeries
) -> None:
    fill(daily)
    make_all(daily)
    expected = raw.buckets([2, 9, 1], EDGES)
    found = daily.buckets([2, 9, 1], EDGES)
    assert found.series.tolist() == [2, 9, 1]
    assert (found.count == expected.count).all()
    for name in ("min", "max", "first", "last"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    np.testing.assert_allclose(found.mean, expected.mean, 1e-12)
    utc = EDGES + SHIFT_MS
    assert (daily.buckets([1], utc).count == raw.buckets([1], utc).count).all(), "other days"


def test_a_late_point_changes_its_day(raw: DuckDbTimeSeries, daily: DailyTimeSeries) -> None:
    fill(daily)
    make_all(daily)
    daily.write(minutes(1, int(EDGES[2]) + 60_000, [99.0]), 999)
    assert daily.buckets([1], EDGES).max[0, 2] == 99.0
    assert raw.buckets([1], EDGES).count.sum() == daily.buckets([1], EDGES).count.sum()
    assert daily.make_owed(100) == 1
    assert [day.max for day in daily.days([1], int(EDGES[2]), int(EDGES[3]))] == [99.0]
    assert daily.make_owed(100) == 0


def test_days_are_made_again_for_all_series_that_owe_them(daily: DailyTimeSeries) -> None:
    fill(daily)
    make_all(daily)
    for number, series in enumerate((1, 2)):
        daily.write(minutes(series, int(EDGES[1]) + 60_000, [99.0]), 998 + number)
    daily.write(minutes(1, int(EDGES[2]) + 60_000, [98.0]), 1000)
    assert [daily.make_owed(2), daily.make_owed(2), daily.make_owed(2)] == [2, 1, 0]
    found = daily.days([1, 2], int(EDGES[1]), int(EDGES[3]))
    assert [day.max for day in found if (day.max or 0) > 90] == [99.0, 98.0, 99.0]


def test_a_deleted_point_changes_its_day(daily: DailyTimeSeries) -> None:
    fill(daily)
    make_all(daily)
    daily.delete([1], int(EDGES[0]), int(EDGES[1]))
    assert daily.buckets([1, 2], EDGES).count[:, 0].tolist() == [0, 200]


def test_they_outlive_the_raw_points(raw: DuckDbTimeSeries, daily: DailyTimeSeries) -> None:
    """And a reading that comes after that changes a final day no more."""
    fill(daily)
    make_all(daily)
    before = daily.buckets([1, 2], EDGES)
    raw.maintain(NOW)
    end_ms = (TODAY - 2) * DAY_MS
    daily.note_dropped("gauge", end_ms)
    assert daily.drop_days(end_ms) == 5
    assert not len(raw.read([1, 2], 0, end_ms))
    raw.maintain(NOW)
    raw.maintain(NOW)
    assert len(list(raw._files.found())) == len(raw._catalogue.view.sealed)
    daily.write(minutes(1, int(EDGES[1]), [99.0]), 1000)
    after = daily.buckets([1, 2], EDGES)
    np.testing.assert_array_equal(before.count[:, :3], after.count[:, :3])
    np.testing.assert_array_equal(before.max[:, :3], after.max[:, :3])


def day_of(daily: DailyTimeSeries, points: Points) -> Day:
    daily.write(points, 1)
    start, end = int(EDGES[0]), int(EDGES[1])
    assert daily.make_day([1], start, end)
    (day,) = daily.days([1], start, end)
    return day


def test_coverage_is_what_was_known_of_the_day(daily: DailyTimeSeries) -> None:
    """Half a day of readings, of which an hour was bad."""
    half = minutes(1, int(EDGES[0]), [4.0] * 1440)
    quality = np.where((half.t_ms - EDGES[0]) // 3_600_000 == 5, PointQuality.BAD, 0)
    day = day_of(daily, Points(half.series, half.t_ms, half.value, quality.astype(np.uint8)))
    assert day.coverage == pytest.approx(11 / 24, abs=0.001)
    assert (day.good, day.bad, day.readings) == (1320, 120, 1320)


def test_readings_once_a_quarter_of_an_hour_cover_the_day(daily: DailyTimeSeries) -> None:
    stamps = [int(EDGES[0]) + 900_000 * n for n in range(96)]
    assert day_of(daily, Points.of([1] * 96, stamps, [1.0] * 96)).coverage == pytest.approx(1.0)


def test_qualities_are_kept(daily: DailyTimeSeries) -> None:
    qualities = [
        PointQuality.GOOD,
        PointQuality.BAD,
        PointQuality.STALE,
        PointQuality.ESTIMATED,
        PointQuality.BACKFILLED,
    ]
    points = minutes(1, int(EDGES[0]), [1.0] * 5)
    points = Points(points.series, points.t_ms, points.value, np.array(qualities, np.uint8))
    day = day_of(daily, points)
    assert (day.good, day.bad, day.stale, day.estimated, day.backfilled) == (1, 1, 1, 1, 1)
    assert day.readings == 3


@pytest.mark.parametrize(
    ("values", "rise"),
    [([5.0, 7.0, 9.5], 4.5), ([5.0, 9.0, 1.0, 3.0], 7.0), ([5.0], 0.0)],
    ids=["grows", "begins anew", "one reading"],
)
def test_a_counter_rises_through_resets(
    values: list[float], rise: float, daily: DailyTimeSeries
) -> None:
    assert rise_of(np.array(values)) == rise
    assert day_of(daily, minutes(1, int(EDGES[0]), values)).rise == rise


def test_a_day_that_still_changes_is_not_kept(raw: DuckDbTimeSeries, tmp_path: Path) -> None:
    slow = DailyTimeSeries(raw, tmp_path, now=clock, settle_s=60.0)
    slow.write(minutes(1, int(EDGES[0]), [1.0]), 1)
    assert not slow.make_day([1], int(EDGES[0]), int(EDGES[1]))
    slow.close()


def test_a_backup_has_them(daily: DailyTimeSeries, tmp_path: Path) -> None:
    fill(daily)
    make_all(daily)
    daily.snapshot(tmp_path / "copy")
    again = DailyTimeSeries(
        DuckDbTimeSeries(tmp_path / "other", one_store), tmp_path / "copy", settle_s=0.0
    )
    assert len(again.days([1, 2], 0, int(EDGES[-1]))) == 12
    again.close()


def test_letting_days_go_holds_no_write_back(raw: DuckDbTimeSeries, daily: DailyTimeSeries) -> None:
    """R35: the 90th day goes while readings arrive."""
    many = 400_000
    stamps = (np.arange(many) * 200 + (TODAY - 90) * DAY_MS).tolist()
    for part in range(4):
        daily.write(Points.of([part + 10] * many, stamps, [1.0] * many), part + 1)
    raw.maintain(NOW)

    def spent() -> list[float]:
        took = []
        for number in range(60):
            began = time.perf_counter()
            start = TODAY * DAY_MS + 1000 * number
            daily.write(minutes(1, start, [1.0] * 500), 100 + number)
            took.append(time.perf_counter() - began)
        return took

    usual = np.percentile(spent(), 95)

    def let_go() -> None:
        daily.drop_days((TODAY - 89) * DAY_MS)
        raw.maintain(NOW)

    sweep = Thread(target=let_go)
    sweep.start()
    busy = np.percentile(spent(), 95)
    sweep.join()
    assert not len(raw.read([10], 0, TODAY * DAY_MS))
    assert busy < max(2 * usual, usual + 0.05)
