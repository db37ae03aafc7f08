"""Tasmota nodes over MQTT: energy plugs, DS18B20 probes, switches.

Facts: Tasmota MQTT documents. `Time` has no offset unless it is set up, so it is not used: the
time of receipt counts.
"""

from protocols.errors import FrameError
from protocols.payloads.values import PayloadValue, json_object, number

_FIELDS = (
    ("ENERGY", "Power", "power_w"),
    ("ENERGY", "Voltage", "voltage_l1_v"),
    ("ENERGY", "Current", "current_l1_a"),
    ("ENERGY", "Total", "energy_kwh"),
    ("ENERGY", "Factor", "power_factor"),
    ("DS18B20", "Temperature", "room_temperature_c"),
)
_WILL = {b"Online": 1.0, b"Offline": 0.0}
METRICS = (*(metric for _, _, metric in _FIELDS), "input_1_on")


def decode(topic: str, payload: bytes) -> tuple[PayloadValue, ...]:
    """Values of tele/…/SENSOR and tele/…/LWT; other topics give nothing."""
    kind = topic.rpartition("/")[2]
    if kind == "LWT":
        if payload.strip() not in _WILL:
            raise FrameError(f"Tasmota LWT is {payload[:20]!r}, neither Online nor Offline.")
        return (PayloadValue("online", _WILL[payload.strip()]),)
    if kind != "SENSOR":
        return ()
    said = json_object(payload, "Tasmota")
    found = [
        PayloadValue(metric, number(value, f"Tasmota {group}.{name}"))
        for group, name, metric in _FIELDS
        if isinstance(said.get(group), dict) and (value := said[group].get(name)) is not None
    ]
    if (switch := said.get("Switch1")) in ("ON", "OFF"):
        found.append(PayloadValue("input_1_on", float(switch == "ON")))
    return tuple(found)
