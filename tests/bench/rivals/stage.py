"""One agent at work: a plant of Modbus TCP devices, a broker, and an ear that counts."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.rivals.agents import DEVICES, Rival
from tests.bench.rivals.ear import Ear
from tests.servers import Broker, Program, wait_for

START_S = 60.0


@dataclass(frozen=True, slots=True)
class Scene:
    broker: Broker
    agent: Program
    ear: Ear
    first_s: float


@contextmanager
def playing(rival: Rival, folder: Path, interval_s: float) -> Iterator[Scene]:
    """Plant, broker and agent; begins when the first value is heard."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    words = [sys.executable, "-m", "tests.bench.rivals.plant", str(DEVICES)]
    with ExitStack() as ends:
        plant = ends.enter_context(Program("plant", words, folder))
        wait_for(lambda: plant.last_words() != "", START_S, "the plant does not begin")
        ports = json.loads(plant.last_words())
        broker = ends.enter_context(Broker(folder))
        listens = Ear(broker.port, rival.topic, rival.decode, rival.answers, rival.reply)
        ear = ends.enter_context(listens)
        wait_for(lambda: ear.is_there, 10, "the ear does not hear the broker")
        begun_s = time.monotonic()
        agent = ends.enter_context(rival.configure(folder, ports, broker.port, interval_s))
        wait_for(lambda: ear.heard_s is not None, START_S, f"{rival.name} says nothing")
        assert ear.heard_s is not None
        yield Scene(broker, agent, ear, ear.heard_s - begun_s)
