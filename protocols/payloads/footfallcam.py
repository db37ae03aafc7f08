"""FootfallCam 3D Plus and Pro2: events of single people over MQTT or HTTP.

Facts: FootfallCam integration documents; not yet tried on a device. Staff is told apart and
counted apart.
"""

from typing import Any

from protocols.errors import FrameError
from protocols.payloads.values import PayloadValue, from_epoch, json_value, number

_IN, _OUT = 1, 2
_VISITOR, _STAFF = 11, 21
_METRICS = {
    (_VISITOR, _IN): "in_count",
    (_VISITOR, _OUT): "out_count",
    (_STAFF, _IN): "staff_in_count",
    (_STAFF, _OUT): "staff_out_count",
}


def decode(payload: bytes) -> tuple[PayloadValue, ...]:
    """One value an event; other metrics and other kinds of objects give nothing."""
    said = json_value(payload, "FootfallCam")
    events = said if isinstance(said, list) else [said]
    return tuple(value for event in events if (value := _event(event)))


def _event(event: Any) -> PayloadValue | None:
    if not isinstance(event, dict):
        raise FrameError("A FootfallCam event is no JSON object.")
    if "MetricId" not in event:
        return None
    kind = number(event.get("CombineObjectTypeId"), "FootfallCam CombineObjectTypeId")
    what = number(event["MetricId"], "FootfallCam MetricId")
    metric = _METRICS.get((int(kind), int(what)))
    if metric is None:
        return None
    identity = event.get("UUID")
    if not isinstance(identity, str) or not identity:
        raise FrameError("A FootfallCam event has no UUID; it could not be told from its copy.")
    at = from_epoch(number(event.get("EventEndTime"), "FootfallCam EventEndTime"))
    roi = event.get("RoiId")
    return PayloadValue(metric, 1.0, "" if roi is None else f"roi {roi}", at, event_id=identity)
