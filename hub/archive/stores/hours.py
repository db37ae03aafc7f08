"""Opening hours as people write them: `09:00-22:00` or `Mo-Fr 09:00-21:00; Sa,Su 10:00-22:00`.

A subset of the opening_hours syntax of OpenStreetMap. Hours past midnight are written `22:00-02:00`
and belong to the day they begin on; a day that no rule names is closed.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from hub.errors import T

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
WRONG = T(
    "请写成 09:00-22:00 或 Mo-Fr 09:00-21:00; Sa,Su 10:00-22:00。",
    "Write 09:00-22:00 or Mo-Fr 09:00-21:00; Sa,Su 10:00-22:00.",
)
_DAY = rf"(?:{'|'.join(DAYS)})"
_DAYS = rf"{_DAY}(?:-{_DAY})?"
_RULE = re.compile(
    rf"(?:(?P<days>{_DAYS}(?:,{_DAYS})*)\s+)?"
    r"(?P<from>[01]\d|2[0-3]):(?P<from_min>[0-5]\d)-(?P<to>[01]\d|2[0-4]):(?P<to_min>[0-5]\d)"
)
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Span:
    """Open on `day` (0 = Monday) from `start` to `end`, in minutes; end may pass 1,440."""

    day: int
    start: int
    end: int


def parse(text: str) -> tuple[Span, ...]:
    """The spans of a week; ValueError when the text is not such hours."""
    spans: dict[int, Span] = {}
    for part in text.split(";"):
        matched = _RULE.fullmatch(part.strip())
        if matched is None:
            raise ValueError(part)
        start = int(matched["from"]) * 60 + int(matched["from_min"])
        end = int(matched["to"]) * 60 + int(matched["to_min"])
        if end > _MINUTES_A_DAY or start == end:
            raise ValueError(part)
        end += _MINUTES_A_DAY if end < start else 0
        spans |= {day: Span(day, start, end) for day in _days(matched["days"])}
    return tuple(spans[day] for day in sorted(spans))


def _days(text: str | None) -> list[int]:
    if text is None:
        return list(range(7))
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found += [(start + n) % 7 for n in range((end - start) % 7 + 1)]
    return found


def problem(text: str) -> T | None:
    """What is wrong with hours as typed, or None."""
    try:
        parse(text)
    except ValueError:
        return WRONG
    return None


def is_open(spans: tuple[Span, ...], local: datetime) -> bool:
    """Whether a store with these hours is open at this moment of its own zone."""
    minute = local.hour * 60 + local.minute
    yesterday = (local.date() - timedelta(days=1)).weekday()
    return any(
        (span.day == local.weekday() and span.start <= minute < span.end)
        or (span.day == yesterday and minute < span.end - _MINUTES_A_DAY)
        for span in spans
    )


def hours_of(spans: tuple[Span, ...], day: int) -> tuple[time, time] | None:
    """Opening and closing time of a weekday (0 = Monday); None when closed."""
    for span in spans:
        if span.day == day:
            return _time(span.start), _time(span.end)
    return None


def _time(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
