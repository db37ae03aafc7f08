"""Slow causes of cold machines: refrigerant, drifting probes, goods too warm, what is ahead."""

import numpy as np
from numpy.typing import NDArray

from hub.detection.holding import LIMIT, USUAL, VALUE, Bools, Floats
from hub.detection.minutes import (
    AIR,
    COMPRESSOR,
    CONTROL,
    DEFROST,
    EVAPORATOR,
    PRODUCT,
    SUCTION,
)
from hub.detection.trends import (
    AHEAD,
    FLEET,
    KINETIC,
    REFRIGERANT,
    STEP_MIN,
    TWIN,
    Look,
    calm,
    follow,
    is_known,
    off,
    sigma,
)

AFTER_DEFROST_MIN = 45.0
DAY_MIN = 1440.0
ATMOSPHERE_BAR = 1.013
SUCTION_SHARE = 0.93  # of the usual absolute pressure
STARVED_K = 1.2  # the coil's probe so much nearer to the air than usual
MORE_DUTY = 0.06
TWIN_K, TWIN_SIGMAS = 0.8, 6.0
GOODS_TWIN_K = 1.6  # goods follow the air hours later
ACTIVATION_K = 10_000.0  # activation energy over the gas constant: 83.14 kJ/mol
ZERO_K = 273.15
KINETIC_MARGIN_K = 1.0  # below the limit of the goods
KINETIC_MORE_K = 1.0  # above its own usual
FAST_MIN, SLOW_MIN = 30.0, 120.0
SETTLE_MIN = 180.0
SILENCE_MIN = 30
AHEAD_H = 8.0
SLOPE_K_H, SLOPE_SIGMAS = 0.3, 5.0
NEAR_K = 3.0  # below the limit: further off, a slope is a change of the day
FLEET_SIZE = 5
FLEET_DUTY, FLEET_MADS = 0.2, 5.0
MAD_SIGMA = 1.4826


def look_at_cooling(look: Look, flags: Bools, shown: Floats) -> None:
    """Fill in the causes of cold machines."""
    values = look.values
    defrosts = values[:, DEFROST] > 0.5
    has_defrosts = ~np.isnan(values[:, DEFROST])
    since = look.minutes["since_defrost_min"]
    settled = ~has_defrosts | (~defrosts & (since >= AFTER_DEFROST_MIN))
    cools = settled & (values[:, COMPRESSOR] > 0.5)
    _refrigerant(look, cools, flags, shown)
    _twin(look, settled, flags, shown)
    _kinetic(look, flags, shown)
    _ahead(look, settled, flags, shown)


def _refrigerant(look: Look, cools: Bools, flags: Bools, shown: Floats) -> None:
    """Less charge: the compressor works more and draws less, or its coil is starved."""
    book, values = look.book, look.values
    is_young = ~is_known(book["duty"])
    learns = is_young | (calm(book, REFRIGERANT) & (off(book["duty"]) < MORE_DUTY / 2))
    speaks = ~np.isnan(values[:, COMPRESSOR])
    suction, depth = values[:, SUCTION], values[:, AIR] - values[:, EVAPORATOR]
    follow(book["suction"], suction, cools & ~np.isnan(suction), DAY_MIN, learns)
    follow(book["depth"], depth, cools & ~np.isnan(depth), DAY_MIN, learns)
    follow(book["duty"], look.minutes["duty"], speaks, DAY_MIN, learns)
    works_more = off(book["duty"]) > np.maximum(MORE_DUTY, 3.0 * sigma(book["duty"]))
    track = book["suction"]
    draws = track["level"] + ATMOSPHERE_BAR
    usual = track["usual"] + ATMOSPHERE_BAR
    low = is_known(track) & (draws < SUCTION_SHARE * usual)
    low &= off(track) < -3.0 * sigma(track)
    track = book["depth"]
    starved = is_known(track) & (off(track) < -np.maximum(STARVED_K, 3.0 * sigma(track)))
    is_iced = is_known(track) & (off(track) > STARVED_K)
    short = works_more & (low | starved) & ~is_iced
    flags[:, REFRIGERANT] = is_known(book["duty"]) & short
    shown[:, REFRIGERANT, VALUE] = 100 * book["duty"]["level"]
    shown[:, REFRIGERANT, USUAL] = 100 * book["duty"]["usual"]


def _twin(look: Look, settled: Bools, flags: Bools, shown: Floats) -> None:
    """Two probes of one machine drift apart."""
    values, track = look.values, look.book["twin"]
    by_goods = np.isnan(values[:, CONTROL])
    twin = np.where(by_goods, values[:, PRODUCT], values[:, CONTROL])
    apart = values[:, AIR] - twin
    is_quiet = np.abs(off(track)) < TWIN_K / 2
    learns = calm(look.book, TWIN) & (is_quiet | ~is_known(track))
    follow(track, apart, settled & ~np.isnan(apart), 360.0, learns)
    least = np.where(by_goods, GOODS_TWIN_K, TWIN_K)
    bound = np.maximum(least, TWIN_SIGMAS * sigma(track))
    is_steady = calm(look.book, AHEAD) | ~by_goods
    flags[:, TWIN] = is_known(track) & is_steady & (np.abs(off(track)) > bound)
    shown[:, TWIN, VALUE], shown[:, TWIN, USUAL] = track["level"], track["usual"]


def _kinetic(look: Look, flags: Bools, shown: Floats) -> None:
    """Mean kinetic temperature of a day: warm hours count for more than cold ones make good."""
    values, track, safe_c = look.values, look.book["kinetic"], look.place.safe_c
    kept = np.where(np.isnan(values[:, PRODUCT]), values[:, AIR], values[:, PRODUCT])
    known = ~np.isnan(kept) & ~np.isnan(safe_c)
    pace = np.exp(-ACTIVATION_K / (np.where(known, kept, 0.0) + ZERO_K)) * 1e15
    follow(track, pace, known, DAY_MIN, calm(look.book, KINETIC))
    mean_c, usual_c = kinetic_c(track["level"]), kinetic_c(track["usual"])
    limit_c = safe_c - KINETIC_MARGIN_K
    is_warm = (mean_c > limit_c) & (mean_c > usual_c + KINETIC_MORE_K)
    flags[:, KINETIC] = is_known(track) & is_warm
    shown[:, KINETIC, VALUE], shown[:, KINETIC, USUAL] = mean_c, usual_c
    shown[:, KINETIC, LIMIT] = limit_c


def kinetic_c(pace: Floats) -> Floats:
    """The temperature at which things would age at this pace (× 1e-15)."""
    with np.errstate(divide="ignore"):
        found: Floats = -ACTIVATION_K / np.log(pace * 1e-15) - ZERO_K
    return found


def _ahead(look: Look, settled: Bools, flags: Bools, shown: Floats) -> None:
    """When the air will be at its limit if it goes on as in the last two hours."""
    book, air, safe_c = look.book, look.values[:, AIR], look.place.safe_c
    known = settled & ~np.isnan(air) & ~np.isnan(safe_c)
    now = np.where(known, air, book["fast"])
    begins = (book["settled_min"] == 0.0) & known
    book["fast"] = np.where(begins, now, book["fast"] + STEP_MIN / FAST_MIN * (now - book["fast"]))
    book["slow"] = np.where(begins, now, np.where(known, _toward(book["slow"], now), book["slow"]))
    book["settled_min"] += STEP_MIN * known
    slope = 60.0 * (book["fast"] - book["slow"]) / (SLOW_MIN - FAST_MIN)  # K an hour
    ready = known & (book["settled_min"] > SETTLE_MIN)
    track = book["slope"]
    follow(track, slope, ready, STEP_MIN, calm(book, AHEAD))
    level = book["fast"] + slope * FAST_MIN / 60.0
    rises = slope > np.maximum(SLOPE_K_H, SLOPE_SIGMAS * sigma(track))
    hours = (safe_c - level) / np.where(rises, slope, np.nan)
    usual = book["slow"] - slope * SLOW_MIN / 60.0
    is_near = level > safe_c - NEAR_K
    flags[:, AHEAD] = is_known(track) & rises & is_near & (hours < AHEAD_H) & (hours > 0.0)
    shown[:, AHEAD] = np.stack((level, usual, safe_c, hours), axis=1)


def _toward(slow: Floats, now: Floats) -> Floats:
    found: Floats = slow + STEP_MIN / SLOW_MIN * (now - slow)
    return found


def restart_after_silence(book: NDArray[np.void], minute: int) -> None:
    """What came before a silence says nothing about where the air is going."""
    is_gap = minute - book["minute"] > SILENCE_MIN
    book["settled_min"][is_gap] = 0.0


def look_at_fleet(
    look: Look,
    state: NDArray[np.void],
    models: tuple[NDArray[np.int32], NDArray[np.int32]],
    day: int,
    found: tuple[Bools, Floats],
) -> None:
    """Machines against others of their model: each shows its duty once a day, and is compared
    with what the others showed the day before. `models` are of these machines and of all."""
    flags, shown = found
    book, (mine, every) = look.book, models
    ready = is_known(book["duty"])
    turns = ready & (book["day"] != day)
    for model in np.unique(mine[turns & (mine > 0)]):
        peers = state[(every == model) & (state["day"] >= day - 1) & (state["day"] >= 0)]
        if len(peers) <= FLEET_SIZE:
            continue
        middle = float(np.median(peers["shown_duty"]))
        spread = MAD_SIGMA * float(np.median(np.abs(peers["shown_duty"] - middle)))
        bound = middle + max(FLEET_DUTY, FLEET_MADS * spread)
        rows = np.flatnonzero(turns & (mine == model))
        book["fleet_bound"][rows], book["fleet_usual"][rows] = bound, middle
    duty = book["duty"]["level"]
    book["shown_duty"] = np.where(turns, duty, book["shown_duty"])
    book["day"] = np.where(turns, day, book["day"])
    flags[:, FLEET] = ready & (book["fleet_bound"] > 0.0) & (duty > book["fleet_bound"])
    shown[:, FLEET, VALUE], shown[:, FLEET, USUAL] = 100 * duty, 100 * book["fleet_usual"]
