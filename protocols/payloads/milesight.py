"""Milesight people counters over LoRaWAN: VS121, VS132, VS133, VS135, VS350.

A payload is a row of (channel, type, data). Facts: Milesight-IoT/SensorDecoders@e79c9d8, folder
vs-series; field names are the maker's.
"""

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from protocols.errors import FrameError
from protocols.payloads.values import Counting, PayloadValue, from_epoch

Fields = dict[str, int | float | str]


class Model(StrEnum):
    VS121 = "vs121"
    VS132 = "vs132"
    VS133 = "vs133"
    VS135 = "vs135"
    VS350 = "vs350"


@dataclass(frozen=True, slots=True)
class Uplink:
    """`unread` is what follows a channel that we do not know: its length is not known either."""

    fields: Fields = field(default_factory=dict)
    history: tuple[Fields, ...] = ()
    unread: bytes = b""


@dataclass(frozen=True, slots=True)
class _Channel:
    """`least` bytes are enough; the maker's decoder reads a frame that is cut short by one."""

    size: int
    read: Callable[[bytes], Fields]
    least: int


_Key = tuple[int, int]
_HISTORY = (0x20, 0xCE)
_SERIAL_121 = (0xFF, 0x08)
_ALARMS = {
    0: "threshold alarm release",
    1: "threshold alarm",
    3: "high temperature alarm",
    4: "high temperature alarm release",
}
_BLOCKED = {0: "alarm_released", 1: "alarm_triggered"}


def _numbers(form: str, *names: str) -> _Channel:
    layout = struct.Struct(form)
    return _Channel(
        layout.size, lambda b: dict(zip(names, layout.unpack(b), strict=True)), layout.size
    )


def _of(size: int, read: Callable[[bytes], Fields], least: int | None = None) -> _Channel:
    return _Channel(size, read, size if least is None else least)


def _hex(size: int) -> _Channel:
    return _of(size, lambda b: {"sn": b.hex()})


def _version(name: str, size: int) -> _Channel:
    return _of(size, lambda b: {name: ".".join(map(str, b))})


def _occupied_regions(data: bytes) -> Fields:
    everyone, regions, mask = struct.unpack(">BBH", data)
    fields: Fields = {"people_count_all": everyone, "region_count": regions}
    return fields | {f"region_{n + 1}": mask >> n & 1 for n in range(min(regions, 16))}


def _dwell(middle: str) -> Callable[[bytes], Fields]:
    def read(data: bytes) -> Fields:
        region, mean, longest = struct.unpack("<BHH", data)
        return {
            f"region_{region}_{middle}avg_dwell": mean,
            f"region_{region}_{middle}max_dwell": longest,
        }

    return read


def _one_dwell(name: str) -> _Channel:
    return _of(3, lambda b: {f"region_{b[0]}_{name}_dwell": int.from_bytes(b[1:3], "little")})


def _occlusion(data: bytes) -> Fields:
    node = "master" if data[1] == 0 else f"node_{data[1]}"
    return {f"{node}_occlusion_alarm": _BLOCKED.get(data[2] if len(data) > 2 else -1, "unknown")}


def _with_alarm(channel: _Channel, name: str) -> _Channel:
    def read(data: bytes) -> Fields:
        return channel.read(data[:-1]) | {name: _ALARMS.get(data[-1], "unknown")}

    return _of(channel.size + 1, read)


def _regions(first: int, last: int, middle: str = "") -> _Channel:
    names = [f"region_{n}_{middle}count" for n in range(first, last + 1)]
    return _numbers(f"<{len(names)}B", *names)


def _flows(start: str, ends: str = "abcd") -> _Channel:
    return _numbers(f"<{len(ends)}H", *(f"{start}_to_{end}" for end in ends))


_COMMON: dict[_Key, _Channel] = {
    (0xFF, 0x01): _numbers("<B", "protocol_version"),
    (0xFF, 0x09): _version("hardware_version", 2),
    (0xFF, 0x16): _hex(8),
    (0xFF, 0x1F): _version("firmware_version", 4),
}
_PEOPLE = ("people_in", "people_out")
_TOTAL = ("people_total_in", "people_total_out")
_VS121: dict[_Key, _Channel] = {
    _SERIAL_121: _hex(6),
    (0x04, 0xC9): _of(4, _occupied_regions),
    (0x05, 0xCC): _numbers("<hh", *_PEOPLE),
    (0x06, 0xCD): _numbers("<B", "people_count_max"),
    (0x07, 0xD5): _regions(1, 8),
    (0x08, 0xD5): _regions(9, 16),
    **{(0x09 + n, 0xDA): _flows(start) for n, start in enumerate("abcd")},
    (0x0D, 0xCC): _numbers("<HH", *_TOTAL),
    (0x0E, 0xE4): _numbers("<BHH", "dwell_region", "dwell_time_avg", "dwell_time_max"),
    (0x0F, 0x85): _numbers("<I", "timestamp"),
    (0x10, 0xF7): _numbers("<HH", "line_in", "line_out"),
}
_VS121_HISTORY: dict[int, _Channel] = {
    0x01: _of(4, _occupied_regions),
    0x02: _numbers("<HH", *_PEOPLE),
    0x03: _numbers("<B", "people_count_max"),
    **{0x04 + n: _regions(4 * n + 1, 4 * n + 4) for n in range(4)},
    **{0x08 + 2 * n: _flows(start, "ab") for n, start in enumerate("abcd")},
    **{0x09 + 2 * n: _flows(start, "cd") for n, start in enumerate("abcd")},
    0x10: _numbers("<HH", *_TOTAL),
    0x11: _numbers("<BHH", "dwell_region", "dwell_time_avg", "dwell_time_max"),
    0x12: _numbers("<HH", "line_in", "line_out"),
}
_VS132: dict[_Key, _Channel] = {
    (0x03, 0xD2): _numbers("<I", "total_counter_in"),
    (0x04, 0xD2): _numbers("<I", "total_counter_out"),
    (0x05, 0xCC): _numbers("<HH", "periodic_counter_in", "periodic_counter_out"),
}


def _lines(first: int, middle: str) -> dict[_Key, _Channel]:
    """Four lines of three channels each, from channel `first` on."""
    channels: dict[_Key, _Channel] = {}
    for line in range(4):
        at, name = first + 3 * line, f"line_{line + 1}_{middle}"
        channels[at, 0xD2] = _numbers("<I", f"{name}total_in")
        channels[at + 1, 0xD2] = _numbers("<I", f"{name}total_out")
        channels[at + 2, 0xCC] = _numbers("<HH", f"{name}period_in", f"{name}period_out")
    return channels


_LINES = _lines(0x03, "") | _lines(0x11, "child_")
_VS133: dict[_Key, _Channel] = {
    **_LINES,
    (0x0F, 0xE3): _regions(1, 4),
    (0x1D, 0xE3): _regions(1, 4, "child_"),
    (0x10, 0xE4): _of(5, _dwell("")),
    (0x1E, 0xE4): _of(5, _dwell("child_")),
    (0x50, 0xFC): _of(3, _occlusion, least=2),
}
_VS133_HISTORY: dict[int, _Channel] = {
    **{channel: read for (channel, _type), read in _LINES.items()},
    0x0F: _regions(1, 4),
    0x10: _one_dwell("avg"),
    0x1D: _regions(1, 4, "child_"),
    0x1E: _one_dwell("child_avg"),
    0x20: _one_dwell("max"),
    0x3C: _one_dwell("child_max"),
}
_TEMPERATURE = _of(2, lambda b: {"temperature": int.from_bytes(b, "little", signed=True) / 10})
_VS350_TOTAL = _numbers("<HH", "total_in", "total_out")
_VS350_PERIOD = _numbers("<HH", "period_in", "period_out")
_VS350: dict[_Key, _Channel] = {
    (0x01, 0x75): _numbers("<B", "battery"),
    (0x03, 0x67): _TEMPERATURE,
    (0x04, 0xCC): _VS350_TOTAL,
    (0x05, 0xCC): _VS350_PERIOD,
    (0x0A, 0xEF): _numbers("<I", "timestamp"),
    (0x83, 0x67): _with_alarm(_TEMPERATURE, "temperature_alarm"),
    (0x84, 0xCC): _with_alarm(_VS350_TOTAL, "total_count_alarm"),
    (0x85, 0xCC): _with_alarm(_VS350_PERIOD, "period_count_alarm"),
}
_VS350_HISTORY: dict[int, _Channel] = {
    0: _VS350_PERIOD,
    1: _numbers("<4H", "period_in", "period_out", "total_in", "total_out"),
}
_CHANNELS: dict[Model, Mapping[_Key, _Channel]] = {
    Model.VS121: _COMMON | _VS121,
    Model.VS132: _COMMON | _VS132,
    Model.VS133: _COMMON | _VS133,
    Model.VS135: _COMMON | _VS133,
    Model.VS350: _COMMON | _VS350,
}
_HISTORIES: dict[Model, Mapping[int, _Channel]] = {
    Model.VS121: _VS121_HISTORY,
    Model.VS132: {},
    Model.VS133: _VS133_HISTORY,
    Model.VS135: _VS133_HISTORY,
    Model.VS350: _VS350_HISTORY,
}


def decode(model: Model, payload: bytes) -> Uplink:
    """Read `payload` up to its end or to the first channel that is not known or cut short."""
    fields: Fields = {}
    history: list[Fields] = []
    at = 0
    while at < len(payload):
        key, rest = (
            (payload[at], payload[at + 1] if at + 1 < len(payload) else -1),
            payload[at + 2 :],
        )
        if key == _HISTORY and (past := _past(model, rest)):
            record, size = past
            history.append(record)
        elif (channel := _CHANNELS[model].get(key)) and len(rest) >= channel.least:
            size = _serial_size(rest) if key == _SERIAL_121 else channel.size
            fields |= channel.read(rest[:size])
        else:
            break
        at += 2 + size
    return Uplink(fields, tuple(history), payload[at:])


def _past(model: Model, rest: bytes) -> tuple[Fields, int] | None:
    """One record of history and its size: time, kind, data."""
    if len(rest) < 5:
        return None
    channel = _HISTORIES[model].get(rest[4])
    if channel is None or len(rest) < 5 + channel.size:
        return None
    fields: Fields = {"timestamp": int.from_bytes(rest[:4], "little")}
    return fields | channel.read(rest[5 : 5 + channel.size]), 5 + channel.size


def _serial_size(rest: bytes) -> int:
    """6 or 8: the digits never hold 0xFF, with which the next channel begins."""
    is_longer = len(rest) > 6 and rest[6] != 0xFF
    return 8 if is_longer and (len(rest) == 8 or rest[8:9] == b"\xff") else 6


_PART = re.compile(r"(line|region|node)_(\d+)_(.+)")
_TOTALS = {
    "people_total_in": "in_total",
    "people_total_out": "out_total",
    "total_counter_in": "in_total",
    "total_counter_out": "out_total",
    "total_in": "in_total",
    "total_out": "out_total",
    "child_total_in": "child_in_total",
    "child_total_out": "child_out_total",
}
_PERIODS = {
    "people_in": "in_count",
    "people_out": "out_count",
    "periodic_counter_in": "in_count",
    "periodic_counter_out": "out_count",
    "period_in": "in_count",
    "period_out": "out_count",
    "child_period_in": "child_in_count",
    "child_period_out": "child_out_count",
}
_OTHERS = {
    "people_count_all": "occupancy_count",
    "people_count_max": "occupancy_max_count",
    "count": "occupancy_count",
    "battery": "battery_percent",
    "temperature": "internal_temperature_c",
}
_METRICS = {
    Counting.TOTALS: _TOTALS | _OTHERS,
    Counting.PERIODS: _PERIODS | _OTHERS,
}


def values(uplink: Uplink, counting: Counting = Counting.TOTALS) -> tuple[PayloadValue, ...]:
    """What the uplink says in our vocabulary; a negative count is "not known" and left out.

    Children are counted among the people too. Dwell times are left out: their unit is not stated;
    so are crossings of a line of the VS121, whose period is not.
    """
    found = [*_said(uplink.fields, counting, is_historical=False)]
    for record in uplink.history:
        found += _said(record, counting, is_historical=True)
    return tuple(found)


def _said(fields: Fields, counting: Counting, *, is_historical: bool) -> list[PayloadValue]:
    at = _time(fields)
    if is_historical and at is None:
        return []
    found = []
    for name, value in fields.items():
        part, base = _part(name)
        if isinstance(value, str):
            if base == "occlusion_alarm" and value in _BLOCKED.values():
                blocked = float(value == _BLOCKED[1])
                found.append(PayloadValue("view_blocked", blocked, part, at, is_historical))
        elif (metric := _METRICS[counting].get(base)) and (value >= 0 or base == "temperature"):
            event = _event_id(metric, part, at)
            found.append(PayloadValue(metric, float(value), part, at, is_historical, event))
    return found


def _time(fields: Fields) -> datetime | None:
    """None where the clock of the device is not set: then the past cannot be told."""
    stamp = fields.get("timestamp")
    try:
        return from_epoch(stamp) if isinstance(stamp, int) else None
    except FrameError:
        return None


def _part(name: str) -> tuple[str, str]:
    if match := _PART.fullmatch(name):
        return f"{match[1]} {match[2]}", match[3]
    return ("master", "occlusion_alarm") if name == "master_occlusion_alarm" else ("", name)


def _event_id(metric: str, part: str, at: datetime | None) -> str:
    if at is None or not metric.endswith("_count") or metric.startswith("occupancy"):
        return ""
    return f"{metric}/{part}/{int(at.timestamp())}"
