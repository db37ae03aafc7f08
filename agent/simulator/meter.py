"""Three-phase energy meter: what the machines draw, the lamps, and the rest of the store."""

import math
import random
from dataclasses import dataclass, field

_NOMINAL_V = 230.0


@dataclass(slots=True)
class Loads:
    """Active power in W by phase, and the share that motors make reactive."""

    phases: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    motor_w: float = 0.0

    def add(self, phase: int, power_w: float, is_motor: bool = False) -> None:
        self.phases[phase] += power_w
        self.motor_w += power_w if is_motor else 0.0

    def spread(self, power_w: float, is_motor: bool = False) -> None:
        for phase in range(3):
            self.add(phase, power_w / 3, is_motor)

    @property
    def total_w(self) -> float:
        return self.phases[0] + self.phases[1] + self.phases[2]


class Meter:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._noise = random.Random(rng.random())
        self.flicker_w = 0.0  # small loads that come and go
        self.energy_kwh = rng.uniform(8_000, 42_000)
        self._grid_v = 0.0

    def step(self, dt: float, loads: Loads) -> None:
        self.energy_kwh += loads.total_w * dt / 3.6e6
        swing = math.sqrt(dt) * self._rng.uniform(-12.0, 12.0)
        self.flicker_w = max(-150.0, self.flicker_w * (1 - dt / 600) + swing)
        pull = -dt * self._grid_v / 1800
        self._grid_v += pull + math.sqrt(dt) * self._rng.uniform(-0.06, 0.06)

    def readings(self, loads: Loads) -> dict[str, float]:
        gauss = self._noise.gauss
        total = loads.total_w
        reactive = 0.55 * loads.motor_w + 0.06 * total
        apparent = math.hypot(total, reactive)
        factor = total / apparent if apparent else 1.0
        values = {
            "power_w": total,
            "reactive_power_var": reactive,
            "apparent_power_va": apparent,
            "power_factor": factor,
            "frequency_hz": 50.0 + gauss(0.0, 0.012),
            "energy_kwh": self.energy_kwh,
            "energy_export_kwh": 0.0,
        }
        for phase, power in enumerate(loads.phases):
            voltage = _NOMINAL_V + self._grid_v + (0.6, -0.9, 0.3)[phase] - power / 2500
            voltage += gauss(0.0, 0.15)
            values[f"power_l{phase + 1}_w"] = power
            values[f"voltage_l{phase + 1}_v"] = voltage
            values[f"current_l{phase + 1}_a"] = power / factor / voltage
        return values
