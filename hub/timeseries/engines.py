"""Which time-series engine a URL names."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hub.errors import InvalidError, T
from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.embedded.sealed import StoreOf
from hub.timeseries.port import TimeSeries


def one_store(series: NDArray[np.int32]) -> NDArray[np.int32]:
    """For a hub of one store: every series is store 0's."""
    return np.zeros(len(series), np.int32)


def open_timeseries(url: str, data_dir: Path, store_of: StoreOf = one_store) -> TimeSeries:
    """`duckdb:` keeps its files in `data_dir`/timeseries."""
    scheme, _, rest = url.partition(":")
    if scheme == "duckdb" and not rest:
        return DuckDbTimeSeries(data_dir / "timeseries", store_of)
    raise InvalidError(
        T(
            "不认识时序引擎 {url}。可用：duckdb:",
            "There is no time-series engine {url}. Known: duckdb:",
        ).format(url=repr(url))
    )
