"""As which day of the week a day trades: public holidays are like Sundays, moved workdays like
Wednesdays. China's calendar, as the State Council publishes it each autumn; days that nobody has
published yet, and other countries', are what they are.
"""

from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

CHINA = frozenset({"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "PRC"})
FESTIVAL_DOUBT = 0.16  # squared share by which trade on a holiday may differ from a Sunday's
_WEDNESDAY, _SATURDAY, _SUNDAY = 2, 5, 6
_EPOCH = date(1970, 1, 1)


@lru_cache(maxsize=8192)
def weekday(zone: ZoneInfo, day: int) -> int:
    """Monday is 0; `day` counts local days since 1970."""
    local = _EPOCH + timedelta(days=day)
    own = local.weekday()
    off = _is_off(zone, local)
    if off is None or off == (own >= _SATURDAY):
        return own
    return _SUNDAY if off else _WEDNESDAY


@lru_cache(maxsize=8192)
def is_festival(zone: ZoneInfo, day: int) -> bool:
    """Whether it is a public holiday, on which nobody knows how busy it will be."""
    local = _EPOCH + timedelta(days=day)
    if not _is_off(zone, local):
        return False
    name: str | None = chinese_calendar.get_holiday_detail(local)[1]
    return name is not None


def _is_off(zone: ZoneInfo, day: date) -> bool | None:
    if zone.key not in CHINA:
        return None
    try:
        return bool(chinese_calendar.is_holiday(day))
    except NotImplementedError:
        return None
