"""Tiers equal raw points, whatever comes late (TSD-10, TSD-12)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.engines import one_store
from hub.timeseries.port import Buckets, PointQuality, Points
from hub.timeseries.tiers import DAY_MS, TieredTimeSeries

NOW = datetime(2026, 3, 10, 13, 7, tzinfo=UTC)
TODAY = int(NOW.timestamp()) // 86_400
QUARTER_MS = 900_000
SERIES = [3, 1, 2, 9]  # 9 has no points


class Raw(DuckDbTimeSeries):
    """The real engine; counts how many instants it is asked about."""

    asked = 0

    def buckets(self, series: Sequence[int], edges_ms: NDArray[np.int64]) -> Buckets:
        self.asked += len(edges_ms) - 1
        return super().buckets(series, edges_ms)


@pytest.fixture
def raw(tmp_path: Path) -> Raw:
    return Raw(tmp_path, one_store, now=lambda: NOW)


@pytest.fixture
def tiered(raw: Raw, tmp_path: Path) -> Iterator[TieredTimeSeries]:
    tiers = TieredTimeSeries(raw, tmp_path, now=lambda: NOW, settle_s=0.0)
    tiers.write(some_points(), 1)
    yield tiers
    tiers.close()


def some_points() -> Points:
    """Six days of odd values, holes, and readings that are not counted."""
    rng = np.random.default_rng(7)
    n = 4000
    series = rng.integers(1, 4, n)
    stamps = (TODAY - 5) * DAY_MS + rng.choice(5 * DAY_MS + DAY_MS // 2, n, replace=False)
    stamps = stamps[(stamps // (7 * QUARTER_MS)) % 3 != 1]
    n = len(stamps)
    quality = rng.choice([PointQuality.GOOD, PointQuality.BAD, PointQuality.ESTIMATED], n)
    values = np.where(quality == PointQuality.BAD, 0.0, rng.normal(4.0, 30.0, n))
    return Points.of(series[:n].tolist(), stamps.tolist(), values.tolist(), quality.tolist())


def edges(start_ms: int, end_ms: int, minutes: int) -> NDArray[np.int64]:
    step = minutes * 60_000
    return np.arange(start_ms // step * step, end_ms + step, step, dtype=np.int64)


def the_same(found: Buckets, expected: Buckets) -> None:
    assert found.series.tolist() == expected.series.tolist() == SERIES
    assert (found.count == expected.count).all()
    for name in ("min", "max", "first", "last"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    for name in ("sum", "mean"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), 1e-12, 1e-12)


@pytest.mark.parametrize("minutes", [15, 30, 45, 60, 180, 720, 1440, 7])
def test_they_equal_the_raw_points(raw: Raw, tiered: TieredTimeSeries, minutes: int) -> None:
    """Made new, and as kept."""
    wanted = edges((TODAY - 6) * DAY_MS + 5 * QUARTER_MS, int(NOW.timestamp() * 1000), minutes)
    expected = raw.buckets(SERIES, wanted)
    assert expected.count.any()
    the_same(tiered.buckets(SERIES, wanted), expected)
    the_same(tiered.buckets(SERIES, wanted), expected)


def test_past_days_are_read_once(raw: Raw, tiered: TieredTimeSeries) -> None:
    wanted = edges((TODAY - 5) * DAY_MS, int(NOW.timestamp() * 1000), 60)
    tiered.buckets(SERIES, wanted)
    raw.asked = 0
    tiered.buckets(SERIES, wanted)
    assert raw.asked <= 96, "only today is read from raw points"


def test_of_today_only_what_is_not_over_is_read_again(raw: Raw, tiered: TieredTimeSeries) -> None:
    wanted = edges((TODAY - 5) * DAY_MS, int(NOW.timestamp() * 1000), 60)
    tiered.buckets(SERIES, wanted)
    raw.asked = 0
    the_same(tiered.buckets(SERIES, wanted), raw.buckets(SERIES, wanted))
    assert raw.asked - (len(wanted) - 1) <= 4, "13:00 to 14:00, in quarters"


@pytest.mark.parametrize("minute", [0, 100, 787])
def test_a_point_of_today_is_in_the_next_answer(
    raw: Raw, tiered: TieredTimeSeries, minute: int
) -> None:
    """Live, and late by hours: of its series what is kept ends before it, of the others not."""
    wanted = edges((TODAY - 5) * DAY_MS, int(NOW.timestamp() * 1000), 60)
    before = tiered.buckets(SERIES, wanted)
    t_ms = TODAY * DAY_MS + minute * 60_000
    tiered.write(Points.of([2, 4], [t_ms, t_ms + 1], [999.0, 1.0]), 2)
    for _ in range(2):
        after = tiered.buckets(SERIES, wanted)
        the_same(after, raw.buckets(SERIES, wanted))
        assert after.count.sum() == before.count.sum() + 1
    raw.asked = 0
    tiered.buckets([1, 3], wanted)
    assert raw.asked <= 4


def test_today_is_not_kept_under_a_write_that_goes_on(
    raw: Raw, tiered: TieredTimeSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks in the middle of a write must not leave sums without its points."""
    wanted = edges((TODAY - 5) * DAY_MS, int(NOW.timestamp() * 1000), 60)
    tiered.buckets(SERIES, wanted)
    write = raw.write

    def looked_at(points: Points, position: int) -> None:
        tiered.buckets(SERIES, wanted)
        write(points, position)

    monkeypatch.setattr(raw, "write", looked_at)
    tiered.write(Points.of([2], [TODAY * DAY_MS + 3_600_000], [999.0]), 2)
    the_same(tiered.buckets(SERIES, wanted), raw.buckets(SERIES, wanted))


def test_a_new_day_begins_with_nothing(raw: Raw, tmp_path: Path) -> None:
    clock = [NOW]
    tiers = TieredTimeSeries(raw, tmp_path, now=lambda: clock[0], settle_s=0.0)
    tiers.write(some_points(), 1)
    for _ in range(3):
        wanted = edges((TODAY - 5) * DAY_MS, int(clock[0].timestamp() * 1000), 60)
        the_same(tiers.buckets(SERIES, wanted), raw.buckets(SERIES, wanted))
        clock[0] += timedelta(hours=11)
        late = int(clock[0].timestamp() * 1000) - 1000
        tiers.write(Points.of([1], [late], [7.0]), 2)
    tiers.close()


def test_a_late_point_makes_them_anew(raw: Raw, tiered: TieredTimeSeries) -> None:
    wanted = edges((TODAY - 5) * DAY_MS, TODAY * DAY_MS, 60)
    before = tiered.buckets(SERIES, wanted)
    tiered.write(Points.of([2], [(TODAY - 3) * DAY_MS + 5], [999.0]), 2)
    after = tiered.buckets(SERIES, wanted)
    the_same(after, raw.buckets(SERIES, wanted))
    assert after.count.sum() == before.count.sum() + 1


def test_what_is_deleted_is_gone_from_them(raw: Raw, tiered: TieredTimeSeries) -> None:
    wanted = edges((TODAY - 5) * DAY_MS, TODAY * DAY_MS, 60)
    tiered.buckets(SERIES, wanted)
    tiered.delete([1], (TODAY - 4) * DAY_MS, (TODAY - 3) * DAY_MS)
    found = tiered.buckets(SERIES, wanted)
    the_same(found, raw.buckets(SERIES, wanted))
    assert not found.count[1, 24:48].any()


def test_nothing_is_kept_while_a_write_may_not_be_seen_yet(raw: Raw, tmp_path: Path) -> None:
    """An engine that shows a write a second later must not leave a wrong sum behind."""
    tiers = TieredTimeSeries(raw, tmp_path, now=lambda: NOW, settle_s=3600.0)
    tiers.write(some_points(), 1)
    wanted = edges((TODAY - 5) * DAY_MS, TODAY * DAY_MS, 60)
    tiers.buckets(SERIES, wanted)
    raw.asked = 0
    tiers.buckets(SERIES, wanted)
    assert raw.asked >= 5 * 96
    tiers.close()


def test_they_outlive_a_restart(raw: Raw, tiered: TieredTimeSeries, tmp_path: Path) -> None:
    wanted = edges((TODAY - 5) * DAY_MS, TODAY * DAY_MS, 60)
    expected = tiered.buckets(SERIES, wanted)
    again = TieredTimeSeries(raw, tmp_path, now=lambda: NOW + timedelta(days=1), settle_s=0.0)
    raw.asked = 0
    the_same(again.buckets(SERIES, wanted), expected)
    assert raw.asked == 0
    again.write(Points.of([1], [(TODAY - 2) * DAY_MS], [5.0]), 3)
    the_same(again.buckets(SERIES, wanted), raw.buckets(SERIES, wanted))
