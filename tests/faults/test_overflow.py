"""An outbox that overflows while the broker is away: the flow resumes, and the gaps are exact.

The size bound takes the oldest batches. Each of them is then in a gap at the hub, and nothing else
is: the invariant tool counts every id.
"""

import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from agent.drivers.base import utc_now
from agent.outbox import Outbox
from protocols.reading import Reading
from tests.faults.scene import scene
from tests.servers import StoreShape, chosen_metrics, wait_for

RESUMED_S = 10.0
AWAY_S = 12.0
METRICS = 15
SHAPE = StoreShape(units=20, metrics=METRICS, max_mb=1)
STEPS = 9_000  # of a millisecond each: 135,000 readings, about 1.3 MB


def last_stored_ms(hub_dir: Path) -> int:
    """When the newest data row came into the journal."""
    with closing(sqlite3.connect(f"file:{hub_dir / 'journal.sqlite'}?mode=ro", uri=True)) as db:
        row = db.execute("SELECT max(received_ms) FROM entry WHERE kind = 3").fetchone()
    return int(row[0] or 0)


def noise() -> Iterator[Reading]:
    """More than fits into a megabyte, in the milliseconds from now on."""
    chance, begun = random.Random(37), utc_now()
    for step in range(STEPS):
        at = begun + timedelta(milliseconds=step)
        for metric in chosen_metrics(METRICS)[1:]:
            yield Reading("unit-1", metric, chance.randrange(2**40) / 7, at)


@pytest.mark.faults
@pytest.mark.timeout(300)
def test_an_overflowing_outbox_resumes_and_its_gaps_count_exactly(tmp_path: Path) -> None:
    """EDG-12: rule 37, acknowledged rows first, then the oldest, announced as a gap."""
    with scene(tmp_path, [SHAPE], seed=12) as chain:
        chain.start()
        (agent,) = chain.agents
        wait_for(lambda: last_stored_ms(chain.hub.data_dir) > 0, 60, "nothing was stored")
        wait_for(chain.is_drained, 60, "the agent was not drained")
        chain.broker.kill()
        agent.stop()
        with Outbox(agent.outbox, max_mb=SHAPE.max_mb) as outbox:
            outbox.bulk(noise())
            dropped = outbox.dropped_batches
        assert dropped > 50, "the outbox did not overflow"
        time.sleep(STEPS / 1000)
        agent.start()
        time.sleep(AWAY_S)
        chain.broker.start()
        returned_ms = time.time_ns() // 1_000_000
        resumed_s = wait_for(
            lambda: last_stored_ms(chain.hub.data_dir) > returned_ms, 60, "nothing came again"
        )
        verdict = chain.settle()
    sys.stdout.write(f"\nflow resumed after {resumed_s:.1f} s; {verdict.line()}\n")
    assert verdict.faults == []
    assert (verdict.lost, verdict.doubled) == (0, 0)
    assert verdict.in_gaps >= dropped
    assert resumed_s < RESUMED_S
