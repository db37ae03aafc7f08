"""The decoder of each payload format by the name that stands in agent.toml."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import partial

from protocols.payloads import (
    axis,
    footfallcam,
    hikvision,
    lorawan,
    milesight,
    milesight_json,
    shelly,
    tasmota,
    vivotek,
    zigbee,
)
from protocols.payloads.values import Counting, PayloadValue

_TOTALS = ("in_total", "out_total")
_COUNTS = ("in_count", "out_count")
_CHILDREN = ("child_in_total", "child_out_total", "child_in_count", "child_out_count")
_OCCUPANCY = ("occupancy_count", "occupancy_max_count")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A payload and what it does not say itself; `zone` is that of the device's clock."""

    payload: bytes
    topic: str = ""
    zone: tzinfo = UTC
    counting: Counting = Counting.TOTALS


@dataclass(frozen=True, slots=True)
class Decoder:
    """`decode` raises FrameError; `metrics` is all that it may ever give."""

    decode: Callable[[Incoming], tuple[PayloadValue, ...]]
    metrics: tuple[str, ...]


def _milesight(model: milesight.Model, said: Incoming) -> tuple[PayloadValue, ...]:
    return milesight.values(milesight.decode(model, lorawan.frame(said.payload)), said.counting)


def _of_milesight(model: milesight.Model, *more: str) -> Decoder:
    return Decoder(partial(_milesight, model), (*_TOTALS, *_COUNTS, *more))


def _zigbee(said: Incoming) -> tuple[PayloadValue, ...]:
    if said.topic.endswith("/availability"):
        return (zigbee.online(said.payload),)
    return zigbee.decode(said.payload)


DECODERS: dict[str, Decoder] = {
    "milesight-vs121": _of_milesight(milesight.Model.VS121, *_OCCUPANCY),
    "milesight-vs132": _of_milesight(milesight.Model.VS132),
    "milesight-vs133": _of_milesight(
        milesight.Model.VS133, *_CHILDREN, "occupancy_count", "view_blocked"
    ),
    "milesight-vs135": _of_milesight(
        milesight.Model.VS135, *_CHILDREN, "occupancy_count", "view_blocked"
    ),
    "milesight-vs350": _of_milesight(
        milesight.Model.VS350, "battery_percent", "internal_temperature_c"
    ),
    "milesight-json": Decoder(
        lambda said: milesight_json.decode(said.payload, said.zone), _OCCUPANCY
    ),
    "hikvision": Decoder(
        lambda said: hikvision.decode(said.payload, said.zone), (*_TOTALS, *_COUNTS, "pass_count")
    ),
    "axis": Decoder(lambda said: axis.decode(said.payload, said.zone), (*_TOTALS, *_COUNTS)),
    "footfallcam": Decoder(
        lambda said: footfallcam.decode(said.payload),
        (*_COUNTS, "staff_in_count", "staff_out_count"),
    ),
    "vivotek": Decoder(lambda said: vivotek.decode(said.payload, said.zone), _COUNTS),
    "shelly": Decoder(lambda said: shelly.decode(said.topic, said.payload), shelly.METRICS),
    "tasmota": Decoder(lambda said: tasmota.decode(said.topic, said.payload), tasmota.METRICS),
    "zigbee2mqtt": Decoder(_zigbee, zigbee.METRICS),
}
