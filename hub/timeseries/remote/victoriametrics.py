"""Time series in VictoriaMetrics (single node): line protocol in, its export API and MetricsQL out.

It answers a write long before the points are on disk and drops in silence what lies outside its
retention; this adapter makes up for both. Of two different values of one stamp either may stay.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from hub.errors import BusyError, InvalidError, T
from hub.kit.clock import utc_now
from hub.timeseries.arrays import T_END_MS, concat, cut, ordered, sort_key, storable
from hub.timeseries.edges import from_ms, to_ms
from hub.timeseries.port import NEWEST_AHEAD_DAYS, Buckets, Capabilities, Points, UnsupportedError
from hub.timeseries.remote.address import Address
from hub.timeseries.remote.lines import batches
from hub.timeseries.remote.place import Place, PlaceOf
from hub.timeseries.remote.vmflags import check_flags
from hub.timeseries.remote.windows import buckets_by_reading
from hub.timeseries.remote.wire import Wire

log = logging.getLogger(__name__)

FORM = "victoriametrics://host:8428/name"
PORT = 8428
NAME = "storevitals"
NEWEST_DAYS = 30
SERIES_AT_ONCE = 500
FLUSH_EVERY_S = 10.0
MOST_UNFLUSHED = 2_000_000  # points, 42 MB
READ_LAG_S = 1.0
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BAD_NAME = T(
    f"地址格式应为：{FORM}，名称只含字母、数字和下划线",
    f"The address must have the form {FORM}, the name letters, digits and underscores",
)
_WHOLE_ONLY = T(
    "VictoriaMetrics 只能删除整个序列，不能删除其中一段时间。",
    "VictoriaMetrics deletes whole series only, no part of their time.",
)


class VictoriaTimeSeries:
    """Points stay in memory until a snapshot has forced them to disk; then the position is saved.

    If the server was started anew in between, they are sent again. `read_lag_s` 0 makes every read
    see every write; else a read may miss the last second.
    """

    capabilities = Capabilities(replaces=False, deletes_intervals=False, newest_days=NEWEST_DAYS)

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        now: Callable[[], datetime] = utc_now,
        flush_every_s: float = FLUSH_EVERY_S,
        read_lag_s: float = READ_LAG_S,
        place_of: PlaceOf = Place,
    ) -> None:
        address = Address.parse(url, PORT, FORM)
        if len(address.path) > 1 or not all(map(_PLAIN.fullmatch, address.path)):
            raise InvalidError(_BAD_NAME)
        self._name = address.path[0] if address.path else NAME
        self._now, self._flush_every_s, self._read_lag_s = now, flush_every_s, read_lag_s
        self._wire = Wire(address)
        self._lock = threading.Lock()
        self._unflushed: list[Points] = []
        self._flushed_at = time.monotonic()
        self._is_unseen = False
        try:
            self._keeps = check_flags(self._wire.ask("/flags", {}).decode())
            self._server = self._started()
        except BaseException:
            self._wire.close()
            raise
        self._place = place_of(folder, f"{address.origin}/{self._name}")
        self._position = self._place.position

    def position(self) -> int:
        """Of the last write; after a start that of the last one that was safe on disk."""
        return self._position

    def floor(self) -> int:
        return self._place.position

    def write(self, points: Points, position: int) -> None:
        kept = self._within_retention(ordered(storable(points)))
        with self._lock:
            is_late = time.monotonic() - self._flushed_at >= self._flush_every_s
            if is_late or sum(map(len, self._unflushed)) > MOST_UNFLUSHED:
                self._flush()
            self._send(kept)
            self._unflushed.append(kept)
            self._position = position

    def read(self, series: Sequence[int], start_ms: int, end_ms: int) -> Points:
        self._make_visible()
        wanted = np.unique(np.asarray(series, np.int32))
        parts = [
            self._export(wanted[begin : begin + SERIES_AT_ONCE].tolist(), start_ms, end_ms)
            for begin in range(0, len(wanted), SERIES_AT_ONCE)
        ]
        return cut(ordered(concat(parts)), wanted, start_ms, end_ms)

    def buckets(self, series: Sequence[int], edges_ms: NDArray[np.int64]) -> Buckets:
        return buckets_by_reading(self.read, series, edges_ms)

    def newest(self) -> Points:
        self._make_visible()
        value, quality = self._newest_of("value"), self._newest_of("quality")
        return _with_quality(value, quality)

    def delete(self, series: Sequence[int], start_ms: int, end_ms: int) -> None:
        if start_ms > 0 or end_ms < T_END_MS:
            raise UnsupportedError(_WHOLE_ONLY)
        with self._lock:
            self._flush()
            for begin in range(0, len(series), SERIES_AT_ONCE):
                chosen = self._selector(series[begin : begin + SERIES_AT_ONCE])
                self._wire.ask("/api/v1/admin/tsdb/delete_series", {"match[]": chosen})

    def drop_days(self, before_ms: int) -> int:
        return 0

    def maintain(self, now: datetime) -> None:
        """A server that is away is waited for by `write`."""
        with self._lock:
            self._flush_if_up()

    def snapshot(self, folder: Path) -> None:
        self._place.copy_to(folder)

    def close(self) -> None:
        """What could not be flushed is written again from the journal after the next start."""
        with self._lock:
            self._flush_if_up()
            self._wire.close()

    def _flush_if_up(self) -> None:
        try:
            self._flush()
        except BusyError as error:
            log.warning("The position in VictoriaMetrics was not saved, later again: %s", error)

    def _send(self, points: Points) -> None:
        for lines in batches(points, self._name, is_good_told=False):
            self._wire.write(self._name, lines)
            self._is_unseen = True

    def _flush(self) -> None:
        """Save the position once all points before it are on disk, for certain."""
        while True:
            made = orjson.loads(self._wire.ask("/snapshot/create", {}))
            self._wire.ask("/snapshot/delete", {"snapshot": made["snapshot"]})
            server = self._started()
            if server == self._server:
                break
            log.warning("VictoriaMetrics was started anew; what it may have lost is sent again.")
            self._server = server
            self._send(concat(self._unflushed))
        self._unflushed.clear()
        self._flushed_at = time.monotonic()
        self._place.save(self._position)

    def _started(self) -> bytes:
        """When the server's process began: a new process may have lost what was not on disk."""
        found = re.search(rb"^vm_app_start_timestamp (\S+)", self._wire.ask("/metrics", {}), re.M)
        return found[1] if found else b""

    def _make_visible(self) -> None:
        """By itself the server shows points within a second."""
        if self._is_unseen and not self._read_lag_s:
            self._is_unseen = False
            self._wire.ask("/internal/force_flush", {})

    def _within_retention(self, points: Points) -> Points:
        now = self._now()
        oldest, newest = now - self._keeps, now + timedelta(days=NEWEST_AHEAD_DAYS)
        is_kept = (points.t_ms >= to_ms(oldest)) & (points.t_ms < to_ms(newest))
        if is_kept.all():
            return points
        log.warning(
            "%d points lie outside what VictoriaMetrics keeps (%s to %s) and were left out.",
            len(points) - int(is_kept.sum()),
            oldest,
            newest,
        )
        return points[is_kept]

    def _selector(self, series: Sequence[int]) -> str:
        numbers = "|".join(str(int(number)) for number in series)
        return f'{{__name__=~"{self._name}_(value|quality)",series=~"{numbers}"}}'

    def _export(self, series: Sequence[int], start_ms: int, end_ms: int) -> Points:
        """Its bounds are whole seconds around those asked for: fractions are rounded by the API."""
        low, high = max(start_ms, 0), min(end_ms, T_END_MS - 1)
        parameters = {
            "match[]": self._selector(series),
            "start": f"{from_ms(low):%Y-%m-%dT%H:%M:%SZ}",
            "end": f"{from_ms(high) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        }
        answer = self._wire.ask("/api/v1/export", parameters)
        found: dict[str, list[Points]] = {"value": [], "quality": []}
        for line in answer.splitlines():
            table = orjson.loads(line)
            labels = table["metric"]
            number = np.full(len(table["values"]), int(labels["series"]), np.int32)
            found[labels["__name__"].removeprefix(f"{self._name}_")].append(
                _good(number, table["timestamps"], table["values"])
            )
        return _with_quality(concat(found["value"]), concat(found["quality"]))

    def _newest_of(self, what: str) -> Points:
        stamps = dict(self._instant(f"tlast_over_time({self._name}_{what}[{NEWEST_DAYS}d])"))
        values = dict(self._instant(f"last_over_time({self._name}_{what}[{NEWEST_DAYS}d])"))
        both = sorted(stamps.keys() & values.keys())
        t_ms = [round(stamps[number] * 1000) for number in both]
        return ordered(Points.of(both, t_ms, [values[number] for number in both]))

    def _instant(self, query: str) -> Iterator[tuple[int, float]]:
        at = (self._now() + timedelta(days=NEWEST_AHEAD_DAYS)).astimezone(UTC)
        parameters = {"query": query, "time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "nocache": "1"}
        for row in orjson.loads(self._wire.ask("/api/v1/query", parameters))["data"]["result"]:
            yield int(row["metric"]["series"]), float(row["value"][1])


def _good(series: NDArray[np.int32], t_ms: Sequence[int], value: Sequence[float]) -> Points:
    zeros = np.zeros(len(series), np.uint8)
    return Points(series, np.asarray(t_ms, np.int64), np.asarray(value, np.float64), zeros)


def _with_quality(values: Points, qualities: Points) -> Points:
    """The quality of a point has a stamp of its own only where it is not GOOD."""
    values, qualities = ordered(values), ordered(qualities)
    if not len(qualities) or not len(values):
        return values
    wanted, known = sort_key(values), sort_key(qualities)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    quality = np.where(known[place] == wanted, qualities.value[place], 0).astype(np.uint8)
    return Points(values.series, values.t_ms, values.value, quality)
