"""Default thresholds by metric and kind of equipment, so that nothing must be configured to start.

Limits of cold equipment are offsets from its setpoint; all others are absolute. Windows are in
seconds of reading time. Sources of the numbers: 4 K above setpoint is the usual alarm offset of
cabinet controllers; −15 °C and 8 °C are where frozen and chilled goods stop being safe.
"""

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from hub.detection.findings import Rule, Severity

NAN = float("nan")
FREEZER_SETPOINT_C = -10.0  # below this a unit of unknown kind is taken for a freezer


class ColdKind(StrEnum):
    CABINET = "cabinet"
    FREEZER = "freezer"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One way a rule can fire: how long it must hold, how long it must be gone, how bad it is."""

    hold_s: float
    severity: Severity
    clear_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a series is watched for; NaN or None means: not for that."""

    high_rule: Rule = Rule.VALUE_HIGH
    low_rule: Rule = Rule.VALUE_LOW
    on_rule: Rule | None = None
    is_relative: bool = False
    is_suppressible: bool = False  # rests during a defrost
    high: float = NAN
    critical: float = NAN
    low: float = NAN
    hysteresis: float = 0.0
    shift: float = NAN  # the smallest level shift worth a word
    stuck_s: float = NAN
    on_high: Trigger = field(default_factory=lambda: Trigger(1800, Severity.HIGH))
    on_critical: Trigger = field(default_factory=lambda: Trigger(600, Severity.CRITICAL))
    on_low: Trigger = field(default_factory=lambda: Trigger(1800, Severity.MEDIUM))
    on_shift: Trigger = field(default_factory=lambda: Trigger(60, Severity.MEDIUM))
    on_state: Trigger = field(default_factory=lambda: Trigger(600, Severity.MEDIUM, 60))


_HOURS = 3600.0
_COLD_AIR = Limits(
    high_rule=Rule.TEMPERATURE_HIGH,
    low_rule=Rule.TEMPERATURE_LOW,
    is_relative=True,
    is_suppressible=True,
    high=4.0,
    critical=8.0,
    low=-4.5,
    hysteresis=1.0,
    shift=1.5,
    stuck_s=2 * _HOURS,
)
_FREEZER_AIR = replace(_COLD_AIR, high=5.0, critical=10.0, low=-10.0, shift=2.0)
_GOODS = replace(_COLD_AIR, is_suppressible=False, stuck_s=NAN, shift=1.0)
_FROZEN_GOODS = replace(_GOODS, high=5.0, critical=8.0, low=-10.0)

_COLD = {
    (ColdKind.CABINET, "air_temperature_c"): _COLD_AIR,
    (ColdKind.FREEZER, "air_temperature_c"): _FREEZER_AIR,
    (ColdKind.CABINET, "product_temperature_c"): _GOODS,
    (ColdKind.FREEZER, "product_temperature_c"): _FROZEN_GOODS,
}


def _probe(stuck_h: float = 6.0) -> Limits:
    return Limits(stuck_s=stuck_h * _HOURS)


def _state(rule: Rule, hold_s: float, severity: Severity) -> Limits:
    return Limits(on_rule=rule, on_state=Trigger(hold_s, severity, 60))


_MAINS = Limits(
    high=253.0,  # 230 V ± 10 %, EN 50160; China's 220 V + 7 % − 10 % lies inside
    low=198.0,
    hysteresis=3.0,
    on_high=Trigger(300, Severity.MEDIUM),
    on_low=Trigger(300, Severity.HIGH, 120),  # a lost phase is told by its own name before
)
_ANY = {
    "evaporator_temperature_c": _probe(),
    "suction_pressure_bar": _probe(),
    "discharge_pressure_bar": _probe(),
    "room_temperature_c": Limits(high=34.0, low=5.0, hysteresis=1.0, stuck_s=12 * _HOURS),
    "humidity_percent": _probe(12),
    "voltage_l1_v": _MAINS,
    "voltage_l2_v": _MAINS,
    "voltage_l3_v": _MAINS,
    "door_open": _state(Rule.DOOR_OPEN, 600, Severity.MEDIUM),
    "defrost_active": _state(Rule.DEFROST_LONG, 3600, Severity.MEDIUM),
    "alarm_active": _state(Rule.DEVICE_ALARM, 120, Severity.HIGH),
    "high_temperature_alarm": _state(Rule.DEVICE_ALARM, 60, Severity.HIGH),
    "low_temperature_alarm": _state(Rule.DEVICE_ALARM, 60, Severity.MEDIUM),
    "probe_fault": _state(Rule.PROBE_FAULT, 60, Severity.HIGH),
    "door_alarm": _state(Rule.DOOR_OPEN, 60, Severity.MEDIUM),
    "filter_alarm": _state(Rule.FILTER_CLOGGED, 600, Severity.LOW),
    "paper_out": _state(Rule.PAPER_OUT, 300, Severity.LOW),
    "battery_percent": Limits(low=15.0, hysteresis=5.0, on_low=Trigger(600, Severity.LOW)),
    "disk_percent": Limits(high=90.0, hysteresis=2.0, on_high=Trigger(600, Severity.MEDIUM)),
    "cpu_temperature_c": Limits(high=80.0, hysteresis=3.0, on_high=Trigger(600, Severity.MEDIUM)),
}


def cold_kind(equipment_kind: str | None, setpoint_c: float | None) -> ColdKind | None:
    """Cabinet or freezer, by the archive's word or else by the setpoint; None: not cold."""
    word = equipment_kind or ""
    if "freezer" in word:
        return ColdKind.FREEZER
    if setpoint_c is not None and setpoint_c <= FREEZER_SETPOINT_C:
        return ColdKind.FREEZER
    if "cold" in word or "cabinet" in word or setpoint_c is not None:
        return ColdKind.CABINET
    return None


@dataclass(frozen=True, slots=True)
class Override:
    """Other limits than the built-in ones, absolute; None leaves what is there."""

    high: float | None = None
    critical: float | None = None
    low: float | None = None
    hysteresis: float | None = None
    hold_s: float | None = None
    clear_s: float | None = None
    is_off: bool = False

    def over(self, general: "Override") -> "Override":
        """This one where it says something, the more general one elsewhere."""
        own = {name: value for name, value in asdict(self).items() if value is not None}
        return Override(**(asdict(general) | own))


def overridden(limits: Limits | None, setpoint_c: float | None, given: Override) -> Limits:
    """Limits as a chain wants them; from here on they are absolute."""
    found = limits or Limits()
    base = 0.0 if not found.is_relative else NAN if setpoint_c is None else setpoint_c
    parts = {name: base + getattr(found, name) for name in ("high", "critical", "low")}
    if given.is_off:
        parts = dict.fromkeys(parts, NAN)
    parts |= {
        name: value
        for name in ("high", "critical", "low", "hysteresis")
        if (value := getattr(given, name)) is not None
    }
    parts["critical"] = max(parts["critical"], parts["high"])  # never before the milder one
    times = {"hold_s": given.hold_s, "clear_s": given.clear_s}
    times = {name: value for name, value in times.items() if value is not None}
    triggers = {
        name: replace(getattr(found, name), **times)
        for name in ("on_high", "on_critical", "on_low")
    }
    return replace(found, is_relative=False, **parts, **triggers)


def limits_for(metric: str, equipment_kind: str | None, setpoint_c: float | None) -> Limits | None:
    """What to watch a series for; None: nothing."""
    kind = cold_kind(equipment_kind, setpoint_c)
    cold = _COLD.get((kind, metric)) if kind else None
    return cold or _ANY.get(metric)


# Columns of the conditions of a series, in this order everywhere.
SHIFT_UP, HIGH, CRITICAL, SHIFT_DOWN, LOW, STUCK, ON = range(7)
N_TRIGGERS = 7
TRIGGERS = (
    "shift-up",
    "above-limit",
    "above-critical",
    "shift-down",
    "below-limit",
    "stuck",
    "state",
)
# A group is what one alert is about: the worst of its triggers is the alert's severity.
UP, DOWN, FLAT, STATE = range(4)
N_GROUPS = 4
GROUPS = ((SHIFT_UP, HIGH, CRITICAL), (SHIFT_DOWN, LOW), (STUCK,), (ON,))

PARAMS = np.dtype(
    [
        ("hold_s", "<f8", (N_TRIGGERS,)),
        ("clear_s", "<f8", (N_TRIGGERS,)),
        ("severity", "u1", (N_TRIGGERS,)),
    ]
)
# Rows of the table that every reading is compared with, one column a kind of series; limits are
# absolute, and NaN where there is none.
RULE_ROWS = ("top", "high", "critical", "low", "hysteresis", "shift", "stuck_s", "state", "rests")


def params_of(limits: Limits) -> NDArray[np.void]:
    """One row of PARAMS."""
    shift, stuck = limits.on_shift, Trigger(0, Severity.MEDIUM, 60)
    triggers = (shift, limits.on_high, limits.on_critical, shift, limits.on_low, stuck)
    columns = (*triggers, limits.on_state)
    row = np.zeros(1, PARAMS)
    row["hold_s"] = [trigger.hold_s for trigger in columns]
    row["clear_s"] = [trigger.clear_s for trigger in columns]
    row["severity"] = [trigger.severity for trigger in columns]
    return row


def rules_of(limits: Limits, setpoint_c: float | None) -> NDArray[np.float64]:
    """One column of the table: a value for each of RULE_ROWS."""
    base = 0.0
    if limits.is_relative:
        base = NAN if setpoint_c is None else setpoint_c
    high, critical = base + limits.high, base + limits.critical
    return np.array(
        [
            np.fmin(high, critical),
            high,
            critical,
            base + limits.low,
            limits.hysteresis,
            limits.shift,
            limits.stuck_s,
            0.5 if limits.on_rule is not None else NAN,
            float(limits.is_suppressible),
        ]
    )


def rule_of(limits: Limits, group: int) -> Rule:
    """The rule that a group of triggers of such a series speaks for."""
    if group == STATE:
        return limits.on_rule or Rule.DEVICE_ALARM
    return (limits.high_rule, limits.low_rule, Rule.SENSOR_STUCK)[group]
