"""A process that writes for ever, to be killed: `python hammer.py FOLDER`.

Batch n holds a point of each series at each of three times: now, an hour back, days back.
"""

import sys
import threading
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.port import Points

DAY_MS = 86_400_000
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
STARTS_MS = [int(NOON.timestamp() * 1000) - back for back in (0, 3 * 3_600_000, 4 * DAY_MS)]
SERIES = np.arange(40, dtype=np.int32)


def open_engine(folder: Path) -> DuckDbTimeSeries:
    def store_of(series: NDArray[np.int32]) -> NDArray[np.int32]:
        return series // 20

    return DuckDbTimeSeries(folder, store_of, now=lambda: NOON, quiet_s=0.0)


def batch(n: int) -> Points:
    t_ms = np.repeat(np.array(STARTS_MS) + n, len(SERIES))
    series = np.tile(SERIES, len(STARTS_MS))
    return Points(series, t_ms, np.full(len(series), float(n)), np.zeros(len(series), np.uint8))


def maintain_for_ever(engine: DuckDbTimeSeries) -> None:
    while True:
        engine.maintain(NOON)


def main() -> None:
    engine = open_engine(Path(sys.argv[1]))
    threading.Thread(target=maintain_for_ever, args=(engine,), daemon=True).start()
    for n in count(engine.position() + 1):
        engine.write(batch(n), n)
        sys.stdout.write(f"{n}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
