"""Data of the linked charts: few whole numbers, decimated to what the plot can show.

A line comes as low, high and mean of each bucket, so a short peak stays visible at any zoom; a gap
stays a gap. All lines of one answer share their buckets.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from hub.errors import InvalidError, T
from hub.timeseries.port import Buckets, TimeSeries

RANGES = {
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
    "14d": timedelta(days=14),
}
DEFAULT_RANGE = "14d"
MINUTE_MS = 60_000
STEPS_MS = tuple(m * MINUTE_MS for m in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440))
MIN_BUCKETS, MAX_BUCKETS = 120, 360
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Channel:
    """A series as a line; `digits` stay after the point."""

    key: str
    series: int
    digits: int


class Line(TypedDict):
    """Whole numbers in steps of `scale`; `low` and `high` are missing where bars are drawn."""

    key: str
    scale: float
    digits: int
    mean: list[int | None]
    low: list[int | None]
    high: list[int | None]


class Limit(TypedDict):
    value: float


class Mark(TypedDict):
    t: int
    severity: str


class Chart(TypedDict):
    """Lines are drawn in the middle of `n` equal buckets; bars begin at `x` (seconds)."""

    start: int
    step: int
    n: int
    x: list[int]
    bars: bool
    lines: list[Line]
    limits: list[Limit]
    marks: list[Mark]


@dataclass(frozen=True, slots=True)
class Span:
    """What a chart shows: `name` is one of RANGES, or "" when somebody zoomed."""

    name: str
    start: datetime
    end: datetime

    @property
    def start_ms(self) -> int:
        return int(self.start.timestamp() * 1000)

    @property
    def end_ms(self) -> int:
        return int(self.end.timestamp() * 1000)


def span_of(name: str | None, from_ms: int | None, to_ms: int | None, now: datetime) -> Span:
    """From the address: two instants, or the name of a range that ends now."""
    if from_ms is None or to_ms is None:
        known = name if name in RANGES else DEFAULT_RANGE
        return Span(known, now - RANGES[known], now)
    length = timedelta(milliseconds=to_ms - from_ms)
    if not SHORTEST <= length <= LONGEST:
        raise InvalidError(
            T("时段须在 5 分钟到 400 天之间。", "A range lasts from 5 minutes to 400 days.")
        )
    start = datetime.fromtimestamp(from_ms / 1000, now.tzinfo)
    return Span("", start, start + length)


def step_ms(span: Span, width_px: int, shortest_ms: int = MINUTE_MS) -> int:
    """The shortest step that gives at most one bucket for two pixels."""
    buckets = min(MAX_BUCKETS, max(MIN_BUCKETS, width_px // 2))
    least = max(shortest_ms, (span.end_ms - span.start_ms) / buckets)
    return next((step for step in STEPS_MS if step >= least), STEPS_MS[-1])


def edges_of(span: Span, step: int) -> NDArray[np.int64]:
    """Aligned to the clock, so that the same bucket is the same at every look."""
    first = span.start_ms // step * step
    count = math.ceil((span.end_ms - first) / step)
    return first + step * np.arange(count + 1, dtype=np.int64)


def line_charts(
    timeseries: TimeSeries, groups: Sequence[Sequence[Channel]], span: Span, width_px: int
) -> list[Chart]:
    """One chart for each group of channels, all from a single query over the same buckets."""
    step = step_ms(span, width_px)
    edges = edges_of(span, step)
    wanted = sorted({channel.series for group in groups for channel in group})
    found = timeseries.buckets(wanted, edges)
    row_of = {int(number): row for row, number in enumerate(found.series)}
    return [
        Chart(
            start=int(edges[0]),
            step=step,
            n=len(edges) - 1,
            x=[],
            bars=False,
            lines=[line_of(channel, found, row_of[channel.series]) for channel in group],
            limits=[],
            marks=[],
        )
        for group in groups
    ]


def line_of(channel: Channel, found: Buckets, row: int) -> Line:
    scale = 10.0**-channel.digits
    return Line(
        key=channel.key,
        scale=scale,
        digits=channel.digits,
        mean=whole(found.mean[row], scale),
        low=whole(found.min[row], scale),
        high=whole(found.max[row], scale),
    )


def bar_chart(starts: Sequence[datetime], lines: Sequence[Line]) -> Chart:
    """Bars from each start to the next; days need not be of one length."""
    x = [int(at.timestamp()) for at in starts]
    return Chart(start=0, step=0, n=len(x), x=x, bars=True, lines=list(lines), limits=[], marks=[])


def bars(key: str, values: NDArray[np.float64], digits: int = 0) -> Line:
    """One bar a bucket; NaN where nothing is known, which is not zero."""
    scale = 10.0**-digits
    return Line(key=key, scale=scale, digits=digits, mean=whole(values, scale), low=[], high=[])


def whole(values: NDArray[np.float64], scale: float) -> list[int | None]:
    """JSON has no NaN, and whole numbers are half the bytes."""
    rounded = np.rint(values / scale)
    return [None if value != value else int(value) for value in rounded.tolist()]
