"""Data of the linked charts: few whole numbers, decimated to what the plot can show.

A line comes as low, high and mean of each bucket, so a short peak stays visible at any zoom; a gap
stays a gap. All lines of one answer share their buckets.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, TypedDict

import numpy as np
from fastapi import Query, Request
from numpy.typing import NDArray
from starlette.responses import Response

from hub.errors import InvalidError, T
from hub.timeseries.port import Buckets, TimeSeries
from hub.web.packing import packed_json

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
LAST_MS = 2**43  # in the year 2248


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


@dataclass(frozen=True)
class Wanted:
    """What a page asks of its charts, by the same names as in the page's own address."""

    range: str = ""
    start: Annotated[int | None, Query(alias="from", ge=0, le=LAST_MS)] = None
    end: Annotated[int | None, Query(alias="to", ge=0, le=LAST_MS)] = None
    width: Annotated[int, Query(ge=100, le=4000, description="pixels")] = 800

    def span(self, now: datetime, usual: str = DEFAULT_RANGE) -> Span:
        """Two instants, or a named range that ends at `now`; without either the `usual`."""
        if self.start is None or self.end is None:
            name = self.range if self.range in RANGES else usual
            return Span(name, now - RANGES[name], now)
        length = timedelta(milliseconds=self.end - self.start)
        if not SHORTEST <= length <= LONGEST:
            raise InvalidError(
                T("时段须在 5 分钟到 400 天之间。", "A range lasts from 5 minutes to 400 days.")
            )
        start = datetime.fromtimestamp(self.start / 1000, now.tzinfo)
        return Span("", start, start + length)


def answer(request: Request, span: Span, charts: Mapping[str, Chart]) -> Response:
    """What `chart.js` reads."""
    return packed_json(
        request,
        {"start": span.start_ms, "end": span.end_ms, "range": span.name, "charts": charts},
    )


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
