"""The journal and its acknowledgement under seeded faults: real outbox, uplink and hub journal.

R1, R9, R17, R18, R19, R30 and R40 without a socket: every reading that the agent synced is in the
hub's journal exactly once or inside an announced gap, nothing stays stuck, a genuine agent is never
taken for a clone and a clone always is. `SIMULATION_SEEDS=5000` runs more; a failure names its
seed, and `SIMULATION_FIRST=<seed> SIMULATION_SEEDS=1` plays it again.
"""

import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.uplink_session import UplinkRules
from hub.kit.db import Database
from protocols.sparkplug.topics import EdgeNode
from tests.simulation.centre import SimulatedHub
from tests.simulation.store import SimulatedClock, SimulatedStore, at_noon
from tests.simulation.world import World

FIRST = int(os.environ.get("SIMULATION_FIRST", "0"))
SEEDS = int(os.environ.get("SIMULATION_SEEDS", "200"))
CHUNK = 20
MEMORY = Path("/dev/shm")  # noqa: S108 a disk that costs no time: a power cut is simulated


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def archive(folder: Path) -> Iterator[Database]:
    db = Database(f"sqlite:///{folder / 'hub.sqlite'}")
    db.create_all()
    yield db
    db.close()


@pytest.mark.parametrize("first", range(FIRST, FIRST + SEEDS, CHUNK))
def test_no_fault_loses_or_doubles_a_reading(first: int, archive: Database, folder: Path) -> None:
    total: Counter[str] = Counter()
    for seed in range(first, min(first + CHUNK, FIRST + SEEDS)):
        (folder / str(seed)).mkdir()
        world = World(seed, archive, folder / str(seed))
        try:
            world.run()
            world.verify()
        finally:
            world.close()
        total += world.happened
    assert total["batches"] > 100 * min(CHUNK, SEEDS), total


@pytest.mark.parametrize("seed", range(10))
def test_a_cloned_card_is_found_when_the_first_speaks_again(
    seed: int, archive: Database, folder: Path
) -> None:
    """R18: two cards of one image take turns on the line."""
    clock, node = SimulatedClock(at_noon()), EdgeNode("chain-0", f"cloned-{seed}")
    hub = SimulatedHub(archive, node, folder, clock)
    rules = UplinkRules()
    first = SimulatedStore(node, folder / "first", clock, random.Random(seed), rules)
    first.append(1)
    first.tick()
    second = SimulatedStore(
        node, folder / "second", clock, random.Random(seed + 1000), rules, card=first.card
    )
    first.kill()  # it starts again, as the copy did
    found = []
    for store in (first, second, first):
        clock.advance(1)
        for message in store.session.connected():
            hub.take(message)
        hub.commit()
        found.append(hub.is_quarantined)
    assert found == [False, False, True]
    for part in (first, second, hub):
        part.close()
