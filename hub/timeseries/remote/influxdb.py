"""Time series in InfluxDB: line protocol to /api/v2/write, InfluxQL from /query (1.8 and 2.x)."""

import io
import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from hub.errors import InvalidError, T
from hub.kit.clock import utc_now
from hub.timeseries.arrays import concat, ordered, storable
from hub.timeseries.edges import to_ms
from hub.timeseries.port import NEWEST_AHEAD_DAYS, Buckets, Capabilities, Points, UnsupportedError
from hub.timeseries.remote.address import Address
from hub.timeseries.remote.lines import batches
from hub.timeseries.remote.place import Place, PlaceOf
from hub.timeseries.remote.windows import buckets_by_reading
from hub.timeseries.remote.wire import EngineRefusedError, Wire

log = logging.getLogger(__name__)

FORM = "influxdb://user:password@host:8086/database/policy"
PORT = 8086
NAME = "storevitals"
NEWEST_DAYS = 30
SERIES_AT_ONCE = 64
_COLUMNS = {
    "tags": pa.string(),
    "time": pa.int64(),
    "value": pa.float64(),
    "quality": pa.uint8(),
}
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_NO_DATABASE = T(
    "InfluxDB 中没有数据库 {database} 或保留策略 {policy}。请先创建。",
    "InfluxDB has no database {database} with a retention policy {policy}. Create it first.",
)
_NO_DELETE = T(
    "该 InfluxDB 版本不支持通过 InfluxQL 删除：{why}",
    "This InfluxDB does not delete by InfluxQL: {why}",
)


class InfluxTimeSeries:
    """InfluxDB answers a write when its log is on disk, so the position follows the answer."""

    capabilities = Capabilities(newest_days=NEWEST_DAYS)

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        now: Callable[[], datetime] = utc_now,
        place_of: PlaceOf = Place,
    ) -> None:
        address = Address.parse(url, PORT, FORM)
        if not 1 <= len(address.path) <= 2 or not all(map(_PLAIN.fullmatch, address.path)):
            raise InvalidError(T(f"地址格式应为：{FORM}", f"The address must have the form {FORM}"))
        self._database, self._policy = (*address.path, "autogen")[:2]
        self._from = f'"{self._policy}"."{NAME}"'
        self._now = now
        self._wire = Wire(address)
        try:
            self._check_database()
        except BaseException:
            self._wire.close()
            raise
        database = f"{address.origin}/{self._database}/{self._policy}"
        self._place = place_of(folder, database)

    def position(self) -> int:
        return self._place.position

    def floor(self) -> int:
        return self._place.position

    def write(self, points: Points, position: int) -> None:
        bucket = f"{self._database}/{self._policy}"
        for lines in batches(ordered(storable(points)), NAME, is_good_told=True):
            try:
                self._wire.write(bucket, lines)
            except EngineRefusedError as error:
                if "beyond retention policy" not in error.detail:
                    raise
                log.warning("InfluxDB did not keep points that are too old: %s", error.detail)
        self._place.save(position)

    def read(self, series: Sequence[int], start_ms: int, end_ms: int) -> Points:
        wanted = np.unique(np.asarray(series, np.int32)).tolist()
        parts = []
        for begin in range(0, len(wanted), SERIES_AT_ONCE):
            named = " OR ".join(
                f"\"series\"='{number}'" for number in wanted[begin : begin + SERIES_AT_ONCE]
            )
            parts.append(self._select("value, quality", f"({named})", start_ms, end_ms))
        return ordered(concat(parts))

    def buckets(self, series: Sequence[int], edges_ms: NDArray[np.int64]) -> Buckets:
        return buckets_by_reading(self.read, series, edges_ms)

    def newest(self) -> Points:
        now = self._now()
        start_ms = to_ms(now - timedelta(days=NEWEST_DAYS))
        end_ms = to_ms(now + timedelta(days=NEWEST_AHEAD_DAYS))
        return ordered(self._select("last(value) AS value, quality", "", start_ms, end_ms))

    def delete(self, series: Sequence[int], start_ms: int, end_ms: int) -> None:
        """InfluxQL deletes from all retention policies of the database."""
        for number in np.unique(np.asarray(series, np.int32)).tolist():
            statement = (
                f'DELETE FROM "{NAME}" WHERE "series"=\'{number}\' '  # noqa: S608  a number
                f"AND time >= {start_ms}ms AND time < {end_ms}ms"
            )
            try:
                self._statement(statement)
            except EngineRefusedError as error:
                raise UnsupportedError(_NO_DELETE.format(why=error.detail)) from error

    def drop_days(self, before_ms: int) -> int:
        return 0

    def maintain(self, now: datetime) -> None:
        """InfluxDB merges and drops old shards by itself."""

    def snapshot(self, folder: Path) -> None:
        self._place.copy_to(folder)

    def close(self) -> None:
        self._wire.close()

    def _check_database(self) -> None:
        missing = _NO_DATABASE.format(database=self._database, policy=self._policy)
        try:
            found = self._statement(f'SHOW RETENTION POLICIES ON "{self._database}"')
        except EngineRefusedError as error:
            if "not found" in error.detail:
                raise InvalidError(missing) from error
            raise
        rows = [row for table in found.get("series", []) for row in table.get("values", [])]
        if self._policy not in [row[0] for row in rows]:
            raise InvalidError(missing)

    def _statement(self, statement: str) -> dict[str, list[dict[str, list[list[object]]]]]:
        """The one result of a statement; an error in it is raised."""
        answer = self._wire.ask("/query", {"db": self._database, "q": statement})
        results = orjson.loads(answer).get("results", [{}])
        if error := results[0].get("error"):
            raise EngineRefusedError(T(f"InfluxDB：{error}", f"InfluxDB said: {error}"), error)
        return results[0]  # type: ignore[no-any-return]  # as the API's reference says

    def _select(self, what: str, named: str, start_ms: int, end_ms: int) -> Points:
        where = f"{named} AND " if named else ""
        statement = (
            f"SELECT {what} FROM {self._from} "  # noqa: S608  names checked, numbers
            f'WHERE {where}time >= {start_ms}ms AND time < {end_ms}ms GROUP BY "series"'
        )
        parameters = {"db": self._database, "epoch": "ms", "q": statement}
        return _parsed(self._wire.ask("/query", parameters, accept="application/csv"))


def _parsed(answer: bytes) -> Points:
    """From `name,tags,time,value,quality` with tags `series=7`; an empty answer has no header."""
    if not answer.strip():
        return Points.empty()
    if answer.startswith(b"error"):
        why = answer.decode("utf-8", "replace").partition("\n")[2].strip()
        raise EngineRefusedError(T(f"InfluxDB：{why}", f"InfluxDB said: {why}"), why)
    options = pa_csv.ConvertOptions(column_types=_COLUMNS, include_columns=list(_COLUMNS))
    table = pa_csv.read_csv(io.BytesIO(answer), convert_options=options).combine_chunks()
    number = pc.utf8_slice_codeunits(table["tags"], len("series="))
    return Points(
        number.cast(pa.int32()).to_numpy(),
        table["time"].to_numpy(),
        table["value"].to_numpy(),
        table["quality"].to_numpy(),
    )
