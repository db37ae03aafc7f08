"""Time-series queries and writes of the embedded engine, at the size that is promised.

The promise is for 172.8 M hot rows (20,000 series, one day at one in 10 s) and 30 sealed days: that
takes 2 to 3 minutes and 2 GB of disk. BENCH_SMALL=1 makes a tenth of the series, in 20 s. The
queried store has 30 real sealed days; the files of the other stores are links to its files.
"""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from hub.timeseries.edges import to_ms
from hub.timeseries.embedded.catalogue import SealedFile
from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.embedded.sealed import SealedFiles
from hub.timeseries.last import LastValues
from hub.timeseries.port import Points
from tests.bench.results import Result, broken, report

pytestmark = pytest.mark.bench

IS_FULL = not os.environ.get("BENCH_SMALL")
N_SERIES = 20_000 if IS_FULL else 2_000
PER_STORE = 200
N_DAYS = 30
STEP_MS = 10_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
TODAY = datetime(2026, 3, 10, tzinfo=UTC)
TODAY_MS = to_ms(TODAY)
BATCH = 100_000
RUNS = 15


def store_of(series: NDArray[np.int32]) -> NDArray[np.int32]:
    return series // PER_STORE


def walk(series: NDArray[np.int32], t_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    """Values like a probe's: a slow wave with noise, in tenths."""
    noise = np.random.default_rng(int(t_ms[0]) + len(t_ms)).normal(0, 0.2, len(t_ms))
    value: NDArray[np.float64] = series % 40 + 2 * np.sin(t_ms / 3e6 + series) + noise
    return value.round(1)


def jitter_ms(n: int) -> NDArray[np.int64]:
    """A poll is never on the dot."""
    return np.random.default_rng(n).integers(0, 300, n)


def batches(start_ms: int, end_ms: int) -> Iterator[Points]:
    """In order of arrival: all series once, 10 s on, all series again."""
    steps = max(1, BATCH // N_SERIES)
    for begin in range(start_ms, end_ms, steps * STEP_MS):
        stamps = np.arange(begin, min(begin + steps * STEP_MS, end_ms), STEP_MS)
        t_ms = np.repeat(stamps, N_SERIES)
        series = np.tile(np.arange(N_SERIES, dtype=np.int32), len(stamps))
        t_ms += jitter_ms(len(t_ms))
        yield Points(series, t_ms, walk(series, t_ms), np.zeros(len(series), np.uint8))


def make_sealed_days(folder: Path) -> float:
    """The queried store's 30 days, links for the other stores; bytes per reading."""
    files = SealedFiles(folder)
    today = TODAY_MS // DAY_MS
    series = np.repeat(np.arange(PER_STORE, dtype=np.int32), DAY_MS // STEP_MS)
    size = 0
    for day in range(today - N_DAYS, today):
        t_ms = np.tile(np.arange(day * DAY_MS, (day + 1) * DAY_MS, STEP_MS), PER_STORE)
        t_ms += jitter_ms(len(t_ms))
        points = Points(series, t_ms, walk(series, t_ms), np.zeros(len(series), np.uint8))
        half = len(series) // 2
        own = SealedFile(day, 0, 1)
        files.write(own, [points[:half], points[half:]])
        size += files.path(own).stat().st_size
        for store in range(1, N_SERIES // PER_STORE):
            files.path(SealedFile(day, store, 1)).hardlink_to(files.path(own))
    return size / (N_DAYS * len(series))


class Clock:
    def __init__(self) -> None:
        self.now = TODAY

    def __call__(self) -> datetime:
        return self.now


def fill_today(engine: DuckDbTimeSeries, clock: Clock) -> dict[str, float]:
    """24 hours as they come: written, and sorted after each hour; the last hour stays open."""
    write_s = sort_s = 0.0
    rows = 0
    for hour in range(24):
        clock.now = TODAY + timedelta(hours=hour)
        begin = time.perf_counter()
        engine.maintain(clock.now + timedelta(minutes=10))
        sort_s += time.perf_counter() - begin
        start_ms = TODAY_MS + hour * HOUR_MS
        for points in batches(start_ms, start_ms + HOUR_MS):
            begin = time.perf_counter()
            engine.write(points, rows)
            write_s += time.perf_counter() - begin
            rows += len(points)
    engine.maintain(clock.now + timedelta(minutes=10))
    return {"rows": rows, "write": rows / write_s, "sort": sort_s / 23}


def milliseconds(call: Callable[[int], object]) -> float:
    """The median of RUNS calls, each with another number; the first call only warms up."""
    call(RUNS)
    taken = []
    for run in range(RUNS):
        begin = time.perf_counter()
        call(run)
        taken.append(time.perf_counter() - begin)
    return 1000 * float(np.median(taken))


def query_times(engine: DuckDbTimeSeries) -> Iterator[Result]:
    month_ms = TODAY_MS - N_DAYS * DAY_MS
    minutes = np.arange(month_ms, TODAY_MS + 1, 60_000)
    hours = np.arange(month_ms, TODAY_MS + 1, HOUR_MS)
    n = DAY_MS // STEP_MS

    def raw(start_ms: int) -> Callable[[int], object]:
        def call(run: int) -> None:
            assert len(engine.read([run * 7], start_ms, start_ms + DAY_MS)) == n

        return call

    def by_minute(shift_ms: int) -> Callable[[int], object]:
        def call(run: int) -> None:
            found = engine.buckets([run * 7], minutes + shift_ms)
            assert found.count.sum() == N_DAYS * n

        return call

    def by_hour(shift_ms: int) -> Callable[[int], object]:
        def call(run: int) -> None:
            found = engine.buckets(range(run * 5, run * 5 + 50), hours + shift_ms)
            assert found.count.sum() == 50 * N_DAYS * n

        return call

    def milli(name: str, call: Callable[[int], object], limit: float) -> Result:
        return Result(name, milliseconds(call), "ms", limit)

    yield milli("one series, one day raw: hot", raw(TODAY_MS), 20)
    yield milli("one series, one day raw: sealed", raw(TODAY_MS - 9 * DAY_MS), 20)
    yield milli("one series, 30 days by minute: sealed", by_minute(0), 60)
    yield milli("one series, 30 days by minute: 29 sealed + hot", by_minute(DAY_MS), 60)
    yield milli("50 series, 30 days by hour: sealed", by_hour(0), 250)
    yield milli("50 series, 30 days by hour: 29 sealed + hot", by_hour(DAY_MS), 250)


def seal_today(engine: DuckDbTimeSeries, clock: Clock) -> Iterator[Result]:
    """Seal the day that is full while live points keep coming: 2,000 a commit."""
    clock.now = TODAY + timedelta(days=1, hours=2)
    now_ms = to_ms(clock.now)
    sealing = threading.Thread(target=engine.maintain, args=(clock.now,))
    begin = time.perf_counter()
    sealing.start()
    waits: list[float] = []
    while sealing.is_alive():
        t_ms = now_ms + len(waits) + np.zeros(2000, np.int64)
        series = np.arange(2000, dtype=np.int32)
        points = Points(series, t_ms, walk(series, t_ms), np.zeros(2000, np.uint8))
        at = time.perf_counter()
        engine.write(points, 10**12)
        waits.append(time.perf_counter() - at)
        time.sleep(0.05)
    yield Result("sealing the day, beside live writes", time.perf_counter() - begin, "s")
    yield Result("commit of 2,000 points meanwhile: p99", 1000 * np.percentile(waits, 99), "ms")
    yield Result("commit of 2,000 points meanwhile: longest", 1000 * max(waits), "ms")


def last_value_times(engine: DuckDbTimeSeries) -> Iterator[Result]:
    begin = time.perf_counter()
    last = LastValues(engine.newest())
    yield Result("last values restored at start", time.perf_counter() - begin, "s")

    def of_store(run: int) -> None:
        found = last.of(range(run % 5 * PER_STORE, (run % 5 + 1) * PER_STORE))
        assert cast(int, found.t_ms.min()) >= TODAY_MS + DAY_MS - 2 * STEP_MS

    yield Result("last values of a store", milliseconds(of_store), "ms", 10)


def rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_queries_and_writes_are_as_fast_as_promised(tmp_path: Path) -> None:
    clock = Clock()
    bytes_per_reading = make_sealed_days(tmp_path / "sealed")
    engine = DuckDbTimeSeries(tmp_path, store_of, now=clock, quiet_s=0.0)
    filled = fill_today(engine, clock)
    results = [
        Result("hot rows", filled["rows"], "rows"),
        Result("written in batches of 100,000", filled["write"], "points/s", 300_000, True),
        Result("sorting a closed hour", filled["sort"], "s"),
        Result("sealed", bytes_per_reading, "B/reading", 3),
        *query_times(engine),
        *last_value_times(engine),
        *seal_today(engine, clock),
        Result("peak memory, generator included", rss_mb(), "MB"),
    ]
    engine.close()
    report("time series: " + ("full size" if IS_FULL else "a tenth of the series"), results)
    assert broken(results) == []
