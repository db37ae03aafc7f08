"""Shelly Pro 3EM and EM Gen3 meters over MQTT.

Facts: Shelly Gen2 and Gen3 API documents, components EM, EMData and EM1.
"""

from typing import Any

from protocols.payloads.values import PayloadValue, json_object, number

_WH = 1000.0
_EM = {
    "total_act_power": "power_w",
    "total_aprt_power": "apparent_power_va",
    "n_current": "current_n_a",
} | {
    f"{phase}_{name}": metric.format(at)
    for at, phase in enumerate("abc", start=1)
    for name, metric in (
        ("voltage", "voltage_l{}_v"),
        ("current", "current_l{}_a"),
        ("act_power", "power_l{}_w"),
        ("aprt_power", "apparent_power_l{}_va"),
        ("pf", "power_factor_l{}"),
    )
}
_EM1 = {
    "voltage": "voltage_l1_v",
    "current": "current_l1_a",
    "act_power": "power_w",
    "pf": "power_factor",
    "freq": "frequency_hz",
}
_DATA = {"total_act": "energy_kwh", "total_act_ret": "energy_export_kwh"}

METRICS = tuple(dict.fromkeys((*_EM.values(), *_EM1.values(), *_DATA.values())))


def decode(topic: str, payload: bytes) -> tuple[PayloadValue, ...]:
    """Values of a status or NotifyStatus message; other topics and components give nothing."""
    said = json_object(payload, "Shelly")
    if topic.endswith("/events/rpc"):
        parameters = said.get("params")
        parts = parameters if isinstance(parameters, dict) else {}
    else:
        parts = {topic.rpartition("/")[2]: said}
    return tuple(
        value
        for name, fields in parts.items()
        if isinstance(fields, dict)
        for value in _component(name, fields)
    )


def _component(name: str, fields: dict[str, Any]) -> list[PayloadValue]:
    kind, _, channel = name.partition(":")
    table = {"em": _EM, "em1": _EM1, "emdata": _DATA}.get(kind, {})
    part = f"channel {channel}" if kind == "em1" else ""
    found = [
        PayloadValue(metric, number(fields[field], f"Shelly {name} {field}"), part)
        for field, metric in table.items()
        if fields.get(field) is not None
    ]
    if kind == "emdata":
        found = [PayloadValue(value.metric, value.value / _WH) for value in found]
    if kind == "em" and fields.get("a_freq") is not None:
        found.append(PayloadValue("frequency_hz", number(fields["a_freq"], "Shelly em a_freq")))
    return found
