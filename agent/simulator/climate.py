"""The sales floor's air and the HVAC unit that keeps it: heat, cooling, humidity, CO₂."""

import math
import random
from enum import IntEnum


class HvacMode(IntEnum):
    """Codes of the metric `hvac_mode`."""

    OFF = 0
    COOLING = 1
    HEATING = 2
    VENTILATION = 3


_SETPOINT_C = {HvacMode.COOLING: 25.0, HvacMode.HEATING: 20.0}
_HYSTERESIS_K = 0.5
_FULL_LOAD_W = 4_600.0
_FAN_W = 380.0


class Climate:
    """One zone and one unit, stepped by at most 10 s."""

    def __init__(self, rng: random.Random, outdoor_c: float) -> None:
        self._rng = rng
        self._noise = random.Random(rng.random())
        self.room_c = min(25.0, max(19.5, outdoor_c))
        self.supply_c = self.room_c
        self.outdoor_c = outdoor_c
        self.mode = HvacMode.OFF
        self.is_running = False
        self.fan_percent = 0.0
        self._co2_ppm = 520.0
        self._humidity_drift = 0.0
        self._trend_c = outdoor_c  # the last hours' outdoor temperature decides the season

    def step(self, dt: float, outdoor_c: float, people: int, is_open: bool, gain_w: float) -> None:
        """`gain_w` is the heat that lamps and machines leave in the room."""
        self.outdoor_c = outdoor_c
        self._trend_c += dt * (outdoor_c - self._trend_c) / (6 * 3600)
        self._control(is_open)
        exchange = 0.000028
        if self.mode is HvacMode.VENTILATION and self.room_c > 22.0:
            exchange = 0.00009  # fresh air is the cheapest cooling
        heat = exchange * (outdoor_c - self.room_c) + (gain_w + 90.0 * people) / 1.1e7
        fan = self.fan_percent / 100
        coil_c = self.room_c
        if self.is_running and self.mode is HvacMode.COOLING:
            coil_c = self.room_c - 11.5
        elif self.is_running and self.mode is HvacMode.HEATING:
            coil_c = self.room_c + 15.0
        self.supply_c += dt * (coil_c - self.supply_c) / 90.0
        self.room_c += dt * (heat + 0.00016 * fan * (self.supply_c - self.room_c))
        self._co2_ppm += dt * (people * 0.055 - (self._co2_ppm - 430.0) * (0.0003 + 0.0007 * fan))
        self._humidity_drift += -dt * self._humidity_drift / 7200 + math.sqrt(
            dt
        ) * self._rng.uniform(-0.04, 0.04)

    def power_w(self) -> float:
        fan = _FAN_W * (self.fan_percent / 100) ** 2
        if not self.is_running or self.mode is HvacMode.VENTILATION:
            return fan + 20.0
        lift = abs(self.outdoor_c - self.room_c)
        return fan + _FULL_LOAD_W * (0.72 + 0.016 * lift)

    def readings(self) -> dict[str, float]:
        gauss = self._noise.gauss
        humidity = 52.0 + 0.75 * (self._trend_c - 15.0) + self._humidity_drift
        if self.is_running and self.mode is HvacMode.COOLING:
            humidity -= 4.0
        has_heat = self.is_running and self.mode is not HvacMode.VENTILATION
        return {
            "hvac_mode": float(self.mode),
            "unit_running": float(self.mode is not HvacMode.OFF),
            "compressor_running": float(has_heat),
            "supply_temperature_c": self.supply_c + gauss(0.0, 0.1),
            "return_temperature_c": self.room_c + 0.4 + gauss(0.0, 0.05),
            "room_temperature_c": self.room_c + gauss(0.0, 0.05),
            "outdoor_temperature_c": self.outdoor_c + gauss(0.0, 0.08),
            "setpoint_c": _SETPOINT_C.get(self.mode, 23.0),
            "fan_speed_percent": self.fan_percent,
            "heating_percent": 100.0 * (has_heat and self.mode is HvacMode.HEATING),
            "cooling_percent": 100.0 * (has_heat and self.mode is HvacMode.COOLING),
            "humidity_percent": min(92.0, max(22.0, humidity + gauss(0.0, 0.3))),
            "co2_ppm": max(400.0, self._co2_ppm + gauss(0.0, 6.0)),
            "power_w": self.power_w(),
            "alarm_active": 0.0,
            "alarm_code": 0.0,
            "filter_alarm": 0.0,
        }

    def _control(self, is_open: bool) -> None:
        self.mode = self._mode(is_open)
        setpoint_c = _SETPOINT_C.get(self.mode)
        if setpoint_c is None:
            self.is_running = False
            self.fan_percent = 30.0 if self.mode is HvacMode.VENTILATION else 0.0
            return
        sign = 1.0 if self.mode is HvacMode.COOLING else -1.0
        excess = sign * (self.room_c - setpoint_c)
        if excess >= _HYSTERESIS_K:
            self.is_running = True
        elif excess <= -_HYSTERESIS_K:
            self.is_running = False
        self.fan_percent = min(100.0, 62.0 + 20.0 * max(0.0, excess)) if self.is_running else 40.0

    def _mode(self, is_open: bool) -> HvacMode:
        if not is_open:
            return HvacMode.OFF
        if self.room_c > 25.2 or (self.mode is HvacMode.COOLING and self.room_c > 23.5):
            return HvacMode.COOLING
        if self.room_c < 19.8 or (self.mode is HvacMode.HEATING and self.room_c < 21.5):
            return HvacMode.HEATING
        return HvacMode.VENTILATION
