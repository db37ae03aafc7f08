"""Hot points: DuckDB tables of an hour, and of a day for what comes late."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import monotonic

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from hub.timeseries.arrays import concat, newest_of
from hub.timeseries.embedded.catalogue import (
    DAY_MS,
    HOUR_MS,
    Catalogue,
    Change,
    Segment,
    SegmentState,
    View,
)
from hub.timeseries.port import Points

TABLES_AT_ONCE = 6  # each more takes DuckDB 2 MB a thread for many series; a statement each, time
HOURS_A_DAY = 24
ARRIVAL = "t_ms::HUGEINT << 40 | rowid"  # orders by time, then by arrival


class HotWriter:
    """Sends each point to the open segment of its hour, or of its day where the hour is closed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.rows: dict[int, int] = {}  # points by segment id
        self.written_at_s: dict[int, float] = {}  # by segment id, monotonic

    def count_rows(self, connection: DuckDBPyConnection) -> None:
        """At start."""
        for segment in self._catalogue.view.segments:
            row = connection.execute(f"FROM {segment.table} SELECT count(*)").fetchone()
            self.rows[segment.id] = row[0] if row else 0
            self.written_at_s[segment.id] = monotonic()

    def write(self, points: Points, *, position: int, today: int) -> None:
        with self._catalogue.change() as change:
            written = {
                segment.id: _insert(change.connection, segment, part)
                for segment, part in self._split(change, points, today)
            }
            change.set_position(position)
        for segment_id, n in written.items():
            self.rows[segment_id] = self.rows.get(segment_id, 0) + n
            self.written_at_s[segment_id] = monotonic()

    def _split(
        self, change: Change, points: Points, today: int
    ) -> Iterator[tuple[Segment, Points]]:
        hours = points.t_ms // HOUR_MS
        different = np.unique(hours)
        segments = {h: self._segment_for(change, h, today) for h in different.tolist()}
        if len(set(segments.values())) == 1:
            yield segments[different[0]], points
            return
        ids = np.array([segments[h].id for h in different.tolist()])
        target = ids[np.searchsorted(different, hours)]
        for segment in dict.fromkeys(segments.values()):
            yield segment, points[target == segment.id]

    def _segment_for(self, change: Change, hour: int, today: int) -> Segment:
        start, end = _span(change.view, hour, today)
        for segment in change.view.segments:
            if (segment.start_ms, segment.end_ms, segment.state) == (start, end, SegmentState.OPEN):
                return segment
        return change.add_segment(self._catalogue.next_id(), start, end)


def _span(view: View, hour: int, today: int) -> tuple[int, int]:
    """An hour that was closed, or lies in a sealed day or further back, goes by its whole day."""
    day, start = hour * HOUR_MS // DAY_MS, hour * HOUR_MS
    is_closed = any(
        s.is_hour and s.start_ms == start and s.state is not SegmentState.OPEN
        for s in view.segments
    )
    if is_closed or day in view.sealed or day < today - 1:
        return day * DAY_MS, (day + 1) * DAY_MS
    return start, start + HOUR_MS


def _insert(connection: DuckDBPyConnection, segment: Segment, points: Points) -> int:
    batch = _columns(points)  # noqa: F841  DuckDB finds it by its name
    connection.execute(f"INSERT INTO {segment.table} FROM batch")
    return len(points)


def read_segments(
    connection: DuckDBPyConnection,
    segments: Sequence[Segment],
    series: NDArray[np.int32],
    span_ms: tuple[int, int],
) -> Points:
    """Segment after segment, each in its own order: `ordered` makes one row per key of it."""
    parts = []
    is_one = len(series) == 1
    wanted, at_once = ("= $1", HOURS_A_DAY) if is_one else ("= ANY($1)", TABLES_AT_ONCE)
    parameters = [series[0].item() if is_one else series.tolist(), *span_ms]
    for begin in range(0, len(segments), at_once):
        query = " UNION ALL ".join(
            f"(FROM {s.table} WHERE series {wanted} AND t_ms >= $2 AND t_ms < $3)"
            for s in segments[begin : begin + at_once]
        )
        parts.append(_points(connection.execute(query, parameters)))
    return concat(parts)


def series_of(connection: DuckDBPyConnection, segments: Sequence[Segment]) -> NDArray[np.int32]:
    """Which series have points there, sorted."""
    if not segments:
        return np.empty(0, np.int32)
    union = " UNION ALL ".join(f"(FROM {s.table} SELECT DISTINCT series)" for s in segments)
    rows = connection.execute(f"FROM ({union}) SELECT DISTINCT series ORDER BY series").fetchnumpy()
    return np.asarray(rows["series"], np.int32)


def sort_segment(connection: DuckDBPyConnection, segment: Segment) -> None:
    """Write the sorted table of a frozen segment, and fold its newest points into `newest`.

    Of a key that was written twice both rows stay, in their order of arrival.
    """
    target = replace(segment, state=SegmentState.SORTED).table
    connection.execute(
        f"CREATE OR REPLACE TABLE {target} AS FROM {segment.table} ORDER BY series, t_ms, rowid"
    )
    keep_newest(connection, newest_in(connection, [segment]))


def newest_in(connection: DuckDBPyConnection, segments: Sequence[Segment]) -> Points:
    """The newest point of each series; of a key that was written twice the last."""
    parts = [
        _points(
            connection.execute(
                f"FROM {s.table} SELECT series, max(t_ms) AS t_ms, arg_max(value, {ARRIVAL}) AS "
                f"value, arg_max(quality, {ARRIVAL}) AS quality GROUP BY series"
            )
        )
        for s in segments
    ]
    return newest_of(concat(parts))


def kept_newest(connection: DuckDBPyConnection) -> Points:
    return _points(connection.execute("FROM newest"))


def keep_newest(connection: DuckDBPyConnection, points: Points) -> None:
    """Take these points into table `newest`, so that their segments need not be asked at start."""
    batch = _columns(newest_of(concat([kept_newest(connection), points])))  # noqa: F841
    connection.begin()
    try:
        connection.execute("DELETE FROM newest")
        connection.execute("INSERT INTO newest FROM batch")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _columns(points: Points) -> dict[str, NDArray[np.generic]]:
    return {
        "series": points.series,
        "t_ms": points.t_ms,
        "value": points.value,
        "quality": points.quality,
    }


def _points(rows: DuckDBPyConnection) -> Points:
    columns = rows.fetchnumpy()
    return Points(columns["series"], columns["t_ms"], columns["value"], columns["quality"])
