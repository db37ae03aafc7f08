"""Outdoor temperature of a temperate Chinese city: season, hour, and weather that lasts days."""

import math
import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


class Weather:
    """A pure function of (seed, instant); the days already asked for are kept."""

    def __init__(self, seed: int, zone: ZoneInfo) -> None:
        self._seed = seed
        self._zone = zone
        self._days: dict[date, float] = {}
        self._minute = 0.0
        self._outdoor_c = 0.0

    def outdoor_c(self, at_s: float) -> float:
        """To the minute: weather is asked far more often than it changes."""
        minute = at_s // 60
        if minute != self._minute:
            self._minute = minute
            self._outdoor_c = self._work_out(minute * 60)
        return self._outdoor_c

    def _work_out(self, at_s: float) -> float:
        local = datetime.fromtimestamp(at_s, UTC).astimezone(self._zone)
        hour = local.hour + local.minute / 60
        into_day = hour / 24
        today = self._day_mean(local.date())
        other = self._day_mean(local.date() + timedelta(days=1 if into_day >= 0.5 else -1))
        weight = abs(into_day - 0.5)
        return today * (1 - weight) + other * weight + 4.2 * math.cos((hour - 15) * math.pi / 12)

    def _day_mean(self, day: date) -> float:
        mean = self._days.get(day)
        if mean is None:
            rng = random.Random(f"{self._seed}:weather:{day.isoformat()}")
            season = 17.2 - 12.3 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 24) / 365.25)
            mean = self._days[day] = season + rng.gauss(0.0, 2.0)
        return mean
