"""The bytes of a LoRaWAN uplink out of what the network server publishes.

Facts: ChirpStack v4 MQTT integration (`data`, base64), The Things Stack v3 MQTT server
(`uplink_message.frm_payload`, base64), Milesight gateways (`data`, base64 or hex).
"""

import base64
import binascii
from typing import Any

from protocols.errors import FrameError
from protocols.payloads.values import json_object


def frame(payload: bytes) -> bytes:
    """FrameError where it is the message of no network server that we know."""
    said = json_object(payload, "LoRaWAN server's")
    uplink = said.get("uplink_message")
    text = uplink.get("frm_payload") if isinstance(uplink, dict) else said.get("data")
    if not isinstance(text, str):
        raise FrameError("The LoRaWAN server's message has no uplink: it is a join or a status.")
    return _bytes(text)


def _bytes(text: Any) -> bytes:
    """Hex is told from base64 by its digits alone, in an even number."""
    try:
        if len(text) % 2 == 0 and all(c in "0123456789abcdefABCDEF" for c in text):
            return bytes.fromhex(text)
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise FrameError(f"The LoRaWAN frame {text[:40]!r} is neither base64 nor hex.") from error
