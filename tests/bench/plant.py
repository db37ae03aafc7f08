"""Machines in numbers: many cold cabinets and freezers, air conditioners and meters at once, some
of them with a fault that begins on a given day. Array physics of our own, a step of 30 seconds;
what is measured on it is simulated.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DT_S = 30.0
COLD_METRICS = (
    "air_temperature_c",
    "product_temperature_c",
    "evaporator_temperature_c",
    "suction_pressure_bar",
    "compressor_running",
    "fan_running",
    "defrost_active",
    "door_open",
)
CLIMATE_METRICS = (
    "supply_temperature_c",
    "return_temperature_c",
    "fan_speed_percent",
    "heating_percent",
    "cooling_percent",
    "unit_running",
)
METER_METRICS = ("power_w", "voltage_l1_v", "voltage_l2_v", "voltage_l3_v")


@dataclass
class Group:
    """Machines of one kind; `fault` is a name for each, "" for a sound one."""

    fault: list[str]
    begins_min: int
    noise: np.random.Generator
    minute: int = 0
    masks: dict[str, Bools] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.fault)

    def step(self) -> Floats:
        """One minute; a row a channel."""
        raise NotImplementedError

    def has(self, name: str) -> Bools:
        """Where a fault is under way."""
        if self.minute < self.begins_min:
            return np.zeros(self.size, np.bool_)
        if name not in self.masks:
            self.masks[name] = np.array([one == name for one in self.fault])
        return self.masks[name]

    def since_h(self) -> float:
        return max(0.0, (self.minute - self.begins_min) / 60)

    def around(self, mean: float, share: float) -> Floats:
        return mean * (1 + share * self.noise.uniform(-1, 1, self.size))


@dataclass
class Cold(Group):
    """Thermostat, coil, goods, ice and charge; even machines are cabinets, odd ones freezers."""

    air: Floats = field(init=False)

    def __post_init__(self) -> None:
        frozen = np.arange(self.size) % 2 == 1
        self.frozen = frozen
        self.setpoint = np.where(frozen, -20.0, 4.0)
        self.band = np.where(frozen, 1.2, 1.0) * self.around(1.0, 0.2)
        self.suction_c = np.where(frozen, -33.0, -8.0) + self.around(0.5, 1.0)
        self.pull = self.around(0.00130, 0.1)
        self.leak = np.where(frozen, 0.00016, 0.00030) * self.around(1.0, 0.15)
        self.door_rate = np.where(frozen, 0.0011, 0.0018)
        self.every_min = np.where(frozen, 480, 360)
        self.defrost_min = np.where(frozen, 18, 10)
        self.air = self.setpoint + self.noise.normal(0, 0.3, self.size)
        self.goods, self.coil = self.air.copy(), self.air - 2
        self.on = self.noise.random(self.size) < 0.4
        self.rest_s, self.defrost_s, self.door_s = np.zeros((3, self.size))
        self.since_min = self.noise.uniform(0, 360, self.size)
        self.ice = np.zeros(self.size)
        self.leak = np.where([one == "unlike-the-fleet" for one in self.fault], 2.1, 1) * self.leak
        self.offset = np.zeros(self.size)

    def step(self) -> Floats:
        """One minute; the channels of COLD_METRICS."""
        hour = self.minute / 60 % 24
        opens = 0.06 if 8 <= hour < 21 else 0.004
        visits = self.noise.random(self.size) < opens
        self.door_s += visits * self.noise.uniform(8, 40, self.size)
        self.offset = np.where(self.has("probe-drift"), 0.3 * self.since_h() / 24, 0.0)
        weak = np.where(self.has("limit-ahead"), max(0.0, 1 - self.since_h() / 14), 1.0)
        weak = np.where(self.has("compressor-never-rests"), 0.42, weak)
        self.charge = np.where(self.has("refrigerant-low"), 1 - 0.05 * self.since_h() / 24, 1.0)
        self.strength = weak * np.clip(self.charge, 0.2, 1.0)
        self.has_fan = ~self.has("fan-stopped")
        grows = np.where(self.has("evaporator-iced"), 1 / 2000, 0.0)
        self.ice = np.clip(self.ice + grows, 0, 0.85)
        room = 22 + 3 * np.sin((hour - 9) / 24 * 2 * np.pi)
        for _ in range(2):
            self._control()
            self._move(room)
        self.minute += 1
        return self._readings()

    def _control(self) -> None:
        seen = self.air + self.offset
        self.rest_s = np.maximum(0, self.rest_s - DT_S)
        self.since_min += DT_S / 60
        due = (self.since_min >= self.every_min) & ~self.has("defrost-overdue")
        self.since_min[due], self.defrost_s[due] = 0.0, 60.0 * self.defrost_min[due]
        runs_on = self.has("defrost-long") & (self.defrost_s > 0)
        was = self.defrost_s > 0
        self.defrost_s = np.maximum(0, self.defrost_s - np.where(runs_on, 0, DT_S))
        self.rest_s[was & (self.defrost_s <= 0)] = 90.0
        defrosts = self.defrost_s > 0
        warm = self.has("mean-kinetic-temperature-high") * np.where(self.frozen, 4.6, 3.6)
        target = self.setpoint + warm
        stops = self.on & (seen <= target - self.band)
        flutters = self.has("short-cycling")
        stops |= self.on & flutters & (self.noise.random(self.size) < 0.35)
        starts = ~self.on & (self.rest_s <= 0) & (seen >= target + self.band)
        starts |= ~self.on & flutters & (self.rest_s <= 0) & (seen > target - self.band)
        self.rest_s[stops] = np.where(flutters[stops], 60.0, 120.0)
        self.on = ((self.on & ~stops) | starts) & ~defrosts

    def _move(self, room: float) -> None:
        defrosts = self.defrost_s > 0
        heats = ~self.has("defrost-failed")
        held = self.has("door-open")
        self.open = held | (self.door_s > 0)
        self.door_s = np.maximum(0, self.door_s - DT_S)
        airflow = np.where(self.has_fan, 1 - self.ice, 0.08)
        starved = 9.0 * (1 - self.charge)
        cold = self.suction_c - 9.0 * (1 - airflow) + starved
        load = self.air - (self.air - np.minimum(self.air - 1, cold)) * self.strength
        thaw = np.where(heats, np.where(self.frozen, 6.0, 5.0), np.minimum(self.air + 1, -1.0))
        goal = np.where(defrosts, thaw, np.where(self.on, load, self.air))
        tau = np.where(defrosts, 200.0, np.where(self.on, 75.0, 150.0))
        self.coil += (1 - np.exp(-DT_S / tau)) * (goal - self.coil)
        blows = np.where(defrosts, 0.06, airflow)
        leak = self.leak + self.door_rate * self.open
        goods = 0.0007 * (self.goods - self.air)
        air = leak * (room - self.air) + goods + self.pull * blows * (self.coil - self.air)
        self.air += DT_S * air
        self.goods -= DT_S * goods / 16

    def _readings(self) -> Floats:
        normal = self.noise.normal
        seen = self.air + self.offset + normal(0, 0.06, self.size)
        spikes = self.has("probe-fault") & (self.noise.random(self.size) < 0.25)
        seen += spikes * normal(0, 9, self.size)
        pressure = 2.0 + 0.06 * (self.coil + 10) * np.where(self.frozen, 0.6, 1.0)
        pressure = np.where(self.on, pressure * (1 - 0.9 * (1 - self.charge)), pressure + 0.8)
        return np.stack(
            (
                np.round(seen, 1),
                np.round(self.goods + normal(0, 0.03, self.size), 1),
                np.round(self.coil + normal(0, 0.08, self.size), 1),
                np.round(pressure + normal(0, 0.02, self.size), 2),
                self.on.astype(float),
                (self.has_fan & (self.defrost_s <= 0)).astype(float),
                (self.defrost_s > 0).astype(float),
                self.open.astype(float),
            )
        )


@dataclass
class Climate(Group):
    """Air conditioners that run from eight to nine in the evening, in a cooling season."""

    def __post_init__(self) -> None:
        self.room = 24 + self.noise.normal(0, 0.3, self.size)
        self.on = np.zeros(self.size, np.bool_)
        self.delta = self.around(11.0, 0.1)

    def step(self) -> Floats:
        hour, day = self.minute / 60 % 24, self.minute // 1440
        is_open = np.full(self.size, 8 <= hour < 21)
        forgotten = self.has("runs-outside-its-hours") & (day % 2 == 0)
        runs = is_open | (forgotten & (hour >= 21))
        outside = 28 + 5 * np.sin((hour - 9) / 24 * 2 * np.pi) + 2 * np.sin(day)
        self.on = runs & ((self.room > 25.5) | (self.on & (self.room > 24.5)))
        clog = np.where(self.has("filter-clogged"), min(0.6, 0.08 * self.since_h() / 24), 0.0)
        drop = self.delta / (1 - clog) * self.on
        gain = 0.0025 * (outside - self.room) + 0.02 * is_open
        self.room += gain - 0.012 * (1 - clog) * drop
        fan = np.where(runs, np.where(self.on, 65 + 8 * np.clip(self.room - 25, 0, 2), 40), 0)
        heat = np.where(self.has("heats-and-cools"), 35.0 * self.on, 0.0)
        normal = self.noise.normal
        self.minute += 1
        return np.stack(
            (
                self.room - drop + normal(0, 0.1, self.size),
                self.room + 0.4 + normal(0, 0.05, self.size),
                fan.astype(float),
                heat,
                100.0 * self.on,
                runs.astype(float),
            )
        )


@dataclass
class Meter(Group):
    """A store's meter: a base load that cycles, lights and trade by day."""

    def __post_init__(self) -> None:
        self.base = self.around(1800.0, 0.3)

    def step(self) -> Floats:
        hour, day = self.minute / 60 % 24, self.minute // 1440
        drift = 1 + 0.03 * np.sin(day / 3 + self.base)
        power = self.base * drift + self.noise.normal(0, 180, self.size)
        power += 2600 * (8 <= hour < 21)
        night = self.has("night-load") & (hour < 7 or hour >= 21)
        power += np.where(night, 0.45 * self.base, 0.0)
        volts = 226 + self.noise.normal(0, 1.5, (3, self.size))
        volts[1] *= np.where(self.has("phase-loss"), 0.4, 1.0)
        self.minute += 1
        return np.concatenate((np.maximum(power, 0)[None], volts))
