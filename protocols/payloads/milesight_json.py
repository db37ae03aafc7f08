"""Milesight VS121-P and VS125 over HTTP or MQTT: how many people are in view.

Facts: milesight.com VS125 integration documents; not yet tried on a device.
"""

from datetime import tzinfo
from typing import Any

from protocols.payloads.values import PayloadValue, count, from_text, json_object

_METRICS = {"current_total": "occupancy_count", "max_counted": "occupancy_max_count"}


def decode(payload: bytes, zone: tzinfo) -> tuple[PayloadValue, ...]:
    """Occupancy at the end of the span told; times without offset are local time of `zone`."""
    said = json_object(payload, "Milesight")
    times = said.get("time_info")
    end = times.get("end_time") if isinstance(times, dict) else None
    at = from_text(end, zone) if end else None
    return tuple(
        PayloadValue(metric, count(value, f"Milesight {name}"), at=at)
        for name, metric in _METRICS.items()
        if (value := _found(said, name)) is not None
    )


def _found(said: dict[str, Any], name: str) -> object:
    """The field at the top or in the object of values, wherever this firmware puts it."""
    if name in said:
        return said[name]
    inner = [part[name] for part in said.values() if isinstance(part, dict) and name in part]
    return inner[0] if inner else None
