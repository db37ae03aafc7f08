"""Xovis PC-series sensors: the envelope of a live push.

Facts: xovis-open-sdk/xovis-sdk@1dd32864, datapush/utils.py. The names of the counts within an
event are in no source that we have read, so events are handed on as they came.
"""

from typing import Any

from protocols.errors import FrameError
from protocols.payloads.values import json_object


def events(payload: bytes) -> tuple[dict[str, Any], ...]:
    """Events of a live push; none for a connection test."""
    said = json_object(payload, "Xovis")
    if "connection_test" in said:
        return ()
    found = said.get("events", [])
    if not isinstance(found, list) or not all(isinstance(event, dict) for event in found):
        raise FrameError("The Xovis message has no list of events.")
    return tuple(found)
