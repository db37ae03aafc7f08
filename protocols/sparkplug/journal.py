"""The journal on the wire: which batch a message is, what a node holds, what the hub has stored.

An *epoch* is a random 64-bit number, an *id* counts the batches inside it from 1 without a gap.
Both travel in `Payload.body`, which a foreign host ignores.
"""

import re
import struct
from collections.abc import Iterable
from typing import NamedTuple

from protocols.errors import FrameError
from protocols.sparkplug.codec import Datatype, message, named
from protocols.sparkplug.sparkplug_b_pb2 import Payload

OPEN = "Journal/Open"
ACK = "Node Control/Journal Ack"
MAX_EPOCH = 2**64 - 1

_BODY = struct.Struct(">QQ")
_NUMBER = r"([0-9]{1,19})"
_OPEN_TEXT = re.compile(rf"([0-9a-f]{{16}}):{_NUMBER}:{_NUMBER}")
_ACK_TEXT = re.compile(rf"([0-9a-f]{{16}}):{_NUMBER}")


class BatchId(NamedTuple):
    epoch: int
    id: int


class OpenEpoch(NamedTuple):
    """What a node says of one epoch: `first` is the oldest batch it still keeps, or `last` + 1."""

    epoch: int
    first: int
    last: int


def encode_body(batch: BatchId) -> bytes:
    """16 bytes, big-endian."""
    return _BODY.pack(*batch)


def decode_body(payload: Payload) -> BatchId | None:
    """None for a message without batch number: births, announcements, foreign nodes."""
    if len(payload.body) != _BODY.size:
        return None
    return BatchId(*_BODY.unpack(payload.body))


def format_open(epochs: Iterable[OpenEpoch]) -> str:
    """Newest epoch first: `<16 hex digits>:<first>:<last>`, joined by commas."""
    return ",".join(f"{e.epoch:016x}:{e.first}:{e.last}" for e in epochs)


def parse_open(text: str) -> list[OpenEpoch]:
    """Raises FrameError for a text that is not exactly what `format_open` writes."""
    return [_open_epoch(part) for part in text.split(",")] if text else []


def _open_epoch(text: str) -> OpenEpoch:
    match = _OPEN_TEXT.fullmatch(text)
    if match is None:
        raise FrameError(f"{text[:60]!r} in {OPEN} is not epoch:first:last.")
    found = OpenEpoch(int(match[1], 16), int(match[2]), int(match[3]))
    if not 1 <= found.first <= found.last + 1:
        raise FrameError(f"{text!r} in {OPEN}: first must lie between 1 and last + 1.")
    return found


def format_ack(batch: BatchId) -> str:
    return f"{batch.epoch:016x}:{batch.id}"


def parse_ack(text: str) -> BatchId:
    match = _ACK_TEXT.fullmatch(text)
    if match is None:
        raise FrameError(f"{text[:60]!r} in {ACK} is not epoch:id.")
    return BatchId(int(match[1], 16), int(match[2]))


def ack_command(batches: Iterable[BatchId], *, time_ms: int) -> bytes:
    """NCMD payload: all up to and including each batch is stored for good; one metric an epoch."""
    acks = (named(ACK, Datatype.STRING, format_ack(batch), time_ms) for batch in batches)
    return message(b"".join(acks), time_ms=time_ms, seq=None)


def open_metric(epochs: Iterable[OpenEpoch], *, time_ms: int) -> bytes:
    """The announcement as metrics of an NDATA, see `codec.message`."""
    return named(OPEN, Datatype.STRING, format_open(epochs), time_ms)


def announced(payload: Payload) -> list[OpenEpoch] | None:
    """The announcement in an NBIRTH or NDATA; None where there is none. Raises FrameError."""
    for metric in payload.metrics:
        if metric.name == OPEN and metric.WhichOneof("value") == "string_value":
            return parse_open(metric.string_value)
    return None


def acknowledged(payload: Payload) -> list[BatchId]:
    """The acknowledgements in an NCMD. Raises FrameError."""
    return [parse_ack(metric.string_value) for metric in payload.metrics if metric.name == ACK]
