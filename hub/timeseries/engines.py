"""Which time-series engine a URL names."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hub.errors import InvalidError, T
from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.embedded.sealed import StoreOf
from hub.timeseries.port import TimeSeries
from hub.timeseries.remote.influxdb import InfluxTimeSeries
from hub.timeseries.remote.victoriametrics import VictoriaTimeSeries

KNOWN = "duckdb:, influxdb://…, victoriametrics://…"


def one_store(series: NDArray[np.int32]) -> NDArray[np.int32]:
    """For a hub of one store: every series is store 0's."""
    return np.zeros(len(series), np.int32)


def open_timeseries(url: str, data_dir: Path, store_of: StoreOf = one_store) -> TimeSeries:
    """The engine keeps its own files, or its position, in `data_dir`/timeseries."""
    scheme, _, rest = url.partition(":")
    folder = data_dir / "timeseries"
    if scheme == "duckdb" and not rest:
        return DuckDbTimeSeries(folder, store_of)
    if scheme in ("influxdb", "influxdb+https"):
        return InfluxTimeSeries(url, folder)
    if scheme in ("victoriametrics", "victoriametrics+https"):
        return VictoriaTimeSeries(url, folder)
    raise InvalidError(
        T(
            "不认识时序引擎 {scheme}。可用：{known}",
            "There is no time-series engine {scheme}. Known: {known}",
        ).format(scheme=repr(scheme), known=KNOWN)
    )
