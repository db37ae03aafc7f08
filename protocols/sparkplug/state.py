"""The STATE message of a Sparkplug host application: whether it is there (chapters 4.3 and 6.4)."""

import json
from typing import NamedTuple

from protocols.errors import FrameError
from protocols.sparkplug.topics import NAMESPACE


class HostState(NamedTuple):
    """`time_ms` is when the host connected; its will bears the same."""

    is_online: bool
    time_ms: int


def state_topic(host_id: str) -> str:
    return f"{NAMESPACE}/STATE/{host_id}"


def encode_state(state: HostState) -> bytes:
    return json.dumps({"online": state.is_online, "timestamp": state.time_ms}).encode()


def parse_state(payload: bytes) -> HostState:
    """Raises FrameError for anything but the two keys in their types."""
    try:
        found = json.loads(payload)
    except ValueError:
        found = None
    match found:
        case {"online": bool(is_online), "timestamp": int(time_ms)}:
            return HostState(is_online, time_ms)
    raise FrameError(f"{payload[:60]!r} is no STATE: it holds online and timestamp.")
