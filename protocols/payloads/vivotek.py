"""Vivotek SC8131 stereo counter: JSON by HTTP push.

Facts: Vivotek SC8131 documents; not yet tried on a device.
"""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from protocols.errors import FrameError
from protocols.payloads.values import PayloadValue, count, from_text, json_object


def decode(payload: bytes, zone: tzinfo) -> tuple[PayloadValue, ...]:
    """People of each rule and span of time; times without offset are local time of `zone`."""
    said = json_object(payload, "Vivotek")
    return tuple(value for info in _infos(said.get("Data")) for value in _counts(info, zone))


def _infos(data: Any) -> Iterator[dict[str, Any]]:
    """Each CountingInfo; `Data` is one object or a list of them."""
    for part in data if isinstance(data, list) else [data]:
        infos = part.get("CountingInfo") if isinstance(part, dict) else None
        if not isinstance(infos, list) or not all(isinstance(info, dict) for info in infos):
            raise FrameError("The Vivotek message has no list Data.CountingInfo.")
        yield from infos


def _counts(info: dict[str, Any], zone: tzinfo) -> Iterator[PayloadValue]:
    rule = str(info.get("RuleName", ""))
    start, end = (from_text(info.get(name), zone) for name in ("StartTime", "EndTime"))
    for name, metric in (("In", "in_count"), ("Out", "out_count")):
        people = count(info.get(name), f"Vivotek {name}")
        event = f"{metric}/{rule}/{start:%Y%m%dT%H%M%S}-{end:%Y%m%dT%H%M%S}"
        yield PayloadValue(metric, people, rule, end, event_id=event)
