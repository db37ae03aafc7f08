"""Hikvision people-counting cameras: EventNotificationAlert by HTTP push or alertStream.

Facts: Hikvision ISAPI documents. Counts told in real time are running totals, those of a time
range are of that range; `isDataRetransmission` marks what was told late.
"""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from xml.etree import ElementTree

from protocols.errors import FrameError
from protocols.payloads.values import PayloadValue, count, from_text

_ALERT = re.compile(rb"<EventNotificationAlert\b.*?</EventNotificationAlert>", re.DOTALL)
_TOTALS = {"enter": "in_total", "exit": "out_total"}
_COUNTS = {"enter": "in_count", "exit": "out_count", "pass": "pass_count"}


def decode(payload: bytes, zone: tzinfo) -> tuple[PayloadValue, ...]:
    """Values of every people-counting alert in `payload`, which may be a multipart body.

    Other events give nothing; times without offset are local time of `zone`.
    """
    if b"<!DOCTYPE" in payload or b"<!ENTITY" in payload:
        raise FrameError("The Hikvision message has a DOCTYPE; cameras never send one.")
    found = [value for alert in _ALERT.findall(payload) for value in _alert(alert, zone)]
    if b"<EventNotificationAlert" in payload and not _ALERT.search(payload):
        raise FrameError("The Hikvision alert has no end: it was cut short.")
    return tuple(found)


def _alert(text: bytes, zone: tzinfo) -> Iterator[PayloadValue]:
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 no entities, checked above
    except ElementTree.ParseError as error:
        raise FrameError(f"The Hikvision alert of {len(text)} bytes is no XML.") from error
    for element in root.iter():  # namespaces differ between firmwares
        element.tag = element.tag.rpartition("}")[2]
    counting = root.find("peopleCounting")
    if _text(root, "eventType").lower() != "peoplecounting" or counting is None:
        return
    is_late = _text(root, ".//isDataRetransmission").lower() == "true"
    region = _text(counting, "regionsID")
    part = f"region {region}" if region else ""
    at, span, metrics = _when(counting, zone)
    for name, metric in metrics.items():
        if text_of := _text(counting, name):
            event = f"{metric}/{part}/{span}" if span else ""
            people = count(text_of, f"Hikvision {name}")
            yield PayloadValue(metric, people, part, at, is_late, event)


def _when(counting: ElementTree.Element, zone: tzinfo) -> tuple[datetime, str, dict[str, str]]:
    """Time, id of the span of time ("" for running totals), names of the counts."""
    method = _text(counting, "statisticalMethods")
    if method == "realTime":
        return from_text(_text(counting, "RealTime/time"), zone), "", _TOTALS
    if method == "timeRange":
        start = from_text(_text(counting, "TimeRange/startTime"), zone)
        end = from_text(_text(counting, "TimeRange/endTime"), zone)
        return end, f"{start:%Y%m%dT%H%M%S}-{end:%Y%m%dT%H%M%S}", _COUNTS
    raise FrameError(f"Hikvision statisticalMethods {method!r} is neither realTime nor timeRange.")


def _text(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
