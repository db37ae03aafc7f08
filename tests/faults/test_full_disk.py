"""R7: the hub's disk is full: nothing is acknowledged that is not kept, and afterwards it goes on.

Database, journal, time series and log are all on the disk that others fill. Two rounds with the
tests; `make faults` does 20 (FAULTS_ROUNDS).
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene, scene
from tests.servers import StoreShape, wait_for
from tests.small_disk import disk_of, fill

ROUNDS = int(os.environ.get("FAULTS_ROUNDS", "20" if os.environ.get("FAULTS_MINUTES") else "2"))
RED_S, RESUMED_S, FULL_S = 10.0, 30.0, 6.0
SHAPE = StoreShape(units=10, metrics=15, tickets_per_s=2.0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of(128, tmp_path / "hub") as folder:
        yield folder


def fill_and_free(chain: Scene, disk: Path) -> tuple[float, float]:
    """Seconds until the hub says that it is not well, and until it has caught up again."""
    rubbish = fill(disk)
    red_s = wait_for(lambda: not chain.hub.client.is_ready(), 60, "the hub says that all is well")
    end = time.monotonic() + FULL_S
    while time.monotonic() < end:
        fill(disk)
        time.sleep(0.5)
    assert chain.hub.is_running, chain.hub.last_words()
    rubbish.unlink()
    resumed_s = wait_for(
        lambda: chain.hub.client.is_ready() and chain.is_drained(), 120, "nothing went on"
    )
    return red_s, resumed_s


@pytest.mark.faults
@pytest.mark.timeout(0)
def test_a_full_disk_stops_the_hub_in_order_and_free_room_starts_it_again(
    tmp_path: Path, small_disk: Path
) -> None:
    """R7, EDG-12, TSD-10."""
    with scene(tmp_path, [SHAPE] * 2, seed=7) as chain:
        chain.start()
        wait_for(chain.is_drained, 60, "the agents were not drained")
        times = [fill_and_free(chain, small_disk) for _ in range(ROUNDS)]
        verdict = chain.settle()
    red_s, resumed_s = (max(one) for one in zip(*times, strict=True))
    sys.stdout.write(
        f"\n{ROUNDS} times full: red after {red_s:.1f} s, going on after {resumed_s:.1f} s at the "
        f"latest; {verdict.line()}\n"
    )
    assert verdict.faults == []
    assert (verdict.lost, verdict.doubled) == (0, 0)
    assert red_s < RED_S
    assert resumed_s < RESUMED_S
