"""Rows of the journal → one block of arrays. A reading costs about 0.2 µs.

The usual value is read by numpy (see `columns`); whatever is unusual is looked at one by one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from hub.ingest import names
from hub.ingest.block import Block, NodeEvent, NodeEventKind, TextEvent, empty_block
from hub.ingest.columns import Columns, Metrics, find_metrics, read_plain
from hub.ingest.dead_letters import Cause
from hub.ingest.journal import Row, RowKind, unsigned
from hub.ingest.node import UNKNOWN, AliasTable, Node, Series
from hub.ingest.registry import Registry
from hub.timeseries.port import PointQuality, Points
from protocols.metrics import METRICS, Kind
from protocols.reading import Quality
from protocols.sparkplug import codec
from protocols.sparkplug.sparkplug_b_pb2 import Metric

EARLIEST_MS = 946_684_800_000  # 2000-01-01
MOST_AHEAD_MS = 2 * 86_400_000  # a clock that is a day fast is kept, flagged
LATEST_MS = 1 << 62  # stamps are unsigned on the wire
AHEAD_MS = 60_000  # of the hub's clock: the agent's clock is wrong, so the time is an estimate

_QUALITY = {
    Quality.GOOD: PointQuality.GOOD,
    Quality.BAD: PointQuality.BAD,
    Quality.STALE: PointQuality.STALE,
    Quality.ESTIMATED: PointQuality.ESTIMATED,
}
_EVENTS: dict[int, NodeEventKind] = {
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
class _Values:
    """Arrays of one place a value; what is odd gets its place corrected."""

    rows: Sequence[Row]
    nodes: list[Node]  # of each row, like the next
    tables: list[AliasTable]
    metrics: Metrics
    series: NDArray[np.int32]
    t_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    historical: NDArray[np.bool_]
    texts: list[TextEvent]
    refused: Counter[tuple[int, Cause]]  # (row, cause) → values


def decode(rows: Sequence[Row], registry: Registry) -> tuple[Block, list[Refusal]]:
    """One block of all rows; what cannot be decoded is a refusal and stops nothing."""
    spoken = [row for row in rows if row.kind != RowKind.CANARY]
    first, last = rows[0].seq, rows[-1].seq
    if not spoken:
        return replace(empty_block(last), first_seq=first), []
    block, refusals = _decode(spoken, registry)
    return replace(block, first_seq=first, last_seq=last), refusals


def _decode(rows: Sequence[Row], registry: Registry) -> tuple[Block, list[Refusal]]:
    nodes = [registry.node_of(row.agent_id) for row in rows]
    tables = [node.aliases_at(row.seq) for node, row in zip(nodes, rows, strict=True)]
    metrics, broken = find_metrics([_values_of(row) for row in rows])
    columns = read_plain(metrics)
    values = _Values(
        rows=rows,
        nodes=nodes,
        tables=tables,
        metrics=metrics,
        series=_series(columns, metrics.row, tables),
        t_ms=columns.t_ms,
        value=columns.value,
        quality=np.zeros(len(metrics), np.uint8),
        historical=columns.historical,
        texts=[],
        refused=Counter({(row, Cause.MALFORMED): 1 for row in broken}),
    )
    for place in np.flatnonzero(values.series == UNKNOWN).tolist():
        _correct(place, values, registry)
    block = _block(values)
    refusals = [
        Refusal(rows[number], cause, count, f"{count} values of row {rows[number].seq}")
        for (number, cause), count in values.refused.items()
    ]
    return block, refusals


def _values_of(row: Row) -> bytes:
    """The payload of a row that has values.

    A birth without batch number is our agent's: its values come in a batch too, and events would
    count twice.
    """
    if row.kind in _DATA or (row.kind in _BIRTHS and row.batch_id):
        return row.payload
    return b""


def _series(
    columns: Columns, row_of: NDArray[np.int64], tables: Sequence[AliasTable]
) -> NDArray[np.int32]:
    """Look up the aliases of all rows at once, each in its row's table."""
    places = {id(table): place for place, table in enumerate(tables)}
    numbers = {place: number for number, place in enumerate(places.values())}
    dense = [tables[place].dense() for place in numbers]
    sizes = np.array([len(table) for table in dense], np.int64)
    starts = np.cumsum(sizes) - sizes
    table_of = np.array([numbers[places[id(table)]] for table in tables], np.int64)[row_of]
    is_known = columns.is_plain & (columns.alias < sizes[table_of])
    found = np.concatenate(dense)[np.where(is_known, starts[table_of] + columns.alias, 0)]
    return np.where(is_known, found, UNKNOWN).astype(np.int32)


def _correct(place: int, values: _Values, registry: Registry) -> None:
    """Look at one value that is not a good double under a known alias."""
    number = int(values.metrics.row[place])
    row = values.rows[number]
    try:
        metric = Metric.FromString(values.metrics.bytes_of(place))
    except DecodeError:
        values.refused[number, Cause.MALFORMED] += 1
        return
    series = _series_of(metric, row, values.nodes[number], values.tables[number])
    if series is None:
        return
    if series == UNKNOWN:
        values.refused[number, Cause.UNKNOWN_METRIC] += 1
    elif metric.WhichOneof("value") == "string_value":
        index = place - int(np.searchsorted(values.metrics.row, number))
        values.texts.append(_text(row, registry.series(series), metric, index))
    elif not _set_number(metric, place, values):
        values.refused[number, Cause.NOT_A_NUMBER] += 1
    else:
        values.series[place] = series


def _series_of(metric: Metric, row: Row, node: Node, table: AliasTable) -> int | None:
    """UNKNOWN for what no birth declared, None for what is no reading: a control of the node."""
    if metric.HasField("alias"):
        return table.series.get(metric.alias, UNKNOWN)
    name = names.split(metric.name, row.device or None)
    return None if name is None else node.names.get(name, UNKNOWN)


def _set_number(metric: Metric, place: int, values: _Values) -> bool:
    quality = codec.quality_of(metric)
    value = codec.value_of(metric)
    if isinstance(value, str) or (value is None and not metric.is_null):
        return False
    if value is None or quality in (Quality.BAD, Quality.STALE):
        quality = quality if quality is Quality.STALE else Quality.BAD
        value = 0.0
    values.t_ms[place] = min(metric.timestamp, LATEST_MS)
    values.value[place] = float(value)
    values.quality[place] = _QUALITY[quality]
    values.historical[place] = metric.is_historical
    return True


def _text(row: Row, series: Series, metric: Metric, index: int) -> TextEvent:
    """A document bears its own time; an impossible stamp is no reason to lose it."""
    is_possible = EARLIEST_MS <= metric.timestamp <= row.received_ms + MOST_AHEAD_MS
    return TextEvent(
        seq=row.seq,
        agent_id=series.agent_id,
        epoch=unsigned(row.epoch),
        batch_id=row.batch_id,
        index=index,
        store_id=series.store_id,
        device=series.device,
        metric=series.metric,
        t_ms=metric.timestamp if is_possible else row.received_ms,
        text=metric.string_value,
        is_historical=metric.is_historical,
    )


def _is_document(metric: str) -> bool:
    known = METRICS.get(metric)
    return known is not None and known.kind is Kind.DOCUMENT


def _events(values: _Values) -> list[NodeEvent]:
    found = []
    for row, node in zip(values.rows, values.nodes, strict=True):
        kind = _EVENTS.get(row.kind)
        if kind is not None:
            detail = row.payload.decode() if kind is NodeEventKind.GAP else row.device
            agent_id, at_ms = node.agent_id, row.received_ms
            found.append(NodeEvent(row.seq, agent_id, node.store_id, kind, at_ms, detail))
    return found


def _block(values: _Values) -> Block:
    """What holds for every value: it has a possible time and a finite number, or says BAD."""
    rows = values.rows
    received = np.array([row.received_ms for row in rows], np.int64)[values.metrics.row]
    t_ms = np.where(values.t_ms == 0, received, values.t_ms)
    is_there = values.series != UNKNOWN
    is_kept = is_there & (t_ms >= EARLIEST_MS) & (t_ms <= received + MOST_AHEAD_MS)
    is_finite = np.isfinite(values.value)
    _refuse(values, is_there & ~is_kept, Cause.TIME)
    _refuse(values, is_kept & ~is_finite, Cause.NOT_A_NUMBER)
    value, quality = np.where(is_finite, values.value, 0.0), values.quality
    quality[~is_finite] = PointQuality.BAD
    is_good = quality == PointQuality.GOOD
    quality[is_good & values.historical] = PointQuality.BACKFILLED
    quality[is_good & (t_ms > received + AHEAD_MS)] = PointQuality.ESTIMATED
    columns = _Kept(values.series, t_ms, value, quality, values.historical, received)
    if not is_kept.all():
        columns = _Kept(*(column[is_kept] for column in columns))
    columns = _with_deaths(columns, values, np.cumsum(is_kept))
    return Block(
        first_seq=rows[0].seq,
        last_seq=rows[-1].seq,
        points=Points(columns.series, columns.t_ms, columns.value, columns.quality),
        historical=columns.historical,
        received_ms=columns.received,
        texts=tuple(values.texts),
        nodes=tuple(_events(values)),
    )


class _Kept(NamedTuple):
    series: NDArray[np.int32]
    t_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    historical: NDArray[np.bool_]
    received: NDArray[np.int64]


def _with_deaths(columns: _Kept, values: _Values, kept: NDArray[np.intp]) -> _Kept:
    """At a death every series of the node, or of the device, says that nobody knows any more.

    Those that later births brought were not there yet: a replay must find what the first run found.
    """
    for number, row in reversed(list(enumerate(values.rows))):
        if row.kind in _DEATHS:
            before = int(np.searchsorted(values.metrics.row, number))
            place = int(kept[before - 1]) if before else 0
            node = values.nodes[number]
            series = [
                known
                for (device, metric), known in node.names.items()
                if (not row.device or device == row.device)
                and not _is_document(metric)
                and node.since.get(known, 0) <= row.seq
            ]
            at = np.full(len(series), place)
            columns = _Kept(
                np.insert(columns.series, at, series),
                np.insert(columns.t_ms, at, row.received_ms),
                np.insert(columns.value, at, 0.0),
                np.insert(columns.quality, at, PointQuality.STALE),
                np.insert(columns.historical, at, False),
                np.insert(columns.received, at, row.received_ms),
            )
    return columns


def _refuse(values: _Values, mask: NDArray[np.bool_], cause: Cause) -> None:
    for number in values.metrics.row[mask].tolist():
        values.refused[number, cause] += 1
