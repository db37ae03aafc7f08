"""Zigbee sensors behind Zigbee2MQTT: leak, contact, temperature and humidity.

Facts: Zigbee2MQTT device documents. `contact` is true while the door is closed.
"""

from protocols.errors import FrameError
from protocols.payloads.values import PayloadValue, json_object, number

_NUMBERS = {
    "temperature": "room_temperature_c",
    "humidity": "humidity_percent",
    "battery": "battery_percent",
    "linkquality": "link_quality",
}
_FLAGS = {
    "water_leak": ("leak_detected", True),
    "battery_low": ("battery_low", True),
    "tamper": ("tamper_active", True),
    "contact": ("contact_open", False),
}
METRICS = (*_NUMBERS.values(), *(metric for metric, _ in _FLAGS.values()))


def decode(payload: bytes) -> tuple[PayloadValue, ...]:
    """What the sensor says; fields that it does not send or does not know are left out."""
    said = json_object(payload, "Zigbee2MQTT")
    found = [
        PayloadValue(metric, number(said[name], f"Zigbee2MQTT {name}"))
        for name, metric in _NUMBERS.items()
        if said.get(name) is not None
    ]
    for name, (metric, raised) in _FLAGS.items():
        if (value := said.get(name)) is not None:
            if not isinstance(value, bool):
                raise FrameError(f"Zigbee2MQTT {name} is {value!r}, not true or false.")
            found.append(PayloadValue(metric, float(value is raised)))
    return tuple(found)


def online(payload: bytes) -> PayloadValue:
    """The availability topic: online or offline, as text or as {"state": …}."""
    text = payload.decode("utf-8", "replace").strip()
    state = json_object(payload, "Zigbee2MQTT").get("state") if text.startswith("{") else text
    if state not in ("online", "offline"):
        raise FrameError(f"Zigbee2MQTT availability is {state!r}, neither online nor offline.")
    return PayloadValue("online", float(state == "online"))
