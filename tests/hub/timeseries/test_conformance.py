"""What every time-series engine must do (TSD-01, TSD-11)."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from hub.timeseries.arrays import T_END_MS
from hub.timeseries.port import PointQuality, Points, TimeSeries, UnsupportedError
from tests.hub.timeseries.engine_under_test import DAY_MS, NOON, NOON_MS, TODAY_MS, Opener, rows

MINUTE_MS = 60_000
FAR = 2 * NOON_MS


def test_a_new_engine_stands_at_position_0_and_holds_nothing(engine: TimeSeries) -> None:
    assert engine.position() == 0
    assert len(engine.read([1, 2], 0, FAR)) == 0
    assert len(engine.newest()) == 0


def test_points_come_back_in_order_of_series_and_time_with_their_quality(
    engine: TimeSeries,
) -> None:
    bad = PointQuality.BAD
    t = NOON_MS
    engine.write(Points.of([2, 1, 2, 1], [t, t + 5, t - 5, t], [4.5, 0, -2, 7], [0, bad, 0, 3]), 9)
    assert engine.position() == 9
    assert rows(engine.read([2, 1], t - 5, t + 6)) == [
        (1, t, 7.0, PointQuality.ESTIMATED),
        (1, t + 5, 0.0, PointQuality.BAD),
        (2, t - 5, -2.0, PointQuality.GOOD),
        (2, t, 4.5, PointQuality.GOOD),
    ]


def test_an_interval_has_its_start_and_not_its_end(engine: TimeSeries) -> None:
    engine.write(Points.of([1, 1, 1], [NOON_MS, NOON_MS + 1, NOON_MS + 2], [0, 1, 2]), 1)
    assert engine.read([1], NOON_MS, NOON_MS + 2).value.tolist() == [0, 1]


def test_a_write_that_is_repeated_changes_nothing(engine: TimeSeries) -> None:
    """R17: the same batch again, whole or in part, in the same write or a later one."""
    points = Points.of([1, 2, 1], [NOON_MS, NOON_MS, NOON_MS + 1], [1, 2, 3])
    engine.write(points, 5)
    before = rows(engine.read([1, 2], 0, FAR))
    engine.write(points, 5)
    engine.write(points[:2], 6)
    assert rows(engine.read([1, 2], 0, FAR)) == before
    edges = np.array([NOON_MS, NOON_MS + MINUTE_MS])
    assert engine.buckets([1, 2], edges).count.tolist() == [[2], [1]]


def test_a_rewritten_point_replaces_the_first(engine: TimeSeries) -> None:
    t = NOON_MS
    engine.write(Points.of([1, 1, 1], [t, t, t + 1], [1, 2, 3]), 1)
    assert engine.read([1], 0, FAR).value.tolist() == [2, 3]
    engine.write(Points.of([1], [t], [9], [PointQuality.BACKFILLED]), 2)
    found = rows(engine.read([1], 0, FAR))
    if not engine.capabilities.replaces:
        assert [row[1] for row in found] == [t, t + 1]
        assert found[0][2] in (2, 9)
        return
    assert found == [(1, t, 9, PointQuality.BACKFILLED), (1, t + 1, 3, 0)]


def test_an_empty_write_moves_the_position(engine: TimeSeries) -> None:
    engine.write(Points.empty(), 77)
    assert engine.position() == 77


def test_a_value_that_is_no_number_is_kept_as_bad(engine: TimeSeries) -> None:
    engine.write(Points.of([1, 1], [NOON_MS, NOON_MS + 1], [float("nan"), float("inf")]), 1)
    assert [row[2:] for row in rows(engine.read([1], 0, FAR))] == [(0.0, PointQuality.BAD)] * 2


@pytest.mark.parametrize(("series", "t_ms"), [(-1, NOON_MS), (1, -1), (1, 1 << 50), (1 << 30, 0)])
def test_a_point_out_of_range_is_refused_whole(engine: TimeSeries, series: int, t_ms: int) -> None:
    with pytest.raises(ValueError, match="outside what can be kept"):
        engine.write(Points.of([1, series], [NOON_MS, t_ms], [1, 1]), 3)
    assert engine.position() == 0
    assert len(engine.read([1], 0, FAR)) == 0


def test_buckets_sum_up_what_counts_and_leave_gaps(engine: TimeSeries) -> None:
    """TSD-11: bad and stale values are no zeros, and an hour without values is no zero."""
    t = TODAY_MS
    bad, stale = PointQuality.BAD, PointQuality.STALE
    hours = np.array([t + h * 3_600_000 for h in range(5)])
    points = Points.of(
        [1] * 6,
        [t + 1, t + 2, t + 3, t + 3_600_000, t + 4 * 3_600_000 - 1, t + 4 * 3_600_000],
        [4, 2, 0, 0, 8, 99],
        [0, 3, bad, stale, 4, 0],
    )
    engine.write(points, 1)
    found = engine.buckets([2, 1], hours)
    assert found.series.tolist() == [2, 1]
    assert found.count.tolist() == [[0, 0, 0, 0], [2, 0, 0, 1]]
    nan = float("nan")
    expected = {
        "min": [2, nan, nan, 8],
        "max": [4, nan, nan, 8],
        "mean": [3, nan, nan, 8],
        "sum": [6, nan, nan, 8],
        "first": [4, nan, nan, 8],
        "last": [2, nan, nan, 8],
    }
    for name, row in expected.items():
        np.testing.assert_array_equal(getattr(found, name)[1], row, err_msg=name)
        assert np.isnan(getattr(found, name)[0]).all()


def test_buckets_take_edges_of_any_width_over_days(engine: TimeSeries) -> None:
    t = TODAY_MS + np.arange(-3 * DAY_MS, 0, 30 * MINUTE_MS)
    engine.write(Points.of([3] * len(t), t.tolist(), np.arange(len(t)).tolist()), 1)
    edges = TODAY_MS - np.array([3 * DAY_MS, 2 * DAY_MS - 1, 5 * MINUTE_MS, 0])
    found = engine.buckets([3, 3], edges)
    assert found.count.tolist() == [[49, 95, 0]] * 2
    assert found.first[0, :2].tolist() == [0, 49]
    assert found.last[0, :2].tolist() == [48, 143]
    assert found.sum[0, 0] == sum(range(49))


def test_buckets_refuse_edges_that_do_not_increase(engine: TimeSeries) -> None:
    with pytest.raises(ValueError, match="strictly increasing"):
        engine.buckets([1], np.array([5, 5]))


def test_newest_tells_the_last_point_of_each_series_of_any_quality(engine: TimeSeries) -> None:
    t = NOON_MS
    engine.write(Points.of([1, 1, 2], [t, t + 1, t], [5, 0, 7], [0, PointQuality.STALE, 0]), 1)
    engine.write(Points.of([1, 2], [t - 1, t + 2], [3, 8]), 2)
    expected = [(1, t + 1, 0.0, PointQuality.STALE), (2, t + 2, 8.0, 0)]
    assert rows(engine.newest()) == expected
    engine.maintain(NOON + timedelta(days=2))
    assert rows(engine.newest()) == expected


def test_a_deleted_interval_is_gone_for_good(engine: TimeSeries) -> None:
    times = [TODAY_MS - 5 * DAY_MS + i * DAY_MS // 2 for i in range(10)]
    for series in (1, 2, 11):
        engine.write(Points.of([series] * 10, times, list(range(10))), series)
    engine.maintain(NOON)
    if not engine.capabilities.deletes_intervals:
        with pytest.raises(UnsupportedError, match="whole series only"):
            engine.delete([1, 11], times[1], times[8])
        assert len(engine.read([1, 2, 11], 0, FAR)) == 30
        return
    engine.delete([1, 11], times[1], times[8])
    engine.maintain(NOON)
    engine.maintain(NOON)
    assert engine.read([1], 0, FAR).value.tolist() == [0, 8, 9]
    assert engine.read([11], 0, FAR).value.tolist() == [0, 8, 9]
    assert engine.read([2], 0, FAR).value.tolist() == list(range(10))


def test_a_deleted_point_is_no_longer_the_newest(engine: TimeSeries) -> None:
    t = NOON_MS - 3 * 3_600_000
    engine.write(Points.of([1, 2], [t, t], [5, 6]), 1)
    engine.maintain(NOON)
    engine.delete([1], 0, T_END_MS)
    assert rows(engine.newest()) == [(2, t, 6.0, 0)]


def test_a_deleted_series_may_be_written_again(engine: TimeSeries) -> None:
    engine.write(Points.of([1, 1, 2], [NOON_MS, NOON_MS + 1, NOON_MS], [5, 6, 7]), 1)
    engine.delete([1], 0, T_END_MS)
    assert rows(engine.read([1, 2], 0, FAR)) == [(2, NOON_MS, 7.0, 0)]
    engine.write(Points.of([1], [NOON_MS], [3]), 2)
    assert rows(engine.read([1, 2], 0, FAR)) == [(1, NOON_MS, 3.0, 0), (2, NOON_MS, 7.0, 0)]


def test_numbers_of_any_size_come_back_as_they_were(engine: TimeSeries) -> None:
    """Of each series, since an engine may round small values beside large ones."""
    values = [0.1, -273.15, 1 / 3, 1e-9, 123_456_789.012_345, 1e15, -0.5e-3, 2.0**53]
    series = list(range(len(values)))
    engine.write(Points.of(series, [NOON_MS] * len(values), values), 1)
    engine.maintain(NOON)
    np.testing.assert_allclose(engine.read(series, 0, FAR).value, values, rtol=1e-12, atol=0)


def test_mixed_magnitudes_are_equal_to_a_trillionth_of_the_largest(engine: TimeSeries) -> None:
    values = [1e9 + 1 / 3, 0.1, -1 / 3, 1e-3, 7.25]
    stamps = [NOON_MS + n for n in range(len(values))]
    engine.write(Points.of([1] * len(values), stamps, values), 1)
    engine.maintain(NOON)
    found = engine.read([1], 0, FAR).value
    np.testing.assert_allclose(found, values, rtol=0, atol=1e-12 * max(values))


def test_late_points_fall_into_their_place(engine: TimeSeries) -> None:
    """R4: what was written days after its time is read and summed up like any other."""
    times = [TODAY_MS - DAY_MS * n for n in (0, 3, 1, 2)]
    for position, t_ms in enumerate(times, 1):
        engine.write(Points.of([1], [t_ms], [position]), position)
        engine.maintain(NOON)
    assert engine.read([1], 0, FAR).t_ms.tolist() == sorted(times)
    edges = np.arange(TODAY_MS - 3 * DAY_MS, TODAY_MS + DAY_MS + 1, DAY_MS)
    assert engine.buckets([1], edges).first.tolist() == [[2, 4, 3, 1]]


def test_many_points_of_many_series_come_back_whole(engine: TimeSeries) -> None:
    series = np.repeat(np.arange(300, dtype=np.int32), 200)
    t_ms = np.tile(NOON_MS - 200_000 + 1000 * np.arange(200), 300)
    value = (series * 0.5 + t_ms % 7).astype(np.float64)
    points = Points(series, t_ms, value, np.zeros(len(series), np.uint8))
    engine.write(points, 1)
    found = engine.read(range(300), 0, FAR)
    np.testing.assert_array_equal(found.series, series)
    np.testing.assert_array_equal(found.t_ms, t_ms)
    np.testing.assert_allclose(found.value, points.value, rtol=1e-12)


def test_points_and_position_survive_a_restart(opener: Opener, tmp_path: Path) -> None:
    engine = opener(tmp_path)
    t = [TODAY_MS - 3 * DAY_MS, NOON_MS - 3_600_000, NOON_MS]
    engine.write(Points.of([1, 1, 1], t, [1, 2, 3]), 42)
    engine.maintain(NOON)
    engine.close()
    engine = opener(tmp_path)
    assert engine.position() == 42
    assert rows(engine.read([1], 0, FAR)) == [(1, t[0], 1, 0), (1, t[1], 2, 0), (1, t[2], 3, 0)]
    assert rows(engine.newest()) == [(1, t[2], 3, 0)]
    engine.close()
