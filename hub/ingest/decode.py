"""Rows of the journal → one block of arrays. A reading costs about half a microsecond.

The usual value (a double, good, with an alias) is read by list comprehensions over protobuf's
fields; whatever is unusual is looked at one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from hub.ingest import names
from hub.ingest.block import Block, NodeEvent, NodeEventKind, TextEvent
from hub.ingest.dead_letters import Cause
from hub.ingest.journal import Row, RowKind, unsigned
from hub.ingest.registry import Node, Registry, Series
from hub.timeseries.port import PointQuality, Points
from protocols.metrics import METRICS, Kind
from protocols.reading import Quality
from protocols.sparkplug import codec
from protocols.sparkplug.sparkplug_b_pb2 import Metric, Payload

NOWHERE = -1  # series of a value that is not to be kept
EARLIEST_MS = 946_684_800_000  # 2000-01-01
MOST_AHEAD_MS = 2 * 86_400_000  # a clock that is a day fast is kept, flagged
AHEAD_MS = 60_000  # of the hub's clock: the agent's clock is wrong, so the time is an estimate

_QUALITY = {
    Quality.GOOD: PointQuality.GOOD,
    Quality.BAD: PointQuality.BAD,
    Quality.STALE: PointQuality.STALE,
    Quality.ESTIMATED: PointQuality.ESTIMATED,
}
_EVENTS = {
    RowKind.NODE_BIRTH: NodeEventKind.BIRTH,
    RowKind.NODE_DEATH: NodeEventKind.DEATH,
    RowKind.DEVICE_BIRTH: NodeEventKind.DEVICE_BIRTH,
    RowKind.DEVICE_DEATH: NodeEventKind.DEVICE_DEATH,
    RowKind.GAP: NodeEventKind.GAP,
    RowKind.QUARANTINE: NodeEventKind.QUARANTINE,
}
_DATA = (RowKind.NODE_DATA, RowKind.DEVICE_DATA)
_BIRTHS = (RowKind.NODE_BIRTH, RowKind.DEVICE_BIRTH)
_DEATHS = (RowKind.NODE_DEATH, RowKind.DEVICE_DEATH)


class Refusal(NamedTuple):
    """Values of one row that were not kept."""

    row: Row
    cause: Cause
    values: int
    error: str


@dataclass(slots=True)
class _Columns:
    """The columns of a block while it grows; all lists of values have one length."""

    registry: Registry
    series: list[int] = field(default_factory=list)
    t_ms: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    historical: list[bool] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)  # values of each row
    texts: list[TextEvent] = field(default_factory=list)
    nodes: list[NodeEvent] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def decode(rows: Sequence[Row], registry: Registry) -> tuple[Block, list[Refusal]]:
    """One block of all rows; a row that cannot be decoded is a refusal and stops nothing."""
    columns = _Columns(registry)
    for row in rows:
        before = len(columns.series)
        try:
            _decode_row(row, columns)
        except Exception as error:  # noqa: BLE001 boundary: one row must not stop the others
            _cut(columns, before)
            columns.refusals.append(Refusal(row, Cause.FAILED, 1, repr(error)))
        columns.lengths.append(len(columns.series) - before)
    return _block(rows, columns), columns.refusals


def _decode_row(row: Row, columns: _Columns) -> None:
    node = columns.registry.node_of(row.agent_id)
    kind = RowKind(row.kind)
    if kind in _EVENTS:
        columns.nodes.append(_event(row, node, _EVENTS[kind]))
    if kind in _DATA:
        _add_values(row, node, codec.parse(row.payload), columns)
    elif kind in _BIRTHS:
        if row.batch_id:  # else the node sends each value in a batch too: events would count twice
            _add_values(row, node, codec.parse(row.payload), columns)
    elif kind in _DEATHS:
        _add_stale(row, node, columns)


def _add_values(row: Row, node: Node, payload: Payload, columns: _Columns) -> None:
    metrics = list(payload.metrics)
    count = len(metrics)
    table = node.aliases_at(row.seq)
    aliases = [metric.alias for metric in metrics]
    series = [table.get(alias, NOWHERE) for alias in aliases]
    kinds = [metric.WhichOneof("value") for metric in metrics]
    historical = [metric.is_historical for metric in metrics]
    first = len(columns.series)
    columns.series += series
    columns.t_ms += [metric.timestamp for metric in metrics]
    columns.value += [metric.double_value for metric in metrics]
    columns.quality += [0] * count
    columns.historical += historical
    is_plain = (
        kinds.count("double_value") == count
        and NOWHERE not in series
        and 0 not in aliases
        and True not in [metric.is_null for metric in metrics]
        and True not in [metric.HasField("properties") for metric in metrics]
    )
    if not is_plain:
        _correct(row, node, payload, columns, first)


def _correct(row: Row, node: Node, payload: Payload, columns: _Columns, first: int) -> None:
    """Look at each value that is not a good double under an alias."""
    refused: dict[Cause, int] = {}
    for index, metric in enumerate(payload.metrics):
        place = first + index
        if not metric.HasField("alias"):
            name = names.split(metric.name, row.device or None)
            columns.series[place] = node.names.get(name, NOWHERE) if name else NOWHERE
            if name is None:
                continue
        if columns.series[place] == NOWHERE:
            cause: Cause | None = Cause.UNKNOWN_METRIC
        elif metric.WhichOneof("value") == "string_value":
            cause = None
            columns.texts.append(
                _text(row, columns.registry.series(columns.series[place]), metric, index)
            )
            columns.series[place] = NOWHERE
        else:
            cause = _set_number(metric, columns, place)
        if cause is not None:
            columns.series[place] = NOWHERE
            refused[cause] = refused.get(cause, 0) + 1
    for cause, count in refused.items():
        columns.refusals.append(Refusal(row, cause, count, f"{count} values of {node}"))


def _set_number(metric: Metric, columns: _Columns, place: int) -> Cause | None:
    quality = codec.quality_of(metric)
    value = codec.value_of(metric)
    if value is None and not metric.is_null:
        return Cause.NOT_A_NUMBER
    if value is None or quality in (Quality.BAD, Quality.STALE):
        columns.value[place] = 0.0
        columns.quality[place] = _QUALITY[quality if quality is Quality.STALE else Quality.BAD]
    else:
        columns.value[place] = float(value)
        columns.quality[place] = _QUALITY[quality]
    return None


def _text(row: Row, series: Series, metric: Metric, index: int) -> TextEvent:
    return TextEvent(
        seq=row.seq,
        agent_id=series.agent_id,
        epoch=unsigned(row.epoch),
        batch_id=row.batch_id,
        index=index,
        store_id=series.store_id,
        device=series.device,
        metric=series.metric,
        t_ms=metric.timestamp or row.received_ms,
        text=metric.string_value,
        is_historical=metric.is_historical,
    )


def _add_stale(row: Row, node: Node, columns: _Columns) -> None:
    """From now on nobody knows: every series of the node, or of the device, says so."""
    series = [
        number
        for (device, metric), number in node.names.items()
        if (not row.device or device == row.device) and not _is_document(metric)
    ]
    columns.series += series
    columns.t_ms += [row.received_ms] * len(series)
    columns.value += [0.0] * len(series)
    columns.quality += [PointQuality.STALE] * len(series)
    columns.historical += [False] * len(series)


def _is_document(metric: str) -> bool:
    known = METRICS.get(metric)
    return known is not None and known.kind is Kind.DOCUMENT


def _event(row: Row, node: Node, kind: NodeEventKind) -> NodeEvent:
    detail = row.payload.decode() if kind is NodeEventKind.GAP else row.device
    return NodeEvent(
        row.seq, UUID(bytes=row.agent_id), node.store_id, kind, row.received_ms, detail
    )


def _cut(columns: _Columns, length: int) -> None:
    del columns.series[length:], columns.t_ms[length:], columns.value[length:]
    del columns.quality[length:], columns.historical[length:]


def _refuse(rows: Sequence[Row], columns: _Columns, mask: NDArray[np.bool_], cause: Cause) -> None:
    count = int(mask.sum())
    if count:
        place = int(np.searchsorted(np.cumsum(columns.lengths), mask.argmax(), side="right"))
        error = f"{count} values, series {columns.series[int(mask.argmax())]} first"
        columns.refusals.append(Refusal(rows[place], cause, count, error))


def _block(rows: Sequence[Row], columns: _Columns) -> Block:
    """Numpy does at once what holds for every value: stamps, finite numbers, back-filled ones."""
    received = np.repeat(
        np.array([row.received_ms for row in rows], np.int64), np.array(columns.lengths, np.int64)
    )
    series = np.array(columns.series, np.int32)
    t_ms = np.array(columns.t_ms, np.uint64).astype(np.int64)
    value = np.array(columns.value, np.float64)
    quality = np.array(columns.quality, np.uint8)
    historical = np.array(columns.historical, np.bool_)
    t_ms = np.where(t_ms == 0, received, t_ms)

    is_kept = series != NOWHERE
    is_dated = (t_ms >= EARLIEST_MS) & (t_ms <= received + MOST_AHEAD_MS)
    is_finite = np.isfinite(value)
    _refuse(rows, columns, is_kept & ~is_dated, Cause.TIME)
    _refuse(rows, columns, is_kept & is_dated & ~is_finite, Cause.NOT_A_NUMBER)
    value[~is_finite] = 0.0
    quality[~is_finite] = PointQuality.BAD
    is_good = quality == PointQuality.GOOD
    quality[is_good & historical] = PointQuality.BACKFILLED
    quality[is_good & (t_ms > received + AHEAD_MS)] = PointQuality.ESTIMATED

    is_kept &= is_dated
    points = Points(series, t_ms, value, quality)
    if not is_kept.all():
        points, historical, received = points[is_kept], historical[is_kept], received[is_kept]
    return Block(
        first_seq=rows[0].seq,
        last_seq=rows[-1].seq,
        points=points,
        historical=historical,
        received_ms=received,
        texts=tuple(columns.texts),
        nodes=tuple(columns.nodes),
    )
