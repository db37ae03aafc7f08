"""What an edge node says of itself: births and deaths in both layouts; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.outbox_batch import Channel
from agent.settings import Layout
from protocols.orders import ORDER
from protocols.reading import Quality
from protocols.sparkplug import codec, journal
from protocols.sparkplug.codec import Datatype, Declaration, Sample
from protocols.sparkplug.journal import OpenEpoch

SOFTWARE = "Properties/Software"


@dataclass(frozen=True, slots=True)
class NodeState:
    """All that a birth speaks of; `current` maps an alias to its last value."""

    bdseq: int
    software: str
    epochs: Sequence[OpenEpoch]
    channels: Sequence[Channel]
    current: Mapping[int, Sample]

    def devices(self) -> dict[str, list[Channel]]:
        """Channels by device, in the order in which the devices were first heard."""
        found: dict[str, list[Channel]] = {}
        for channel in self.channels:
            found.setdefault(channel.device, []).append(channel)
        return found


def node_birth(state: NodeState, layout: Layout, *, time_ms: int, seq: int) -> bytes:
    """NBIRTH: the node's own metrics, and in the layout "node" all metrics of all devices."""
    own = [
        Declaration(codec.BDSEQ, Datatype.INT64, state.bdseq),
        Declaration(codec.REBIRTH, Datatype.BOOLEAN, False),
        Declaration(journal.ACK, Datatype.STRING),
        Declaration(ORDER, Datatype.STRING),
        Declaration(journal.OPEN, Datatype.STRING, journal.format_open(state.epochs)),
        Declaration(SOFTWARE, Datatype.STRING, state.software),
    ]
    of_devices = state.channels if layout is Layout.NODE else ()
    declared = (_declaration(f"{c.device}/{c.metric}", c, state.current) for c in of_devices)
    return codec.birth([*own, *declared], time_ms=time_ms, seq=seq)


def device_birth(
    channels: Iterable[Channel], current: Mapping[int, Sample], *, time_ms: int, seq: int
) -> bytes:
    """DBIRTH: the metrics of one device under their bare names."""
    declared = [_declaration(channel.metric, channel, current) for channel in channels]
    return codec.birth(declared, time_ms=time_ms, seq=seq)


def _declaration(name: str, channel: Channel, current: Mapping[int, Sample]) -> Declaration:
    sample = current.get(channel.alias)
    if sample is None:  # declared long ago, not read since this start
        return Declaration(name, channel.datatype, None, 0, channel.alias, Quality.STALE)
    return Declaration(
        name, channel.datatype, sample.value, sample.time_ms, channel.alias, sample.quality
    )
