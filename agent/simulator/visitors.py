"""Who comes in, when, by which door, for how long, and whether to buy: one day at a time.

A day's visits depend on (seed, date) alone, so history and live agree however time is stepped.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.simulator.calendar import is_day_off, trade_factor

SLOT_S = 900
# Share of a day's visitors by hour of day, of a shop among offices and flats.
_WORKING_DAY = (
    *(0.0,) * 6,
    *(1.2, 4.6, 7.4, 4.4, 3.6, 5.6, 10.2, 7.0, 4.2, 4.1, 4.4, 6.2, 9.2, 8.4, 6.7, 5.4, 3.9, 2.0),
)
_DAY_OFF = (
    *(0.0,) * 6,
    *(0.7, 2.0, 3.6, 4.8, 5.8, 6.5, 7.2, 6.9, 6.5, 6.6, 6.8, 7.2, 7.6, 7.6, 6.7, 5.3, 3.9, 2.3),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Seconds since the epoch; doors are 1 (front) and 2 (side)."""

    enter_s: float
    leave_s: float
    door_in: int
    door_out: int
    is_buying: bool


@dataclass(frozen=True, slots=True)
class Trade:
    """What sets one store's trade apart."""

    visitors_a_day: float
    conversion: float
    opens_at_h: int
    closes_at_h: int  # at most 24


def day_start_s(day: date, zone: ZoneInfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def visits_of(day: date, zone: ZoneInfo, trade: Trade, rng: random.Random) -> list[Visit]:
    """All visits that begin on `day`, in order of arrival."""
    by_hour = _DAY_OFF if is_day_off(day) else _WORKING_DAY
    expected = trade.visitors_a_day * trade_factor(day) * rng.lognormvariate(0.0, 0.05)
    scale = expected / sum(by_hour)
    start_s = day_start_s(day, zone)
    visits = []
    for slot in range(24 * 3600 // SLOT_S):
        hour = slot * SLOT_S // 3600
        if not trade.opens_at_h <= hour < trade.closes_at_h:
            continue
        mean = _slot_share(by_hour, slot) * scale
        # Gamma-mixed Poisson = negative binomial: buses and rain bring people in bunches.
        for _ in range(poisson(mean * rng.gammavariate(14.0, 1 / 14.0), rng)):
            enter_s = start_s + slot * SLOT_S + rng.random() * SLOT_S
            visits.append(_visit(enter_s, trade, rng))
    visits.sort(key=lambda visit: visit.enter_s)
    return visits


def next_day(day: date) -> date:
    return day + timedelta(days=1)


def poisson(mean: float, rng: random.Random) -> int:
    """Number of arrivals; counts exponential gaps, so meant for small means."""
    count = 0
    left = mean - rng.expovariate(1.0)
    while left > 0:
        count += 1
        left -= rng.expovariate(1.0)
    return count


def _slot_share(by_hour: tuple[float, ...], slot: int) -> float:
    """An hour's share runs smoothly into the next one's."""
    middle_h = (slot + 0.5) * SLOT_S / 3600 - 0.5
    before = int(middle_h) if middle_h >= 0 else 0
    after = min(before + 1, 23)
    weight = max(0.0, middle_h - before)
    share = by_hour[before] * (1 - weight) + by_hour[after] * weight
    return share * SLOT_S / 3600


def _visit(enter_s: float, trade: Trade, rng: random.Random) -> Visit:
    is_buying = rng.random() < trade.conversion
    minutes = rng.gammavariate(2.6, 1.9 if is_buying else 1.1)
    stay_s = min(25 * 60.0, max(25.0 if not is_buying else 70.0, minutes * 60))
    door_in = 1 if rng.random() < 0.7 else 2
    door_out = door_in if rng.random() < 0.82 else 3 - door_in
    return Visit(enter_s, enter_s + stay_s, door_in, door_out, is_buying)
