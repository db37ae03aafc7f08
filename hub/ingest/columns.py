"""The usual value read at the speed of numpy: a double, good, under an alias, with its time.

All messages of a block are walked through side by side, so that finding the bytes of a metric costs
a few nanoseconds; those that have exactly the form in which protobuf writes the usual value become
columns at once. Reading field by field costs ten times as much (docs/decisions/ingest-columns.md).
The form leaves no other reading, so nothing is guessed: whatever does not match in every byte that
is fixed is left to protobuf.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from protocols.errors import FrameError

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_MORE = 0x80  # the bit of a varint's byte that says another one follows
_FIRST_TAG = 8  # of field 1; there is no field 0
_METRIC = 0x12  # the tag of a metric in a payload
_VARINT, _SIZED = 0, 2  # kinds of field, the low bits of a tag
_LONGEST_VARINT = 10
_MOST_FIELDS = 1000  # of a message that is walked through beside the others
_ALIAS, _TIME, _DATATYPE, _HISTORICAL, _DOUBLE = 0x10, 0x18, 0x0A20, 0x0128, 0x69  # of a metric


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where the bytes of each metric lie in `joined`, and in which payload; in payloads' order."""

    joined: bytes
    start: Ints
    length: Ints
    row: Ints

    def __len__(self) -> int:
        return len(self.start)

    def bytes_of(self, place: int) -> bytes:
        start = int(self.start[place])
        return self.joined[start : start + int(self.length[place])]


class Columns(NamedTuple):
    """One place a metric; where `is_plain` is false the others mean nothing."""

    is_plain: Bools
    alias: Ints
    t_ms: Ints
    value: NDArray[np.float64]
    historical: Bools


def find_metrics(payloads: Sequence[bytes]) -> tuple[Metrics, dict[int, FrameError]]:
    """The metrics of all payloads, and which payloads are broken; empty ones have no metrics."""
    joined = b"".join(payloads)
    (start, length, row), strange = _walk(payloads, joined)
    errors: dict[int, FrameError] = {}
    if strange:
        is_known = ~np.isin(row, strange)
        parts, extra = [(start[is_known], length[is_known], row[is_known])], [joined]
        size = len(joined)
        for number in strange:
            try:
                metrics = split(payloads[number])
            except FrameError as error:
                errors[number] = error
                continue
            lengths = np.fromiter(map(len, metrics), np.int64, len(metrics))
            ends = size + np.cumsum(lengths)
            parts.append((ends - lengths, lengths, np.full(len(metrics), number)))
            extra += metrics
            size += int(lengths.sum())
        start, length, row = (np.concatenate(column) for column in zip(*parts, strict=True))
        joined = b"".join(extra)
    order = np.argsort(row.astype(np.int16 if len(payloads) < 1 << 15 else np.int32), kind="stable")
    return Metrics(joined, start[order], length[order], row[order]), errors


def split(payload: bytes) -> list[bytes]:
    """The bytes of each metric, as protobuf finds them. Raises FrameError."""
    try:
        return list(_Split.FromString(payload).metrics)
    except DecodeError as error:
        raise FrameError(f"A payload of {len(payload)} bytes is no Sparkplug B.") from error


def _walk(payloads: Sequence[bytes], joined: bytes) -> tuple[tuple[Ints, Ints, Ints], list[int]]:
    """Step from field to field in all payloads at once: start, length and payload of the metrics,
    and the payloads in which there was something else than varints and short sized fields."""
    lengths = np.fromiter(map(len, payloads), np.int64, len(payloads))
    data = np.frombuffer(joined + bytes(_LONGEST_VARINT + 1), np.uint8)
    row = np.flatnonzero(lengths)
    end = np.cumsum(lengths)[row]
    at = end - lengths[row]
    none = np.zeros(0, np.int64)
    found, strange = [(none, none, none)], []
    for _ in range(_MOST_FIELDS):
        if not len(row):
            break
        tag, size = data[at], data[at + 1].astype(np.int64)
        is_metric = tag == _METRIC
        if is_metric.all():
            step, is_usual = size + 2, size < _MORE
        else:
            step, is_usual = _steps(data, at, tag, size)
        is_usual &= (at + step <= end) & (tag >= _FIRST_TAG)
        is_metric &= is_usual
        found.append((at[is_metric] + 2, size[is_metric], row[is_metric]))
        strange += row[~is_usual].tolist()
        at = at + step
        goes_on = is_usual & (at < end)
        if not goes_on.all():
            at, end, row = at[goes_on], end[goes_on], row[goes_on]
    strange += row.tolist()
    start, length, row = (np.concatenate(column) for column in zip(*found, strict=True))
    return (start, length, row), strange


def _steps(data: Bytes, at: Ints, tag: Bytes, size: Ints) -> tuple[Ints, Bools]:
    """How long each field is, its tag included, and whether that is known."""
    kind = np.where(tag < _MORE, tag & 7, _MORE)
    ends = data[at[:, None] + np.arange(1, _LONGEST_VARINT + 1)] < _MORE
    is_varint = (kind == _VARINT) & ends.any(axis=1)
    step = np.where(is_varint, 2 + ends.argmax(axis=1), size + 2)
    return step, is_varint | ((kind == _SIZED) & (size < _MORE))


def read_plain(metrics: Metrics) -> Columns:
    """Columns of all metrics that are plain."""
    count = len(metrics)
    found = Columns(
        np.zeros(count, np.bool_),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.float64),
        np.zeros(count, np.bool_),
    )
    for form in _FORMS:
        places = np.flatnonzero(metrics.length == form.dtype.itemsize)
        if len(places):
            _read_form(form, metrics, places, found)
    return found


class _Form(NamedTuple):
    """One length of alias, current or historical."""

    dtype: np.dtype[np.void]
    is_historical: bool


def _form(alias_size: int, *, is_historical: bool) -> _Form:
    fields: list[Any] = [
        ("alias_tag", "u1"),
        ("alias", "u1", (alias_size,)),
        ("time_tag", "u1"),
        ("time", "u1", (6,)),  # 1971 to 2109
        ("datatype", "<u2"),
        *([("flag", "<u2")] if is_historical else []),
        ("value_tag", "u1"),
        ("value", "<f8"),
    ]
    return _Form(np.dtype(fields), is_historical)


_FORMS = tuple(_form(size, is_historical=flag) for size in (1, 2, 3) for flag in (False, True))


def _read_form(form: _Form, metrics: Metrics, places: NDArray[np.intp], found: Columns) -> None:
    last = len(metrics.joined) - form.dtype.itemsize
    everywhere = np.ndarray((last + 1,), form.dtype, metrics.joined, strides=(1,))
    entry = everywhere[metrics.start[places]]
    fits = (
        (entry["alias_tag"] == _ALIAS)
        & (entry["time_tag"] == _TIME)
        & (entry["datatype"] == _DATATYPE)
        & (entry["value_tag"] == _DOUBLE)
        & _is_varint(entry["alias"])
        & _is_varint(entry["time"])
    )
    if form.is_historical:
        fits &= entry["flag"] == _HISTORICAL
    if not fits.all():
        places, entry = places[fits], entry[fits]
    found.is_plain[places] = True
    found.alias[places] = _varint(entry["alias"])
    found.t_ms[places] = _varint(entry["time"])
    found.value[places] = entry["value"]
    found.historical[places] = form.is_historical


def _is_varint(digits: Bytes) -> Bools:
    """Whether a varint ends exactly with the last digit."""
    is_one = digits[:, -1] < _MORE
    for column in range(digits.shape[1] - 1):
        is_one &= digits[:, column] >= _MORE
    return is_one


def _varint(digits: Bytes) -> Ints:
    number = np.zeros(len(digits), np.int64)
    for column in range(digits.shape[1]):
        number |= (digits[:, column].astype(np.int64) & (_MORE - 1)) << (7 * column)
    return number


def _split_message() -> Any:
    """A payload of which only the metrics are looked at, and these as bytes."""
    file = descriptor_pb2.FileDescriptorProto(
        name="storevitals/split.proto", package="storevitals.split", syntax="proto3"
    )
    field = descriptor_pb2.FieldDescriptorProto(
        name="metrics",
        number=2,
        type=descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
        label=descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED,
    )
    file.message_type.add(name="Payload").field.append(field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("storevitals.split.Payload"))


_Split = _split_message()
