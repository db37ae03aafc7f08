"""Opening hours as people write them (STO-01)."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from hub.archive.stores.hours import hours_of, is_open, parse, problem

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY, SATURDAY, SUNDAY = 2, 7, 8  # of March 2026


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{day:02d}T{clock}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("hours", "day", "clock", "expected"),
    [
        ("09:00-22:00", MONDAY, "09:00", True),
        ("09:00-22:00", MONDAY, "08:59", False),
        ("09:00-22:00", SUNDAY, "22:00", False),
        ("00:00-24:00", SUNDAY, "23:59", True),
        ("Mo-Fr 09:00-21:00; Sa,Su 10:00-22:00", SATURDAY, "09:30", False),
        ("Mo-Fr 09:00-21:00; Sa,Su 10:00-22:00", SATURDAY, "21:30", True),
        ("Mo-Sa 09:00-21:00", SUNDAY, "12:00", False),
        ("Fr-Mo 09:00-21:00", MONDAY, "12:00", True),
        ("Sa 22:00-02:00", SUNDAY, "01:59", True),
        ("Sa 22:00-02:00", SUNDAY, "02:00", False),
        ("Sa 22:00-02:00", SATURDAY, "01:00", False),
        ("09:00-22:00; Su 10:00-18:00", SUNDAY, "20:00", False),
    ],
)
def test_open_or_not(hours: str, day: int, clock: str, expected: bool) -> None:
    assert is_open(parse(hours), at(day, clock)) is expected


@pytest.mark.parametrize(
    "text",
    ["", "9-22", "09:00", "09:00-25:00", "09:00-24:30", "09:00-09:00", "Mx 09:00-22:00", "24h"],
)
def test_what_nobody_can_read_is_refused(text: str) -> None:
    assert problem(text) is not None


def test_the_hours_of_a_weekday() -> None:
    spans = parse("Mo-Fr 08:30-24:00")
    assert hours_of(spans, 0) == (time(8, 30), time(0))
    assert hours_of(spans, 6) is None
