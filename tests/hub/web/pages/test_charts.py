"""What a chart shows: decimated on the server, gaps open, buckets aligned to the clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from hub.errors import InvalidError
from hub.timeseries.engines import open_timeseries
from hub.timeseries.port import Points
from hub.web.pages.charts import (
    MINUTE_MS,
    Channel,
    Span,
    Wanted,
    bar_chart,
    bars,
    edges_of,
    line_charts,
    step_ms,
    whole,
)

NOW = datetime(2025, 11, 23, 6, 5, 9, tzinfo=UTC)
HOUR_MS = 60 * MINUTE_MS


def test_the_address_names_a_range_or_two_instants() -> None:
    fourteen = Wanted().span(NOW)
    assert (fourteen.name, fourteen.end - fourteen.start) == ("14d", timedelta(days=14))
    assert Wanted("1d").span(NOW).start == NOW - timedelta(days=1)
    assert Wanted("nonsense").span(NOW, "3d").name == "3d"
    zoomed = Wanted("1d", 1_763_800_000_000, 1_763_803_600_000).span(NOW)
    assert (zoomed.name, zoomed.end - zoomed.start) == ("", timedelta(hours=1))


@pytest.mark.parametrize(("start", "end"), [(10, 5), (0, 1000), (0, 10**15)])
def test_a_range_that_no_chart_can_show_is_refused(start: int, end: int) -> None:
    with pytest.raises(InvalidError):
        Wanted("", start, end).span(NOW)


@pytest.mark.parametrize(
    ("days", "width", "minutes"), [(14, 900, 60), (14, 360, 120), (1, 900, 5), (1 / 24, 900, 1)]
)
def test_a_bucket_is_at_least_two_pixels_wide(days: float, width: int, minutes: int) -> None:
    span = Span("", NOW - timedelta(days=days), NOW)
    step = step_ms(span, width)
    assert step == minutes * MINUTE_MS
    assert len(edges_of(span, step)) - 1 <= max(120, width // 2) + 1


def test_buckets_begin_on_the_clock_and_cover_the_range() -> None:
    edges = edges_of(Span("", NOW - timedelta(hours=3), NOW), HOUR_MS)
    assert (edges % HOUR_MS == 0).all()
    assert edges[0] <= (NOW - timedelta(hours=3)).timestamp() * 1000 < edges[1]
    assert edges[-2] < NOW.timestamp() * 1000 <= edges[-1]


def test_a_short_peak_stays_and_a_gap_stays_open(tmp_path: Path) -> None:
    """TSD-11: a minute at 9 °C is seen at 14 days; an hour without readings is not zero."""
    start = int((NOW - timedelta(days=14)).timestamp() * 1000) // HOUR_MS * HOUR_MS
    t_ms = [start + i * MINUTE_MS for i in range(180) if not 60 <= i < 120]
    value = [9.04 if i == 30 else 4.0 for i in range(len(t_ms))]
    engine = open_timeseries("duckdb:", tmp_path)
    try:
        engine.write(Points.of([7] * len(t_ms), t_ms, value), 1)
        span = Span("", NOW - timedelta(days=14), NOW)
        (chart,) = line_charts(engine, [[Channel("cabinet-1/air", 7, 1)]], span, 900)
    finally:
        engine.close()
    line = chart["lines"][0]
    assert chart["n"] == len(line["mean"]) == 337
    assert line["high"][:3] == [90, None, 40]
    assert line["low"][:3] == [40, None, 40]
    assert line["scale"] == pytest.approx(0.1)


def test_bars_of_unknown_hours_are_missing_not_zero() -> None:
    starts = [NOW + timedelta(hours=n) for n in range(3)]
    chart = bar_chart(starts, [bars("in", np.array([0.0, np.nan, 12.0]))])
    assert chart["lines"][0]["mean"] == [0, None, 12]
    assert chart["x"] == [int(at.timestamp()) for at in starts]


def test_numbers_on_the_wire_are_whole() -> None:
    assert whole(np.array([1.26, np.nan, -0.04]), 0.1) == [13, None, 0]
