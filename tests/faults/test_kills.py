"""R1: kill -9 of broker, hub and agents at random under load: nothing lost, nothing doubled.

A bounded part runs with the tests; `make faults` goes on for 1,000 kills, about 30 minutes, or for
FAULTS_MINUTES. FAULTS_SEED repeats a run, as far as processes on a busy machine let themselves be
repeated.
"""

import os
import random
import sys
import time
from pathlib import Path

import pytest

from tests.faults.scene import Scene, scene
from tests.servers import Program, StoreShape, Unit

MINUTES = float(os.environ.get("FAULTS_MINUTES", "0"))
KILLS = int(os.environ.get("FAULTS_KILLS", "1000" if MINUTES else "100"))
LIMIT_S = MINUTES * 60 if MINUTES else 240.0
PAUSE_S = (0.2, 2.3)  # between a start and the next kill: also in the middle of starting
AWAY_S = (0.0, 0.6)
FIRST_S = (5.0, 45.0)
LEAST_S = 100.0  # else nothing was on for long enough to be told, however few the kills
ALARM_S = (70.0, 95.0)  # on and off; an alarm is told after 60 s and over after 60 s
SHAPE = StoreShape(units=20, metrics=15, tickets_per_s=2.0, has_doors=True)


class Alarms:
    """Switches each unit's alarm on and off at times of its own."""

    def __init__(self, units: list[Unit], chance: random.Random) -> None:
        self._chance = chance
        now = time.monotonic()
        self._due = [(now + chance.uniform(*FIRST_S), unit) for unit in units]

    def turn(self) -> None:
        now = time.monotonic()
        self._due = [
            (at, unit) if at > now else (now + self._flip(unit), unit) for at, unit in self._due
        ]

    def _flip(self, unit: Unit) -> float:
        unit.alarm = 1 - unit.alarm
        return self._chance.uniform(*ALARM_S)


def kill_at_random(of: Scene, chance: random.Random) -> int:
    """Kill and start again until the number or the time is reached; how many it were."""
    alarms = Alarms([unit for store in of.stores for unit in store.units], chance)
    victims: list[Program] = [of.broker, of.hub, *of.agents]
    weights = [2, 2, *(1 for _ in of.agents)]
    began, kills = time.monotonic(), 0
    end = began + LIMIT_S
    while kills < KILLS and time.monotonic() < end:
        time.sleep(chance.uniform(*PAUSE_S))
        alarms.turn()
        (victim,) = chance.choices(victims, weights)
        victim.kill()
        kills += 1
        time.sleep(chance.uniform(*AWAY_S))
        victim.start()
    while time.monotonic() < began + LEAST_S:
        time.sleep(1.0)
        alarms.turn()
    return kills


@pytest.mark.faults
@pytest.mark.timeout(0)
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """R1, EDG-05."""
    seed = int(os.environ.get("FAULTS_SEED", random.randrange(1 << 32)))
    sys.stdout.write(f"\nR1 with FAULTS_SEED={seed}\n")
    with scene(tmp_path, [SHAPE] * 3, seed) as chain:
        chain.start()
        kills = kill_at_random(chain, random.Random(seed))
        verdict = chain.settle()
    sys.stdout.write(verdict.line(kills) + "\n")
    assert verdict.faults == [], f"FAULTS_SEED={seed}"
    assert (verdict.lost, verdict.doubled) == (0, 0)
    assert kills >= min(KILLS, LIMIT_S / 3)
    assert verdict.readings > 300 * kills
    assert verdict.alerts > 0
    assert verdict.tickets > 0
