"""The devices of the simulated store and the wires they hang on: one literal table."""

from dataclasses import dataclass
from functools import cache

from protocols.modbus.profile import Profile, load_profile

COLD_BUS = "cold"  # RTU
PLANT_BUS = "plant"  # TCP, a gateway with two units
DOOR_BUS = "door"  # TCP
SENSOR_BUS = "sensors"  # MQTT
RTU_BAUD = 19_200
SIDE_DOOR = "door-2"
HEARTBEAT_S = 60.0  # the side door's counter speaks at least so often


@dataclass(frozen=True, slots=True)
class ModbusUnit:
    device: str
    name: str
    bus: str
    unit: int
    profile_name: str
    interval_s: float
    critical: tuple[str, ...] = ()

    @property
    def profile(self) -> Profile:
        return _profile(self.profile_name)


@dataclass(frozen=True, slots=True)
class TillLine:
    device: str
    name: str
    format: str


_COLD_CRITICAL = ("air_temperature_c", "alarm_active")

MODBUS_UNITS = (
    ModbusUnit("cabinet-1", "冷藏柜 1", COLD_BUS, 1, "danfoss-ekc-202b", 5.0, _COLD_CRITICAL),
    ModbusUnit("cabinet-2", "冷藏柜 2", COLD_BUS, 2, "danfoss-ekc-202b", 5.0, _COLD_CRITICAL),
    ModbusUnit("freezer-1", "冷冻柜", COLD_BUS, 3, "danfoss-ekc-202d", 5.0, _COLD_CRITICAL),
    ModbusUnit("hvac-1", "空调", PLANT_BUS, 1, "komfovent-c", 5.0),
    ModbusUnit("meter-1", "电表", PLANT_BUS, 2, "eastron-sdm630", 5.0),
    ModbusUnit("door-1", "客流计数器（正门）", DOOR_BUS, 1, "wirenboard-wb-mcm8", 5.0),
)
TILLS = (
    TillLine("till-1", "收银机 1", "escpos"),
    TillLine("till-2", "收银机 2", "jsonl"),
)
SIDE_DOOR_NAME = "客流计数器（侧门）"


def device_ids() -> list[str]:
    """Every device of the store, the order of docs/architecture.md."""
    units = [unit.device for unit in MODBUS_UNITS]
    return [*units, SIDE_DOOR, *(till.device for till in TILLS)]


@cache
def _profile(name: str) -> Profile:
    return load_profile(name)
