"""Slow causes of air conditioning and energy: both at once, filters, wrong hours, base load."""

import numpy as np
from numpy.typing import NDArray

from hub.detection.holding import LIMIT, USUAL, VALUE, Bools, Floats
from hub.detection.minutes import (
    COOLING,
    FAN_SPEED,
    HEATING,
    POWER,
    RETURN,
    RUNNING,
    SUPPLY,
    VOLTAGES,
)
from hub.detection.trends import (
    BOTH,
    FILTER,
    NIGHT,
    NIGHTS,
    SCHEDULE,
    WEEK_HOURS,
    Look,
    calm,
    follow,
    is_known,
    off,
    sigma,
)

BOTH_PERCENT = 10.0
WORKS_PERCENT = 30.0
AIRFLOW_MIN = 360.0
AIRFLOW_SHARE = 1.3  # of the usual difference between return and supply
FAN_MORE_PERCENT = 12.0
RUNS_PERCENT = 5.0
NEVER_RUNS = 0.04
LEAST_LOOKS = 24  # of an hour of the week: two weeks
MOST_LOOKS = 72
NIGHT_BEGINS, NIGHT_ENDS = 60, 300  # local minutes of the day
LEAST_NIGHTS = 5
NIGHT_SHARE, NIGHT_LEAST_W = 1.25, 200.0
DAY = 1440
THURSDAY_MIN = 3 * DAY  # 1970-01-01 was one


def look_at_plant(look: Look, flags: Bools, shown: Floats) -> None:
    """Fill in the causes of air conditioning and meters."""
    values = look.values
    heating, cooling = values[:, HEATING], values[:, COOLING]
    flags[:, BOTH] = (heating > BOTH_PERCENT) & (cooling > BOTH_PERCENT)
    shown[:, BOTH, VALUE], shown[:, BOTH, USUAL] = heating, cooling
    if (~np.isnan(values[:, FAN_SPEED])).any():
        _filter(look, np.fmax(heating, cooling), flags, shown)
    _schedule(look, flags, shown)
    meters = np.flatnonzero(np.isfinite(values[:, VOLTAGES]).any(axis=1))
    if len(meters):
        _night(look, meters, flags, shown)


def _filter(look: Look, works: Floats, flags: Bools, shown: Floats) -> None:
    """Less air: what passes gets colder or warmer than usual, or the fan has to turn faster."""
    book, values = look.book, look.values
    learns = calm(book, FILTER)
    runs = works > WORKS_PERCENT
    change = np.abs(values[:, RETURN] - values[:, SUPPLY]) / np.maximum(works / 100, 0.3)
    learns &= ~is_known(book["airflow"]) | (off(book["airflow"]) < 0.1 * book["airflow"]["usual"])
    follow(book["airflow"], change, runs & ~np.isnan(change), AIRFLOW_MIN, learns)
    follow(book["fan_speed"], values[:, FAN_SPEED], runs, AIRFLOW_MIN, learns)
    airflow, speed = book["airflow"], book["fan_speed"]
    far = np.maximum((AIRFLOW_SHARE - 1.0) * airflow["usual"], 4.0 * sigma(airflow))
    fast = np.maximum(FAN_MORE_PERCENT, 4.0 * sigma(speed))
    has_air, has_speed = _known_hours(airflow), _known_hours(speed)
    flags[:, FILTER] = (has_air & (off(airflow) > far)) | (has_speed & (off(speed) > fast))
    shown[:, FILTER, VALUE], shown[:, FILTER, USUAL] = airflow["level"], airflow["usual"]


def _known_hours(track: NDArray[np.void]) -> Bools:
    """Air conditioning runs for part of the day: two days of work are enough."""
    found: Bools = track["seen_min"] >= 2 * DAY
    return found


def _schedule(look: Look, flags: Bools, shown: Floats) -> None:
    """Runs in an hour of the week in which it has never run."""
    book, values = look.book, look.values
    speed, running = values[:, FAN_SPEED], values[:, RUNNING]
    is_plant = ~np.isnan(speed) | ~np.isnan(running)
    if not is_plant.any():
        return
    runs = np.where(np.isnan(running), speed > RUNS_PERCENT, running > 0.5)
    hour = (look.place.local_min + THURSDAY_MIN) // 60 % WEEK_HOURS
    rows = np.arange(len(book))
    share, looks = book["runs"], book["looks"]
    before = share[rows, hour]
    never = (before < NEVER_RUNS) & (looks[rows, hour] >= LEAST_LOOKS)
    flags[:, SCHEDULE] = is_plant & runs & never
    shown[:, SCHEDULE, VALUE], shown[:, SCHEDULE, USUAL] = speed, 100.0 * before
    learns = is_plant & ~flags[:, SCHEDULE]
    count = np.minimum(looks[rows, hour] + learns, MOST_LOOKS)
    weight = np.where(learns, 1.0 / np.maximum(count, 1), 0.0)
    share[rows, hour] += weight * (runs - before)
    looks[rows, hour] = count


def _night(look: Look, meters: NDArray[np.intp], flags: Bools, shown: Floats) -> None:
    """The mean power between one and five at night, against the last two weeks' nights."""
    book = look.book[meters]
    power, local = look.values[meters, POWER], look.place.local_min[meters]
    today, minute = local // DAY, local % DAY
    is_night = (minute >= NIGHT_BEGINS) & (minute < NIGHT_ENDS) & ~np.isnan(power)
    ended = (book["night_count"] > 0) & ((book["night"] != today) | (minute >= NIGHT_ENDS))
    _close_nights(book, np.flatnonzero(ended & (book["night_count"] >= 24)))
    book["night_sum"][ended] = book["night_count"][ended] = 0.0
    book["night_sum"] += np.where(is_night, power, 0.0)
    book["night_count"] += is_night
    book["night"] = np.where(is_night, today, book["night"])
    usual = book["usual_night_w"]
    limit = np.maximum(NIGHT_SHARE * usual, usual + NIGHT_LEAST_W)
    flags[meters, NIGHT] = (usual > 0) & (book["night_w"] > limit)
    shown[meters, NIGHT, VALUE], shown[meters, NIGHT, USUAL] = book["night_w"], usual
    shown[meters, NIGHT, LIMIT] = limit
    look.book[meters] = book


def _close_nights(book: NDArray[np.void], rows: NDArray[np.intp]) -> None:
    """The night before goes into the ring when the next one is over, so that it is not its own
    measure; a load that stays for a week is the new usual."""
    if not len(rows):
        return
    place = book["night_number"][rows] % NIGHTS
    has_before = book["night_w"][rows] > 0
    book["nights"][rows[has_before], place[has_before]] = book["night_w"][rows[has_before]]
    book["night_number"][rows] += has_before
    book["night_w"][rows] = book["night_sum"][rows] / book["night_count"][rows]
    nights = book["nights"][rows]
    known = np.isfinite(nights).sum(axis=1) >= LEAST_NIGHTS
    book["usual_night_w"][rows[known]] = np.nanmedian(nights[known], axis=1)
