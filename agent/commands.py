"""What the hub may ask of an edge node; pure."""

from dataclasses import dataclass

from protocols.sparkplug import codec, journal
from protocols.sparkplug.journal import BatchId


@dataclass(frozen=True, slots=True)
class Command:
    """Metrics that we do not know are left out [operational-behavior-data-commands-…]."""

    acks: tuple[BatchId, ...] = ()
    is_rebirth: bool = False


def read_command(payload: bytes) -> Command:
    """Parse an NCMD or DCMD. Raises FrameError."""
    parsed = codec.parse(payload)
    is_rebirth = any(
        name == codec.REBIRTH and value is True for name, value in codec.commands(parsed)
    )
    return Command(tuple(journal.acknowledged(parsed)), is_rebirth)
