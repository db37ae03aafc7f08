"""Days trade as the calendar of China says: moved workdays included (TSD-06)."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from hub.detection.days import is_festival, weekday
from hub.detection.profile import DAY_SLOTS
from hub.detection.trade import festive, week_slots

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("day", "trades_as", "is_holiday"),
    [
        (date(2026, 2, 17), 6, True),  # Spring Festival, a Tuesday
        (date(2026, 2, 14), 2, False),  # a Saturday that is worked for it
        (date(2026, 10, 1), 6, True),  # National Day, a Thursday
        (date(2026, 10, 10), 2, False),  # worked for it
        (date(2026, 10, 3), 5, True),  # a Saturday in it
        (date(2026, 11, 18), 2, False),
        (date(2026, 11, 21), 5, False),
    ],
)
def test_a_day_trades_as_its_calendar_says(day: date, trades_as: int, is_holiday: bool) -> None:
    assert weekday(SHANGHAI, number(day)) == trades_as
    assert is_festival(SHANGHAI, number(day)) is is_holiday


def test_what_nobody_published_and_other_countries_stay_as_they_are() -> None:
    assert weekday(SHANGHAI, number(date(2199, 10, 1))) == date(2199, 10, 1).weekday()
    assert weekday(BERLIN, number(date(2026, 2, 17))) == 1
    assert not is_festival(BERLIN, number(date(2026, 10, 1)))


def test_slots_follow_the_local_day() -> None:
    midnight = number(date(2026, 2, 17)) * DAY_SLOTS - 8 * 4  # in Shanghai
    slots = np.array([midnight - 1, midnight, midnight + DAY_SLOTS - 1, midnight + DAY_SLOTS])
    assert festive(slots, SHANGHAI).tolist() == [True, True, True, True]
    sunday = 6 * DAY_SLOTS
    assert week_slots(slots, SHANGHAI).tolist() == [sunday + 95, sunday, sunday + 95, sunday]
    assert week_slots(slots[:0], SHANGHAI).tolist() == []
