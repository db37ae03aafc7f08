"""Detectors: what a reading costs when every series of a large hub speaks at once."""

import time
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from hub.detection.catalog import Catalog, SeriesRow
from hub.detection.engine import Engine
from hub.detection.equipment import LEVELS
from hub.detection.readings import Readings
from hub.detection.triggers import BOOK
from tests.bench.ingest_load import GAUGES, STEP_MS, USUAL
from tests.bench.results import Result, broken, report

STORES, DEVICES = 1000, 10
START_MS = 1_773_716_400_000
TITLE = "Detectors, 100,000 series of 1,000 stores, one reading each at a time"


def catalog() -> Catalog:
    """Ten cabinets of ten metrics in every store."""
    names = [(f"cabinet-{n}", metric) for n in range(DEVICES) for metric in USUAL]
    return Catalog(
        SeriesRow(
            store * len(names) + place,
            UUID(int=store + 1),
            UUID(int=10**9 + store),
            device,
            metric,
            "cold_cabinet",
            4.0,
        )
        for store in range(STORES)
        for place, (device, metric) in enumerate(names)
    )


def rounds(rows: Catalog, count: int) -> list[Readings]:
    metrics = [row.metric for row in rows.rows.values()]
    usual = np.array([USUAL[metric] for metric in metrics])
    is_gauge = np.array([metric.endswith(GAUGES) for metric in metrics])
    series = np.arange(rows.size, dtype=np.int32)
    fresh = np.ones(rows.size, np.bool_)
    noise = np.random.default_rng(1)
    return [
        Readings(
            series,
            np.full(rows.size, START_MS + number * STEP_MS, np.int64),
            usual + is_gauge * noise.normal(0, 0.3, rows.size),
            fresh,
        )
        for number in range(count)
    ]


@pytest.mark.bench
def test_a_reading_costs_half_a_microsecond() -> None:
    rows = catalog()
    engine = Engine(rows, lambda _: ZoneInfo("Asia/Shanghai"))
    costs = []
    for block in rounds(rows, 12):
        start = time.process_time()
        engine.apply(block, int(block.t_ms[-1]) + 400)
        costs.append((time.process_time() - start) / len(block) * 1e6)
    results = [
        Result("CPU a reading, median of 12 rounds", float(np.median(costs)), "µs", 0.5),
        Result("CPU a reading, worst round", max(costs), "µs"),
        Result("state a series", LEVELS.itemsize + BOOK.itemsize, "B", 512),
    ]
    report(TITLE, results)
    assert broken(results) == []
