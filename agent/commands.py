"""What the hub may ask of an edge node; pure."""

from dataclasses import dataclass

from protocols.orders import ORDER
from protocols.sparkplug import codec, journal
from protocols.sparkplug.journal import BatchId


@dataclass(frozen=True, slots=True)
class Command:
    """Metrics that we do not know are left out [operational-behavior-data-commands-…]."""

    acks: tuple[BatchId, ...] = ()
    is_rebirth: bool = False
    orders: tuple[str, ...] = ()


def read_command(payload: bytes) -> Command:
    """Parse an NCMD or DCMD. Raises FrameError."""
    parsed = codec.parse(payload)
    asked = list(codec.commands(parsed))
    is_rebirth = any(name == codec.REBIRTH and value is True for name, value in asked)
    orders = tuple(text for name, text in asked if name == ORDER and isinstance(text, str))
    return Command(tuple(journal.acknowledged(parsed)), is_rebirth, orders)
