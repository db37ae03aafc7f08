"""Sparkplug B 3.0 payloads: births, data, commands and deaths as bytes and back; pure.

Source: Eclipse Sparkplug 3.0.0, chapters 5 (operation) and 6 (payloads).
A message is head + metrics: protobuf joins the two by concatenation, so a batch is encoded once
(`encode_values`) and gets its `seq`, time and body only when it is sent (`message`).
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from google.protobuf.message import DecodeError

from protocols.errors import FrameError
from protocols.metrics import METRICS, Kind
from protocols.reading import Quality
from protocols.sparkplug.sparkplug_b_pb2 import Metric, Payload, PropertySet, PropertyValue

BDSEQ = "bdSeq"
REBIRTH = "Node Control/Rebirth"
QUALITY = "Quality"
ESTIMATED = "Estimated"  # a property of ours: the standard knows good, bad and stale only
SEQ_MODULUS = 256  # of seq and bdSeq alike

Value = float | int | bool | str | None


class Datatype(IntEnum):
    """The codes of chapter 6.4.16 that a single value may have."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15


class Sample(NamedTuple):
    """One value of a declared metric; `value` None is sent as `is_null`."""

    alias: int
    datatype: Datatype
    time_ms: int
    value: Value
    quality: Quality = Quality.GOOD


class Declaration(NamedTuple):
    """One metric of a birth; node controls have no alias."""

    name: str
    datatype: Datatype
    value: Value = None
    time_ms: int = 0  # 0: the time of the birth
    alias: int | None = None
    quality: Quality = Quality.GOOD


def datatype_of(metric: str) -> Datatype:
    """Documents are String, all else is Double, so no metric ever changes type."""
    known = METRICS.get(metric)
    return Datatype.STRING if known and known.kind is Kind.DOCUMENT else Datatype.DOUBLE


# encode


def encode_values(samples: Iterable[Sample], *, is_historical: bool = False) -> bytes:
    """The metrics of one DATA message, alias and datatype in each; about 0.6 µs a value."""
    payload = Payload()
    add = payload.metrics.add
    for alias, datatype, time_ms, value, quality in samples:
        if datatype is Datatype.DOUBLE and value is not None:
            metric = add(
                alias=alias, timestamp=time_ms, datatype=Datatype.DOUBLE, double_value=float(value)
            )
        else:
            metric = add(alias=alias, timestamp=time_ms, datatype=datatype)
            _set_value(metric, datatype, value)
        if quality is not Quality.GOOD:
            metric.properties.CopyFrom(_QUALITY[quality])
        if is_historical:
            metric.is_historical = True
    return payload.SerializeToString()


def samples_of(metrics: bytes) -> list[Sample]:
    """The reverse of `encode_values`."""
    return [
        Sample(m.alias, Datatype(m.datatype), m.timestamp, value_of(m), quality_of(m))
        for m in Payload.FromString(metrics).metrics
    ]


def as_historical(metrics: bytes) -> bytes:
    """The same batch, each value marked as not current: how a batch is sent again."""
    payload = Payload.FromString(metrics)
    for metric in payload.metrics:
        metric.is_historical = True
    return payload.SerializeToString()


def message(metrics: bytes, *, time_ms: int, seq: int | None, body: bytes | None = None) -> bytes:
    """A whole payload; `seq` None for NDEATH and commands, which carry none."""
    return Payload(timestamp=time_ms, seq=seq, body=body).SerializeToString() + metrics


def birth(declarations: Iterable[Declaration], *, time_ms: int, seq: int) -> bytes:
    """NBIRTH or DBIRTH: every metric that will ever be sent, with its present value."""
    payload = Payload(timestamp=time_ms, seq=seq)
    for item in declarations:
        metric = payload.metrics.add(
            name=item.name,
            alias=item.alias,
            timestamp=item.time_ms or time_ms,
            datatype=item.datatype,
        )
        _set_value(metric, item.datatype, item.value)
        if item.quality is not Quality.GOOD:
            metric.properties.CopyFrom(_QUALITY[item.quality])
    return payload.SerializeToString()


def death(*, time_ms: int, bdseq: int) -> bytes:
    """NDEATH: `bdSeq` alone, no `seq` [payloads-ndeath-seq, payloads-ndeath-bdseq]."""
    return message(named(BDSEQ, Datatype.INT64, bdseq, time_ms), time_ms=time_ms, seq=None)


def device_death(*, time_ms: int, seq: int) -> bytes:
    return message(b"", time_ms=time_ms, seq=seq)


def named(name: str, datatype: Datatype, value: Value, time_ms: int) -> bytes:
    """One metric called by its name, for data and commands of metrics without alias."""
    payload = Payload()
    _set_value(
        payload.metrics.add(name=name, timestamp=time_ms, datatype=datatype), datatype, value
    )
    return payload.SerializeToString()


def command(name: str, datatype: Datatype, value: Value, *, time_ms: int) -> bytes:
    """NCMD or DCMD with one metric; commands carry no `seq` [payloads-ncmd-seq]."""
    return message(named(name, datatype, value, time_ms), time_ms=time_ms, seq=None)


def rebirth_command(*, time_ms: int) -> bytes:
    return command(REBIRTH, Datatype.BOOLEAN, True, time_ms=time_ms)


# decode


def parse(payload: bytes) -> Payload:
    """The parsed message; readers go over `.metrics` themselves. Raises FrameError."""
    try:
        return Payload.FromString(payload)
    except DecodeError as error:
        raise FrameError(f"A payload of {len(payload)} bytes is no Sparkplug B: {error}") from error


def value_of(metric: Metric) -> Value:
    """The value in the type that `datatype` says; None for null and for what is no single value.

    Data of a foreign node may leave `datatype` out: then the value as it stands on the wire.
    """
    field = metric.WhichOneof("value")
    if metric.is_null or field not in _SINGLE:
        return None
    value: Value = getattr(metric, field)
    bits = _SIGNED_BITS.get(metric.datatype)
    if bits and isinstance(value, int):
        value &= (1 << bits) - 1
        return value - (1 << bits) if value >> (bits - 1) else value
    return value


def quality_of(metric: Metric) -> Quality:
    """Absent is GOOD; a code that nobody knows is BAD: nobody vouches for it."""
    if not metric.HasField("properties"):
        return Quality.GOOD
    found = dict(zip(metric.properties.keys, metric.properties.values, strict=False))
    code = found[QUALITY].int_value if QUALITY in found else Quality.GOOD.value
    quality = _QUALITY_BY_CODE.get(code, Quality.BAD)
    is_estimated = ESTIMATED in found and found[ESTIMATED].boolean_value
    return Quality.ESTIMATED if quality is Quality.GOOD and is_estimated else quality


def commands(payload: Payload) -> Iterator[tuple[str, Value]]:
    """Name and value of each metric of an NCMD or DCMD."""
    for metric in payload.metrics:
        yield metric.name, value_of(metric)


def bdseq_of(payload: Payload) -> int | None:
    """The birth/death number of an NBIRTH or NDEATH, None where it is missing."""
    for metric in payload.metrics:
        if metric.name == BDSEQ:
            value = value_of(metric)
            return value if isinstance(value, int) else None
    return None


_SINGLE = frozenset(
    ("int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value")
)
_SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
_FIELD = {
    Datatype.INT64: "long_value",
    Datatype.UINT64: "long_value",
    Datatype.DATETIME: "long_value",
    Datatype.FLOAT: "float_value",
    Datatype.DOUBLE: "double_value",
    Datatype.BOOLEAN: "boolean_value",
    Datatype.STRING: "string_value",
    Datatype.TEXT: "string_value",
    Datatype.UUID: "string_value",
}
_QUALITY_BY_CODE = {quality.value: quality for quality in Quality}


def _property_set(quality: Quality) -> PropertySet:
    """[payloads-propertyset-quality-value-value]: 0, 192 or 500 and no other code."""
    code = Quality.GOOD if quality is Quality.ESTIMATED else quality
    found = PropertySet(
        keys=[QUALITY], values=[PropertyValue(type=Datatype.INT32, int_value=code.value)]
    )
    if quality is Quality.ESTIMATED:
        found.keys.append(ESTIMATED)
        found.values.add(type=Datatype.BOOLEAN, boolean_value=True)
    return found


_QUALITY = {quality: _property_set(quality) for quality in Quality}


def _set_value(metric: Metric, datatype: Datatype, value: Value) -> None:
    if value is None:
        metric.is_null = True
        return
    field = _FIELD.get(datatype, "int_value")
    if field == "int_value":
        value = int(value) & 0xFFFF_FFFF
    elif field == "long_value":
        value = int(value) & 0xFFFF_FFFF_FFFF_FFFF
    setattr(metric, field, value)
