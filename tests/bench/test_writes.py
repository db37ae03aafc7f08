"""The write gate while 50 people write 200 times a second, each a change with its audit row.

BENCH_SMALL=1 takes 5 s instead of 20. How long the gate was held is what the hub's own metric says.
"""

import os
import random
import threading
import time
from pathlib import Path
from uuid import UUID

import pytest

from hub.app import CHECKPOINT_S
from hub.archive.customers.records import Customer
from hub.errors import HubError
from hub.kit.gate import HELD_S, OVERHELD
from hub.kit.records.apply import Change, apply
from tests.bench.results import Result, broken, report
from tests.hub.chain_under_test import ChainUnderTest
from tests.hub.web.world_under_test import open_world

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

CLIENTS, WRITES_PER_S = 50, 200
SECONDS = 5 if os.environ.get("BENCH_SMALL") else 20


def held() -> tuple[dict[float, float], float]:
    """Turns at the gate that were not longer than each bucket, and all that were over 50 ms."""
    (metric,) = HELD_S.collect()
    upto = {
        float(one.labels["le"]): one.value for one in metric.samples if one.name.endswith("_bucket")
    }
    (over,) = OVERHELD.collect()
    return upto, sum(one.value for one in over.samples if one.name.endswith("_total"))


class Client:
    """Somebody who adds a customer or changes one, four times a second."""

    def __init__(self, chain: ChainUnderTest, number: int) -> None:
        self.chain, self.number = chain, number
        self.took_ms, self.refused = list[float](), 0
        self.mine = list[UUID]()

    def work(self, until: float) -> None:
        dice = random.Random(self.number)
        due = time.monotonic() + dice.random() * CLIENTS / WRITES_PER_S
        while due < until:
            time.sleep(max(0.0, due - time.monotonic()))
            begun = time.perf_counter()
            try:
                self.write(len(self.took_ms))
            except HubError:
                self.refused += 1
            self.took_ms.append(1000 * (time.perf_counter() - begun))
            due += CLIENTS / WRITES_PER_S

    def write(self, turn: int) -> None:
        with self.chain.write() as session:
            if turn % 2 and self.mine:
                apply(session, Customer, Change(self.mine[-1], {"notes": f"turn {turn}"}))
                return
            values = {"name": f"王小明 {self.number}-{turn}", "tags": ["VIP"]}
            self.mine.append(apply(session, Customer, Change(values=values)).id)


def test_the_gate_under_fifty_writers(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        clients = [Client(world.amber, number) for number in range(CLIENTS)]
        before, over_before = held()
        begun = time.monotonic()
        threads = [threading.Thread(target=one.work, args=(begun + SECONDS,)) for one in clients]
        for one in threads:
            one.start()
        while any(one.is_alive() for one in threads):
            world.amber.db.checkpoint()  # as the hub does
            time.sleep(CHECKPOINT_S)
        lasted = time.monotonic() - begun
        after, over = held()
    took = sorted(ms for one in clients for ms in one.took_ms)
    turns = {upto: after[upto] - before[upto] for upto in after}
    every = max(turns.values())
    p99_s = min(upto for upto, number in turns.items() if number >= 0.99 * every)
    results = [
        Result("writes", len(took) / lasted, "1/s", 0.95 * WRITES_PER_S, is_minimum=True),
        Result("gate held, p99 not over", 1000 * p99_s, "ms", 20),
        Result("  turns over 50 ms", over - over_before, "of them", 0),
        Result("  of turns", every, ""),
        Result("a write with its wait, p99", took[int(0.99 * len(took))], "ms", 100),
        Result("  refused or locked", sum(one.refused for one in clients), "", 0),
    ]
    report("Writes of 50 people", results)
    assert broken(results) == []
