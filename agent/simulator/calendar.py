"""How busy a day is: weekday, season and the Chinese festivals."""

import math
from datetime import date, timedelta

# First day and length of the festivals that follow the lunar calendar, and their share of trade.
_FESTIVALS = (
    # Spring Festival: offices empty, families at home
    (date(2025, 1, 28), 8, 0.62),
    (date(2026, 2, 16), 8, 0.62),
    (date(2027, 2, 5), 8, 0.62),
    (date(2028, 1, 25), 8, 0.62),
    # Dragon Boat
    (date(2025, 5, 31), 3, 1.12),
    (date(2026, 6, 19), 3, 1.12),
    (date(2027, 6, 9), 3, 1.12),
    (date(2028, 5, 28), 3, 1.12),
    # Mid-Autumn
    (date(2025, 10, 6), 1, 1.15),
    (date(2026, 9, 25), 3, 1.15),
    (date(2027, 9, 15), 3, 1.15),
    (date(2028, 10, 3), 1, 1.15),
)
_FIXED = ((1, 1, 1, 1.1), (4, 4, 3, 1.08), (5, 1, 5, 1.2), (10, 1, 7, 1.22))
_WEEKDAY = (0.99, 0.97, 0.98, 1.0, 1.08, 1.04, 0.95)


def is_day_off(day: date) -> bool:
    """Whether offices are closed: the hours of a weekend rather than those of a working day."""
    return day.weekday() >= 5 or _festival(day) is not None


def trade_factor(day: date) -> float:
    """Expected visitors of `day` as a share of an average day."""
    return (_festival(day) or _WEEKDAY[day.weekday()]) * _season(day)


def _season(day: date) -> float:
    """People buy cold drinks in July and stay at home in January."""
    return 1.0 + 0.09 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 205) / 365.25)


def _festival(day: date) -> float | None:
    for first, length, factor in _FESTIVALS:
        if timedelta(0) <= day - first < timedelta(days=length):
            return factor
    for month, first_day, length, factor in _FIXED:
        if 0 <= (day - date(day.year, month, first_day)).days < length:
            return factor
    return None
