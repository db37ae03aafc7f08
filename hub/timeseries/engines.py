"""Which time-series engine a URL names."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hub.errors import InvalidError, T
from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.embedded.sealed import StoreOf
from hub.timeseries.port import TimeSeries

if TYPE_CHECKING:
    from hub.timeseries.remote.place import PlaceOf

_INFLUX = ("hub.timeseries.remote.influxdb", "InfluxTimeSeries")
_VICTORIA = ("hub.timeseries.remote.victoriametrics", "VictoriaTimeSeries")
REMOTE = {  # loaded by who uses one: its libraries take 25 MB
    "influxdb": _INFLUX,
    "influxdb+https": _INFLUX,
    "victoriametrics": _VICTORIA,
    "victoriametrics+https": _VICTORIA,
}
KNOWN = "duckdb:, influxdb://…, victoriametrics://…"


def one_store(series: NDArray[np.int32]) -> NDArray[np.int32]:
    """For a hub of one store: every series is store 0's."""
    return np.zeros(len(series), np.int32)


def open_timeseries(
    url: str, data_dir: Path, store_of: StoreOf = one_store, place_of: "PlaceOf | None" = None
) -> TimeSeries:
    """The engine keeps its own files, or its position, in `data_dir`/timeseries; the position of a
    server where `place_of` says, if given."""
    scheme, _, rest = url.partition(":")
    folder = data_dir / "timeseries"
    if scheme == "duckdb" and not rest:
        return DuckDbTimeSeries(folder, store_of)
    if scheme in REMOTE:
        module, name = REMOTE[scheme]
        more = {"place_of": place_of} if place_of else {}
        engine: TimeSeries = getattr(import_module(module), name)(url, folder, **more)
        return engine
    raise InvalidError(
        T(
            "不认识时序引擎 {scheme}。可用：{known}",
            "There is no time-series engine {scheme}. Known: {known}",
        ).format(scheme=repr(scheme), known=KNOWN)
    )
