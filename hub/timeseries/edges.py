"""Where buckets begin and end, by the clock on the store's wall.

A store's day begins at `day_start` of its zone and may last 23 to 25 hours. Buckets shorter than a
day count from that instant and never reach over into the next day; weeks begin on Monday.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from hub.errors import InvalidError, T

MAX_BUCKETS = 100_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unit(StrEnum):
    SECOND = "s"
    MINUTE = "m"
    HOUR = "h"
    DAY = "d"
    WEEK = "w"
    MONTH = "mo"
    YEAR = "y"


FIXED_MS = {Unit.SECOND: 1_000, Unit.MINUTE: 60_000, Unit.HOUR: 3_600_000}
DAY_MS = 24 * FIXED_MS[Unit.HOUR]
LONGEST = 1_000  # of any unit


@dataclass(frozen=True, slots=True)
class Width:
    """The width of a bucket, as "15m", "1h", "1d", "1w", "1mo", "1y"."""

    count: int
    unit: Unit

    @staticmethod
    def parse(text: str) -> "Width":
        match = re.fullmatch(r"([1-9][0-9]{0,3})(s|m|h|d|w|mo|y)", text, re.ASCII)
        width = Width(int(match[1]), Unit(match[2])) if match else None
        if width is None or width.count > LONGEST or width.fixed_ms > DAY_MS:
            raise InvalidError(BAD_WIDTH.format(text=repr(text)))
        return width

    @property
    def fixed_ms(self) -> int:
        """Its length, if that is the same always; 0 for a day and more."""
        return self.count * FIXED_MS.get(self.unit, 0)


BAD_WIDTH = T(
    "时间粒度 {text} 无效。示例：1m、15m、1h、1d、1w、1mo、1y；小于一天的不超过 24h。",
    "There is no bucket width {text}. Examples: 1m, 15m, 1h, 1d, 1w, 1mo, 1y; hours up to 24h.",
)
TOO_MANY = T(
    "时间范围内超过 {limit} 个时间段。请缩短时间范围，或选择更大的时间粒度。",
    "There are more than {limit} buckets in that time. Ask for less time or wider buckets.",
)


def edges(
    start: datetime, end: datetime, width: Width, zone: ZoneInfo, day_start: time = time.min
) -> NDArray[np.int64]:
    """Edges in ms of the buckets that touch [start, end); the first and last bucket are whole."""
    if not start < end:
        raise InvalidError(T("开始时间必须早于结束时间。", "The start must be before the end."))
    if width.fixed_ms:
        if (end - start) / timedelta(milliseconds=width.fixed_ms) > MAX_BUCKETS:
            raise InvalidError(TOO_MANY.format(limit=MAX_BUCKETS))
        days = _calendar_edges(start, end, Width(1, Unit.DAY), zone, day_start)
        every = [np.arange(a, b, width.fixed_ms, dtype=np.int64) for a, b in pairwise(days)]
        return _cut(np.append(np.concatenate(every), days[-1]), start, end)
    return np.array(_calendar_edges(start, end, width, zone, day_start), np.int64)


def _cut(edges_ms: NDArray[np.int64], start: datetime, end: datetime) -> NDArray[np.int64]:
    first = int(np.searchsorted(edges_ms, to_ms(start), "right")) - 1
    last = int(np.searchsorted(edges_ms, to_ms(end), "left"))
    return edges_ms[first : last + 1]


def _calendar_edges(
    start: datetime, end: datetime, width: Width, zone: ZoneInfo, day_start: time
) -> list[int]:
    """Instants of day starts, from the one at or before `start` to the one at or after `end`."""
    found: list[int] = []
    # One bucket earlier than the local date says: the day may begin later than the clock of start.
    first = start.astimezone(zone).date() - timedelta(days=1)
    for day in _dates(first, width):
        instant = to_ms(datetime.combine(day, day_start, zone))
        if instant <= to_ms(start):
            found = [instant]
        elif not found or instant > found[-1]:
            found.append(instant)
        if instant >= to_ms(end):
            return found
        if len(found) > MAX_BUCKETS:
            break
    raise InvalidError(TOO_MANY.format(limit=MAX_BUCKETS))


def _dates(day: date, width: Width) -> Iterator[date]:
    """Local dates on which a bucket begins, from the one at or before `day`."""
    n = width.count
    if width.unit in (Unit.DAY, Unit.WEEK):
        step = n if width.unit is Unit.DAY else 7 * n
        number = day.toordinal() - (day.toordinal() - 1) % step  # ordinal 1 was a Monday
        while number <= date.max.toordinal():
            yield date.fromordinal(number)
            number += step
        return
    months = n if width.unit is Unit.MONTH else 12 * n
    number = (day.year * 12 + day.month - 1) // months * months
    while number < 12 * (date.max.year + 1):
        if number >= 12 * date.min.year:
            yield date(number // 12, number % 12 + 1, 1)
        number += months


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970 of an aware instant, without a float in between."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def from_ms(t_ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=t_ms)
