"""What a birth declares, in the hub's words: device and metric instead of Sparkplug names; pure."""

from hub.ingest.node import Declared
from hub.ingest.tables import ID_LENGTH
from protocols.sparkplug import journal
from protocols.sparkplug.codec import BDSEQ
from protocols.sparkplug.sparkplug_b_pb2 import Payload

_CONTROLS = ("Node Control/", "Device Control/", "Properties/")
_OWN = frozenset((BDSEQ, journal.OPEN))


def declared(payload: Payload, device: str | None) -> tuple[list[Declared], set[int]]:
    """The metrics of a birth that become series, and the aliases of those that do not: controls,
    and what has no usable name."""
    found, ignored = [], set()
    for metric in payload.metrics:
        alias = metric.alias if metric.HasField("alias") else None
        name = split(metric.name, device)
        if name is not None:
            found.append(Declared(alias, *name))
        elif alias is not None:
            ignored.add(alias)
    return found, ignored


def split(name: str, device: str | None) -> tuple[str, str] | None:
    """`device/metric` of the node layout, or the name within a device's own message."""
    if not name or name in _OWN or name.startswith(_CONTROLS):
        return None
    if device is None:
        head, slash, rest = name.partition("/")
        device, name = (head, rest) if slash else ("", name)
    if not name or len(name) > ID_LENGTH or len(device) > ID_LENGTH or "\0" in device + name:
        return None
    return device, name
