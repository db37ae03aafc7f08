"""A cold cabinet or freezer: air, goods, evaporator and condenser with a thermostat and defrosts.

Heat flows are in kelvin per second of the air inside; a unit's numbers are its `ColdSpec`.
"""

import random
from dataclasses import dataclass

_FAULTY_SUCTION_RISE_K = 30.0
_FAULT_LEAK_RATE = 0.0016  # makes a lost charge warm the air by some 3 K a minute at first
_HOT_K, _HOT_DELAY_S = 7.0, 1800.0  # the controller's own alarm: above setpoint, for so long
_DOOR_DELAY_S = 300.0
_STILL_AIR_RATE = 0.00008  # air ← evaporator with the fan off


@dataclass(frozen=True, slots=True)
class ColdSpec:
    """What kind of machine it is; rates are 1/s, powers W."""

    setpoint_c: float
    hysteresis_k: float
    suction_c: float  # evaporator temperature that the compressor reaches
    cooling_rate: float  # air ← evaporator
    leak_rate: float  # air ← room, door closed
    door_rate: float  # air ← room, door open
    goods_rate: float  # air ↔ goods
    goods_mass: float  # heat capacity of the goods over that of the air
    defrost_every_s: int
    defrost_s: int
    defrost_heater_c: float
    compressor_w: float
    fan_w: float
    heater_w: float


CABINET = ColdSpec(
    setpoint_c=4.0,
    hysteresis_k=1.0,
    suction_c=-7.0,
    cooling_rate=0.00125,
    leak_rate=0.00032,
    door_rate=0.0018,
    goods_rate=0.0007,
    goods_mass=14.0,
    defrost_every_s=6 * 3600,
    defrost_s=10 * 60,
    defrost_heater_c=4.5,
    compressor_w=420.0,
    fan_w=55.0,
    heater_w=0.0,
)
FREEZER = ColdSpec(
    setpoint_c=-20.0,
    hysteresis_k=1.2,
    suction_c=-33.0,
    cooling_rate=0.00135,
    leak_rate=0.00016,
    door_rate=0.0011,
    goods_rate=0.0008,
    goods_mass=22.0,
    defrost_every_s=8 * 3600,
    defrost_s=18 * 60,
    defrost_heater_c=6.0,
    compressor_w=780.0,
    fan_w=90.0,
    heater_w=900.0,
)


class ColdUnit:
    """One machine, stepped in simulated time by at most 10 s."""

    def __init__(self, spec: ColdSpec, rng: random.Random) -> None:
        self.spec = spec
        self._rng = rng
        self._noise = random.Random(rng.random())
        self._is_powered = True
        self.air_c = spec.setpoint_c + rng.uniform(-0.8, 0.8)
        self.goods_c = spec.setpoint_c + rng.uniform(-0.2, 0.2)
        self.evaporator_c = self.air_c - 2
        self.condenser_c = 28.0
        self.is_running = rng.random() < 0.4
        self.is_door_held_open = False
        self.fault = 0.0  # 0 healthy … 1 the circuit has lost its charge
        self.run_s = rng.uniform(4e6, 9e6)
        self.starts = rng.randrange(20_000, 60_000)
        self._door_left_s = 0.0
        self._defrost_left_s = 0.0
        self._since_defrost_s = rng.uniform(0, spec.defrost_every_s)
        self._rest_s = 0.0
        self._hot_s = 0.0
        self._door_open_s = 0.0
        self._age = rng.uniform(0.96, 1.04)  # no two machines are alike

    @property
    def is_defrosting(self) -> bool:
        return self._defrost_left_s > 0

    @property
    def is_door_open(self) -> bool:
        return self.is_door_held_open or self._door_left_s > 0

    def open_door(self, seconds: float) -> None:
        self._door_left_s += seconds

    def step(self, dt: float, room_c: float, is_powered: bool) -> None:
        spec = self.spec
        self._is_powered = is_powered
        self._control(dt)
        if self.is_door_held_open:
            door_share = 1.0
        else:
            door_share = min(self._door_left_s, dt) / dt
            self._door_left_s = max(0.0, self._door_left_s - dt)
        self._step_coils(dt, room_c)
        leak = spec.leak_rate + spec.door_rate * door_share
        if self.fault:
            leak += self.fault * _FAULT_LEAK_RATE
        has_airflow = is_powered and not self.is_defrosting
        cooling = spec.cooling_rate if has_airflow else _STILL_AIR_RATE
        goods = spec.goods_rate * (self.goods_c - self.air_c)
        air = leak * (room_c - self.air_c) + goods + cooling * (self.evaporator_c - self.air_c)
        self.air_c += dt * air
        self.goods_c -= dt * goods / spec.goods_mass
        if self.is_running:
            self.run_s += dt
        self._watch(dt)

    def power_w(self) -> float:
        if not self._is_powered:
            return 0.0
        spec = self.spec
        if self.is_defrosting:
            return spec.heater_w + 15.0
        lift = 1.0 + 0.006 * (self.condenser_c - 40.0)
        return spec.fan_w + (spec.compressor_w * self._age * lift if self.is_running else 0.0)

    def readings(self) -> dict[str, float]:
        gauss = self._noise.gauss
        is_hot = self._hot_s >= _HOT_DELAY_S
        is_door_late = self._door_open_s >= _DOOR_DELAY_S
        blown_c = self.air_c + 0.35 * (self.evaporator_c - self.air_c)
        return {
            "supply_temperature_c": blown_c + gauss(0.0, 0.06),
            "return_temperature_c": self.air_c + 0.6 + gauss(0.0, 0.06),
            "air_temperature_c": self.air_c + gauss(0.0, 0.06),
            "evaporator_temperature_c": self.evaporator_c + gauss(0.0, 0.08),
            "condenser_temperature_c": self.condenser_c + gauss(0.0, 0.1),
            "product_temperature_c": self.goods_c + gauss(0.0, 0.03),
            "setpoint_c": self.spec.setpoint_c,
            "compressor_running": float(self.is_running),
            "fan_running": float(not self.is_defrosting),
            "defrost_active": float(self.is_defrosting),
            "door_open": float(self.is_door_open),
            "alarm_active": float(is_hot or is_door_late),
            "high_temperature_alarm": float(is_hot),
            "low_temperature_alarm": 0.0,
            "probe_fault": 0.0,
            "door_alarm": float(is_door_late),
            "compressor_run_s": float(int(self.run_s)),
            "compressor_starts": float(self.starts),
            "power_w": self.power_w(),
        }

    def _control(self, dt: float) -> None:
        if not self._is_powered:
            self.is_running = False
            self._defrost_left_s = 0.0
            self._rest_s = self._rng.uniform(60, 240)  # controllers start one after the other
            return
        self._rest_s = max(0.0, self._rest_s - dt)
        self._step_defrost(dt)
        if self.is_defrosting:
            self.is_running = False
            return
        spec = self.spec
        if self.is_running and self.air_c <= spec.setpoint_c - spec.hysteresis_k:
            self.is_running = False
            self._rest_s = 120.0
        elif (
            not self.is_running
            and self._rest_s <= 0
            and self.air_c >= spec.setpoint_c + spec.hysteresis_k
        ):
            self.is_running = True
            self.starts += 1

    def _watch(self, dt: float) -> None:
        is_hot = self.air_c > self.spec.setpoint_c + _HOT_K and self._is_powered
        self._hot_s = self._hot_s + dt if is_hot else 0.0
        is_open = self.is_door_open and self._is_powered
        self._door_open_s = self._door_open_s + dt if is_open else 0.0

    def _step_defrost(self, dt: float) -> None:
        if self._defrost_left_s > 0:
            self._defrost_left_s = max(0.0, self._defrost_left_s - dt)
            if self._defrost_left_s <= 0:
                self._rest_s = 90.0  # drip time
            return
        self._since_defrost_s += dt
        if self._since_defrost_s >= self.spec.defrost_every_s:
            self._since_defrost_s = 0.0
            self._defrost_left_s = float(self.spec.defrost_s)

    def _step_coils(self, dt: float, room_c: float) -> None:
        if self.is_defrosting:
            coil_c, tau_s = self.spec.defrost_heater_c, 240.0
        elif self.is_running:
            rise = self.fault * _FAULTY_SUCTION_RISE_K
            coil_c, tau_s = min(self.air_c - 1.0, self.spec.suction_c + rise), 75.0
        else:
            coil_c, tau_s = self.air_c, 150.0
        self.evaporator_c += dt * (coil_c - self.evaporator_c) / tau_s
        lift = (15.0 - 9.0 * self.fault) * self._age if self.is_running else 1.5
        self.condenser_c += dt * (room_c + lift - self.condenser_c) / 130.0
