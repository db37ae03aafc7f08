"""How much memory and processor hub and agent take, as the system counts it."""

import os
import time
from pathlib import Path

import pytest

from tests.bench.chain import STORES, chain
from tests.bench.results import Result, broken, report
from tests.servers import Program, StoreShape, wait_for

IS_FULL = not os.environ.get("BENCH_SMALL")
HUB_S = 180.0 if IS_FULL else 30.0
AGENT_S = 60.0 if IS_FULL else 20.0
WARM_S = 15.0  # start, first birth, first drain
EVERY_S = 0.5


def watch(program: Program, seconds: float) -> tuple[float, float]:
    """The highest memory in MB, and the share of a core in percent."""
    begun, cpu_s, highest = time.monotonic(), program.cpu_s(), 0.0
    while time.monotonic() - begun < seconds:
        highest = max(highest, program.memory_mb())
        time.sleep(EVERY_S)
    return highest, 100 * (program.cpu_s() - cpu_s) / (time.monotonic() - begun)


@pytest.mark.bench
def test_the_hub_stays_small_under_a_hundred_stores(tmp_path: Path) -> None:
    with chain(tmp_path, StoreShape(units=2, tickets_per_s=1.0)) as of:
        time.sleep(WARM_S)
        memory_mb, share = watch(of.hub, HUB_S)
        wait_for(of.hub.is_caught_up, 30, "the hub lags behind its load")
    results = [
        Result(f"hub with {STORES} stores, 2,000 readings/s: memory", memory_mb, "MB", 350),
        Result("  processor", share, "% of a core", 50),
    ]
    report("Footprint of the hub", results)
    assert broken(results) == []


@pytest.mark.bench
def test_the_agent_stays_small_with_a_thousand_values_a_second(tmp_path: Path) -> None:
    """20 devices × 50 values at 1 s over Modbus TCP, sent and acknowledged."""
    with chain(tmp_path, StoreShape(units=20, metrics=50), stores=0) as of:
        wait_for(of.hub.is_caught_up, 30, "the hub lags")
        time.sleep(WARM_S)
        reads = sum(unit.reads for unit in of.store.units)
        memory_mb, share = watch(of.agent, AGENT_S)
        reads = sum(unit.reads for unit in of.store.units) - reads
    results = [
        Result("agent, 20 devices × 50 values at 1 s: memory", memory_mb, "MB", 60),
        Result("  processor", share, "% of a core", 1.5),
        Result("  values read", reads * 50 / AGENT_S, "1/s", 950, is_minimum=True),
    ]
    report("Footprint of the agent", results)
    assert broken(results) == []
