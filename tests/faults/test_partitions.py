"""R15: the wire falls silent between agent and broker, broker and hub, hub and its engine.

One way or both, while nothing is closed. A bounded part runs with the tests; `make faults` goes on
for 100 cuts of up to 60 s (FAULTS_CUTS, FAULTS_SEED).
"""

import os
import random
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.relay import Relay, Way, relay
from tests.faults.scene import scene
from tests.hub.timeseries.engine_servers import running_victoria
from tests.servers import HOST, Broker, StoreShape

IS_LONG = bool(os.environ.get("FAULTS_MINUTES"))
CUTS = int(os.environ.get("FAULTS_CUTS", "100" if IS_LONG else "6"))
CUT_S = (1.0, 60.0) if IS_LONG else (1.0, 6.0)
PAUSE_S = (1.0, 4.0)
WAYS = (Way.THERE, Way.BACK, Way.BOTH)
SHAPE = StoreShape(units=10, metrics=15, tickets_per_s=2.0, has_doors=True)


def cut_at_random(wires: list[Relay], chance: random.Random) -> None:
    """Each wire in turn, so that a short run meets all of them."""
    for number in range(CUTS):
        wire = wires[number % len(wires)]
        time.sleep(chance.uniform(*PAUSE_S))
        wire.cut(chance.choice(WAYS))
        time.sleep(chance.uniform(*CUT_S))
        wire.heal()


@pytest.mark.faults
@pytest.mark.timeout(0)
def test_partitions_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """R15, EDG-12, TSD-10."""
    seed = int(os.environ.get("FAULTS_SEED", random.randrange(1 << 32)))
    sys.stdout.write(f"\nR15 with FAULTS_SEED={seed}\n")
    with ExitStack() as ends:
        engine = ends.enter_context(running_victoria(tmp_path / "engine"))
        to_engine = ends.enter_context(relay(engine.port))
        url = f"victoriametrics://{HOST}:{to_engine.port}/storevitals"
        wires = [to_engine]

        def route(broker: Broker) -> tuple[str, str]:
            ways = [ends.enter_context(relay(broker.port)) for _ in ("agents", "hub")]
            wires.extend(ways)
            agents, hub = (f"mqtt://{HOST}:{way.port}" for way in ways)
            return agents, hub

        chain = ends.enter_context(scene(tmp_path / "chain", [SHAPE] * 2, seed, url, route))
        chain.start()
        cut_at_random(wires, random.Random(seed))
        verdict = chain.settle()
    sys.stdout.write(verdict.line() + "\n")
    assert verdict.faults == [], f"FAULTS_SEED={seed}"
    assert (verdict.lost, verdict.doubled) == (0, 0)
    assert verdict.points > 2_000
