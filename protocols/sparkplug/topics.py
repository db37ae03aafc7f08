"""Sparkplug topics: `spBv1.0/<group>/<type>/<node>[/<device>]` as values (chapter 4)."""

from dataclasses import dataclass
from enum import StrEnum

from protocols.errors import FrameError

NAMESPACE = "spBv1.0"


class MessageType(StrEnum):
    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    NDATA = "NDATA"
    NCMD = "NCMD"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    DDATA = "DDATA"
    DCMD = "DCMD"

    @property
    def is_of_device(self) -> bool:
        return self.value.startswith("D")


@dataclass(frozen=True, slots=True)
class Topic:
    """`device` is None for messages of the edge node itself."""

    group: str
    kind: MessageType
    node: str
    device: str | None = None

    def __str__(self) -> str:
        text = f"{NAMESPACE}/{self.group}/{self.kind.value}/{self.node}"
        return text if self.device is None else f"{text}/{self.device}"


@dataclass(frozen=True, slots=True)
class EdgeNode:
    """The edge node descriptor: one agent on the wire."""

    group: str
    node: str

    def topic(self, kind: MessageType, device: str | None = None) -> str:
        return str(Topic(self.group, kind, self.node, device))

    def __str__(self) -> str:
        return f"{self.group}/{self.node}"


def check_id(text: str) -> str:
    """A group, node or device id: not empty and without `+`, `/`, `#` [intro-group-id-chars]."""
    if not text or any(c in text for c in "+/#\0"):
        raise FrameError(
            f"{text!r} is no Sparkplug id: it must not be empty or hold '+', '/', '#'."
        )
    return text


def parse_topic(text: str) -> Topic:
    """Raises FrameError for anything that is not a Sparkplug B message of a node or device."""
    parts = text.split("/")
    if len(parts) not in (4, 5) or parts[0] != NAMESPACE or not all(parts):
        raise FrameError(f"{text!r} is no Sparkplug topic ({NAMESPACE}/group/type/node[/device]).")
    try:
        kind = MessageType(parts[2])
    except ValueError:
        raise FrameError(f"{text!r} has the unknown Sparkplug message type {parts[2]!r}.") from None
    if kind.is_of_device is not (len(parts) == 5):
        raise FrameError(f"{text!r} has {len(parts)} levels, wrong for {kind.value}.")
    return Topic(parts[1], kind, parts[3], parts[4] if len(parts) == 5 else None)
