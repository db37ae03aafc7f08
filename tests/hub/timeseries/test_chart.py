import numpy as np

from hub.timeseries.chart import line
from hub.timeseries.port import PointQuality, Points


def test_few_points_are_drawn_as_they_are() -> None:
    t, value = line(Points.of([1] * 3, [0, 10, 20], [1, 2, 3]), 100, 15)
    assert t.tolist() == [0, 10, 20]
    assert value.tolist() == [1, 2, 3]


def test_a_spike_of_one_point_survives_among_a_hundred_thousand() -> None:
    value = np.sin(np.arange(100_000) / 5000)
    value[77_777] = 50.0
    value[33_333] = -50.0
    points = Points.of([1] * 100_000, (np.arange(100_000) * 10).tolist(), value.tolist())
    t, shown = line(points, 500, 100)
    assert len(t) <= 1001
    assert shown[t == 777_770].tolist() == [50.0]
    assert shown[t == 333_330].tolist() == [-50.0]
    assert (np.diff(t) > 0).all()


def test_a_gap_breaks_the_line_before_and_after_thinning() -> None:
    """TSD-11: no line over hours in which nobody knows the value."""
    for n in (10, 10_000):
        t_ms = np.arange(n) * 10
        t_ms[n // 2 :] += 1000
        t, shown = line(Points.of([1] * n, t_ms.tolist(), [1.0] * n), 50, 100)
        assert np.isnan(shown).sum() == 1
        hole = int(np.flatnonzero(np.isnan(shown))[0])
        assert t[hole - 1] < t[hole] < t[hole + 1]
        assert t[hole + 1] - t[hole - 1] >= 1000


def test_points_without_value_break_the_line_too() -> None:
    bad = PointQuality.BAD
    t, shown = line(Points.of([1] * 3, [0, 1, 2], [5, 0, 6], [0, bad, 0]), 10, 100)
    np.testing.assert_array_equal(shown, [5, np.nan, 6])
    quality = np.zeros(10_000, int)
    quality[4_000:6_000] = bad
    points = Points.of([1] * 10_000, list(range(10_000)), [1.0] * 10_000, quality.tolist())
    t, shown = line(points, 100, 10)
    assert np.isnan(shown[(t >= 4_000) & (t < 6_000)]).all()
    assert len(t) < 400


def test_no_points_make_no_line() -> None:
    t, shown = line(Points.empty(), 10, 10)
    assert len(t) == len(shown) == 0
