import numpy as np

from hub.timeseries.last import FIRST_SIZE, LastValues
from hub.timeseries.port import PointQuality, Points


def test_the_newest_of_a_batch_stays_and_names_the_series() -> None:
    last = LastValues()
    changed = last.apply(Points.of([5, 3, 5], [20, 10, 10], [2, 1, 9]))
    assert changed.tolist() == [3, 5]
    found = last.of([5, 3, 5])
    assert found.t_ms.tolist() == [20, 10, 20]
    assert found.value.tolist() == [2, 1, 2]


def test_an_older_point_changes_nothing() -> None:
    last = LastValues(Points.of([1], [100], [7]))
    assert last.apply(Points.of([1], [99], [8])).tolist() == []
    assert last.apply(Points.of([1], [100], [7])).tolist() == []
    assert last.of([1]).value.tolist() == [7]


def test_a_rewritten_newest_point_is_a_change() -> None:
    last = LastValues(Points.of([1], [100], [7]))
    stale = Points.of([1], [100], [0], [PointQuality.STALE])
    assert last.apply(stale).tolist() == [1]
    assert last.of([1]).quality.tolist() == [PointQuality.STALE]


def test_a_series_never_heard_of_is_missing_not_zero() -> None:
    """TSD-11."""
    last = LastValues()
    assert last.of([0, 9, 10**6, -1]).quality.tolist() == [PointQuality.MISSING] * 4
    last.apply(Points.of([9], [1], [1]))
    assert last.of([8, 9]).quality.tolist() == [PointQuality.MISSING, PointQuality.GOOD]


def test_it_grows_with_its_series() -> None:
    last = LastValues(Points.of([1], [1], [1]))
    big = 3 * FIRST_SIZE
    assert last.apply(Points.of([big], [5], [6])).tolist() == [big]
    assert last.of([1, big, big - 1]).value.tolist() == [1, 6, 0]


def test_nothing_changes_nothing() -> None:
    assert LastValues().apply(Points.empty()).dtype == np.int32
