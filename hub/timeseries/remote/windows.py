"""Buckets of an engine that can only read: time after time, so that memory stays small."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.arrays import Aggregator, rows_of
from hub.timeseries.port import Buckets, Points

WINDOW_MS = 86_400_000
SERIES_AT_ONCE = 32

Read = Callable[[Sequence[int], int, int], Points]


def buckets_by_reading(read: Read, series: Sequence[int], edges_ms: NDArray[np.int64]) -> Buckets:
    """The same sums as of any other engine: they are made from the raw points."""
    wanted, rows = np.unique(np.asarray(series, np.int32), return_inverse=True)
    aggregator = Aggregator(wanted, edges_ms)
    start_ms, end_ms = int(edges_ms[0]), int(edges_ms[-1])
    for begin in range(0, len(wanted), SERIES_AT_ONCE):
        chunk = wanted[begin : begin + SERIES_AT_ONCE].tolist()
        for left in range(start_ms, end_ms, WINDOW_MS):
            aggregator.add(read(chunk, left, min(left + WINDOW_MS, end_ms)))
    return rows_of(aggregator.buckets(), rows)
