"""The agent at 30,000 values a second over a bus, sustained (EDG-01, EDG-02, EDG-12).

Two minutes, or as long as `BENCH_BUS_S` says: 600 is the whole promise, 18 million readings.
"""

import os
import time
from pathlib import Path

import pytest

from agent.outbox_report import inspect
from tests.bench.results import Result, broken, report
from tests.bench.rivals.agents import DEVICES, WORDS, Ours
from tests.bench.rivals.stage import playing

RATE = 30_000
LENGTH_S = float(os.environ.get("BENCH_BUS_S", "30" if os.environ.get("BENCH_SMALL") else "120"))
WARM_S = 15.0
LOOK_S = 2.0
SENDING = 60  # batches that may be under way: two seconds' worth


@pytest.mark.bench
def test_thirty_thousand_values_a_second_over_a_bus(tmp_path: Path) -> None:
    with playing(Ours(), tmp_path / "run", DEVICES * WORDS / RATE) as scene:
        outbox = tmp_path / "run" / "outbox.sqlite"
        time.sleep(WARM_S)
        tally, cpu_s, warm_mb = scene.ear.begin(), scene.agent.cpu_s(), scene.agent.memory_mb()
        waiting, memory_mb = [], []
        while time.monotonic() - tally.begun_s < LENGTH_S:
            time.sleep(LOOK_S)
            waiting.append(inspect(outbox).rows_waiting)
            memory_mb.append(scene.agent.memory_mb())
        rate, share = tally.rate, 100 * (scene.agent.cpu_s() - cpu_s) / LENGTH_S
    last = waiting[len(waiting) // 2 :]
    results = [
        Result(f"values/s over {LENGTH_S:.0f} s", rate, "1/s", 0.98 * RATE, True),
        Result("  readings", tally.values, ""),
        Result("  processor", share, "% of a core"),
        Result("  cycles lost", tally.lost, "", 0),
        Result("  cycles doubled", tally.doubled, "", 0),
        Result("  batches waiting in the second half, least", min(last), "", SENDING),
        Result("  stamp against end of answer, median", tally.error_ms(0.5), "ms", 1.0),
        Result("  stamp against end of answer, p99", tally.error_ms(0.99), "ms", 10.0),
        Result("  memory at the end", memory_mb[-1], "MB", 65),
        Result("  memory grown", memory_mb[-1] - warm_mb, "MB", 5),
        Result("first value after the start", scene.first_s, "s", 2.0),
    ]
    report("The agent at 30,000 values a second over a bus", results)
    assert broken(results) == []
