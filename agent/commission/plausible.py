"""What a value of a healthy shop looks like: narrower than what a metric allows. Pure.

Wrong word orders and wrong profiles give numbers outside of these ranges nearly always.
"""

import math
from collections.abc import Sequence

from protocols.metrics import METRICS, Kind
from protocols.modbus.profile import Code

Range = tuple[float, float]

_EXACT: dict[str, Range] = {
    "frequency_hz": (45, 65),
    "humidity_percent": (1, 100),
    "power_factor": (-1, 1),
    "co2_ppm": (250, 10_000),
    "setpoint_c": (-40, 40),
    "alarm_code": (0, 65_535),
    "alarm_word": (0, 65_535),
    "warning_word": (0, 65_535),
}
_PREFIXES: dict[str, Range] = {
    "voltage_l12": (140, 520),
    "voltage_l23": (140, 520),
    "voltage_l31": (140, 520),
    "voltage_ll": (140, 520),
    "voltage_": (80, 300),
    "discharge_temp": (-40, 150),
}
_SUFFIXES: dict[str, Range] = {
    "_c": (-50, 95),
    "_percent": (0, 100),
    "_bar": (-1, 60),
    "_v": (0, 520),
    "_a": (-1_000, 1_000),
    "_w": (-500_000, 500_000),
    "_va": (0, 500_000),
    "_var": (-500_000, 500_000),
    "_kwh": (0, 10_000_000),
    "_kvarh": (0, 10_000_000),
    "_total": (0, 100_000_000),
}
_STATE: Range = (0, 255)
_ANY: Range = (-1e9, 1e9)
_TINY = 1e-6  # floats in the wrong order are mostly denormal


def typical(metric: str) -> Range:
    """What is to be expected of `metric` in a shop."""
    if found := _EXACT.get(metric):
        return found
    for prefix, expected in _PREFIXES.items():
        if metric.startswith(prefix) and metric.endswith("_v"):
            return expected
    known = METRICS.get(metric)
    if known is not None and known.kind is Kind.STATE:
        return _STATE
    for suffix, expected in _SUFFIXES.items():
        if metric.endswith(suffix):
            return expected
    low = known.minimum if known and known.minimum is not None else _ANY[0]
    high = known.maximum if known and known.maximum is not None else _ANY[1]
    return low, high


def is_plausible(metric: str, value: float, codes: Sequence[Code] = ()) -> bool:
    """Zero is always plausible: a phase that is not connected, a machine at rest."""
    if not math.isfinite(value) or 0 < abs(value) < _TINY:
        return False
    if codes:
        return value in {code.value for code in codes}
    low, high = typical(metric)
    return value == 0 or low <= value <= high


def shown(value: float) -> str:
    """As a display would show it: one decimal, two below one."""
    if value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"


def worth_showing(metric: str) -> int:
    """Sort key: what an installer compares with a display comes first."""
    return _FIRST.index(metric) if metric in _FIRST else 10 + _KINDS[METRICS[metric].kind]


_FIRST = (
    *("air_temperature_c", "room_temperature_c", "humidity_percent", "power_w", "energy_kwh"),
    *("in_count", "out_count"),
)
_KINDS = {Kind.GAUGE: 0, Kind.EVENT: 1, Kind.COUNTER: 2, Kind.STATE: 3, Kind.DOCUMENT: 4}
