"""R20, R21: workers that share the shards are killed, paused, added and taken away under load.

A bounded part runs with the tests; `make faults` repeats the rebalance for FAULTS_REBALANCES
(default 50 there) and the pause for FAULTS_PAUSES (100).
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.workers import Team, WorkerProcess, team
from tests.servers import HubProcess, StoreShape, wait_for

IS_LONG = "FAULTS_MINUTES" in os.environ
PAUSES = int(os.environ.get("FAULTS_PAUSES", "100" if IS_LONG else "1"))
REBALANCES = int(os.environ.get("FAULTS_REBALANCES", "50" if IS_LONG else "1"))
LEASE_S = 3.0
TAKEN_WITHIN_S = 15.0
SHAPE = StoreShape(units=5, metrics=15, tickets_per_s=1.0)
SETTINGS = {"HUB_SHARDS": "4", "HUB_LEASE_S": str(LEASE_S)}


def pause(worker: WorkerProcess, others: Team) -> None:
    """Past the end of its lease, until others have its shards; then it goes on as if nothing."""
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        others.wait_until_shared(1, TAKEN_WITHIN_S)
        time.sleep(1.0)
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    others.wait_until_shared(2)


def rebalance(those: Team, more: Sequence[WorkerProcess]) -> None:
    """Two workers become four, and two again."""
    for worker in more:
        worker.start()
    those.wait_until_shared(4)
    time.sleep(1)
    for worker in more:
        worker.stop()
    those.wait_until_shared(2)


def look(hub: HubProcess) -> None:
    """The web process shows what the workers took in."""
    hub.client.log_in()
    assert len(hub.client.newest(hub.stores[0])) >= SHAPE.units
    wait_for(hub.client.is_ready, 10, "the web process is not ready")


@pytest.mark.faults
@pytest.mark.timeout(0)
def test_paused_killed_and_added_workers_lose_nothing(tmp_path: Path) -> None:
    """OPS-02, R20, R21."""
    with team(tmp_path, [SHAPE] * 4, workers=4, **SETTINGS) as those:
        one, two, three, four = those.workers
        those.start(workers=2)
        those.wait_until_shared(2)
        time.sleep(3)
        for _ in range(PAUSES):
            pause(one, those)
        assert one.numbers()["shards_lost"] >= PAUSES, "it knows that its shards were taken"
        two.kill()
        moved_s = those.wait_until_shared(1, TAKEN_WITHIN_S)
        two.start()
        those.wait_until_shared(2)
        for _ in range(REBALANCES):
            rebalance(those, (three, four))
        look(those.chain.hub)
        verdict = those.settle(those.chain.timeseries_url)
    sys.stdout.write(f"\nshards of a killed worker moved in {moved_s:.1f} s; {verdict.line()}\n")
    assert verdict.faults == []
    assert (verdict.lost, verdict.doubled) == (0, 0)
    assert verdict.points > 1_000
    assert verdict.tickets > 0
