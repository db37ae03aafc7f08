import numpy as np

from hub.timeseries.port import Points
from hub.timeseries.remote.lines import LINES_AT_ONCE, batches


def test_lines_name_series_value_quality_and_milliseconds() -> None:
    points = Points.of([7, 8], [1_700_000_000_001, 2], [0.1, -3], [0, 1])
    assert b"".join(batches(points, "n", is_good_told=True)) == (
        b"n,series=7 value=0.1,quality=0i 1700000000001\nn,series=8 value=-3,quality=1i 2\n"
    )
    assert b"".join(batches(points, "n", is_good_told=False)) == (
        b"n,series=7 value=0.1 1700000000001\nn,series=8 value=-3,quality=1i 2\n"
    )


def test_digits_give_the_same_number_again() -> None:
    values = np.random.default_rng(1).normal(size=1000) * 10.0 ** np.arange(-250, 250, 0.5)
    lines = b"".join(
        batches(Points.of([1] * 1000, [1] * 1000, values.tolist()), "n", is_good_told=False)
    )
    found = [float(line.split(b"value=")[1].split()[0]) for line in lines.splitlines()]
    assert found == values.tolist()


def test_large_writes_go_in_several_requests_and_none_in_none() -> None:
    count = LINES_AT_ONCE + 1
    sizes = [
        body.count(b"\n")
        for body in batches(
            Points.of([1] * count, range(count), [0.0] * count), "n", is_good_told=True
        )
    ]
    assert sizes == [LINES_AT_ONCE, 1]
    assert list(batches(Points.empty(), "n", is_good_told=True)) == []
