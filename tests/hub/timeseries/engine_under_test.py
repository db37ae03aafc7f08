"""What the conformance tests share: their noon, their stores, and the embedded engine."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.port import Points, TimeSeries

DAY_MS = 86_400_000
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
TODAY_MS = NOON_MS - NOON_MS % DAY_MS

Opener = Callable[[Path], TimeSeries]


def store_of(series: NDArray[np.int32]) -> NDArray[np.int32]:
    """Ten series a store."""
    return series // 10


def open_duckdb(folder: Path) -> TimeSeries:
    return DuckDbTimeSeries(folder, store_of, now=lambda: NOON, quiet_s=0.0)


def rows(points: Points) -> list[tuple[int, int, float, int]]:
    return list(
        zip(
            points.series.tolist(),
            points.t_ms.tolist(),
            points.value.tolist(),
            points.quality.tolist(),
            strict=True,
        )
    )
