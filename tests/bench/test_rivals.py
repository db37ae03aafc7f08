"""The same Modbus TCP work on our agent and on two that many use (EDG-12, complaints 1 and 25).

20 devices × 50 values, a port each, one plant and one mosquitto of Debian; every agent alone on the
machine in its turn. The others are installed from their registries into `build/rivals`.
"""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bench.results import Result, broken, report
from tests.bench.rivals.agents import DEVICES, WORDS, NodeRed, Ours, Rival, ThingsBoard
from tests.bench.rivals.ear import Tally
from tests.bench.rivals.stage import Scene, playing

IS_FULL = not os.environ.get("BENCH_SMALL")
MEASURE_S = 60.0 if IS_FULL else 15.0
WARM_S = 8.0  # connected, first births and buffers
AWAY_S = 30.0 if IS_FULL else 10.0
RETURN_S = 45.0  # the slowest takes 15 s to connect again
STEADY_S = 1.0
VALUES = DEVICES * WORDS
LESS = 5.0  # times less work and times the rate than the first


@dataclass(frozen=True, slots=True)
class Run:
    """What one agent did for a while."""

    rate: float
    cpu_s: float
    values: int
    lost: int
    doubled: int
    cycles: int
    memory_mb: float
    first_s: float
    error_ms: float
    late_ms: float

    @property
    def cpu_us(self) -> float:
        """Microseconds of a core for a value."""
        return 1e6 * self.cpu_s / max(self.values, 1)

    @property
    def lost_percent(self) -> float:
        return 100 * self.lost / max(self.cycles + self.lost, 1)


def measured(scene: Scene) -> Run:
    time.sleep(WARM_S)
    tally, cpu_s, memory_mb = scene.ear.begin(), scene.agent.cpu_s(), 0.0
    while time.monotonic() - tally.begun_s < MEASURE_S:
        memory_mb = max(memory_mb, scene.agent.memory_mb())
        time.sleep(0.5)
    return _run(scene, tally, scene.agent.cpu_s() - cpu_s, memory_mb)


def _run(scene: Scene, tally: Tally, cpu_s: float, memory_mb: float) -> Run:
    return Run(
        rate=tally.rate,
        cpu_s=cpu_s,
        values=tally.values,
        lost=tally.lost,
        doubled=tally.doubled,
        cycles=tally.cycles,
        memory_mb=memory_mb,
        first_s=scene.first_s,
        error_ms=tally.error_ms(0.5),
        late_ms=tally.error_ms(0.99),
    )


def without_broker(scene: Scene) -> Run:
    """The broker is away; in the midst of it the agent is killed and started again."""
    time.sleep(WARM_S)
    tally = scene.ear.begin()
    time.sleep(2)
    scene.broker.stop()
    time.sleep(AWAY_S / 2)
    scene.agent.kill()
    scene.agent.start()
    time.sleep(AWAY_S / 2)
    scene.broker.start()
    time.sleep(RETURN_S)
    return _run(scene, tally, scene.agent.cpu_s(), scene.agent.memory_mb())


@dataclass(frozen=True, slots=True)
class Course:
    """One agent at three kinds of work."""

    name: str
    steady: Run
    fastest: Run
    outage: Run


def course(rival: Rival, folder: Path) -> Course:
    rival.ready()
    with playing(rival, folder / "steady", STEADY_S) as scene:
        steady = measured(scene)
    with playing(rival, folder / "fastest", rival.fastest_s) as scene:
        fastest = measured(scene)
    with playing(rival, folder / "outage", STEADY_S) as scene:
        outage = without_broker(scene)
    return Course(rival.name, steady, fastest, outage)


def table(courses: list[Course]) -> str:
    rows: list[tuple[str, list[float]]] = [
        ("first value after the start, s", [c.steady.first_s for c in courses]),
        ("at 1 s: CPU, % of a core", [100 * c.steady.cpu_s / MEASURE_S for c in courses]),
        ("  CPU, µs a value", [c.steady.cpu_us for c in courses]),
        ("  memory, MB", [c.steady.memory_mb for c in courses]),
        ("  lost, % of the cycles", [c.steady.lost_percent for c in courses]),
        ("  stamp against answer, median ms", [c.steady.error_ms for c in courses]),
        ("highest rate, values/s", [c.fastest.rate for c in courses]),
        ("  CPU, % of a core", [100 * c.fastest.cpu_s / MEASURE_S for c in courses]),
        ("  CPU, µs a value", [c.fastest.cpu_us for c in courses]),
        ("  memory, MB", [c.fastest.memory_mb for c in courses]),
        ("  lost, % of the cycles", [c.fastest.lost_percent for c in courses]),
        ("  stamp against answer, median ms", [c.fastest.error_ms for c in courses]),
        ("broker away, agent killed: lost cycles", [c.outage.lost for c in courses]),
        ("  doubled cycles", [c.outage.doubled for c in courses]),
    ]
    head = f"\n{'':<42}" + "".join(f"{c.name:>22}" for c in courses) + "\n"
    return head + "".join(
        f"{name:<42}" + "".join(f"{value:>22,.4g}" for value in values) + "\n"
        for name, values in rows
    )


@pytest.mark.bench
def test_side_by_side_with_what_others_use(tmp_path: Path) -> None:
    rivals: list[Rival] = [ThingsBoard(), NodeRed(), Ours()]
    courses = [course(rival, tmp_path / rival.name) for rival in rivals]
    first, second, own = courses
    ours = Ours()
    with playing(ours, tmp_path / "pace", VALUES / second.fastest.rate) as scene:
        at_its_pace = measured(scene)
    sys.stdout.write(table(courses))
    work = first.steady.cpu_us / own.steady.cpu_us
    most_lost = min(c.outage.lost for c in (first, second))
    results = [
        Result("less CPU a value than thingsboard-gateway, times", work, "", LESS, True),
        Result(
            "higher rate than thingsboard-gateway, times",
            own.fastest.rate / first.fastest.rate,
            "",
            LESS,
            True,
        ),
        Result(
            "CPU a value at Node-RED's highest rate",
            at_its_pace.cpu_us,
            "µs",
            second.fastest.cpu_us,
        ),
        Result("highest rate", own.fastest.rate, "1/s", second.fastest.rate, True),
        Result(
            "lost while nothing is wrong",
            own.steady.lost + own.fastest.lost,
            "cycles",
            min(c.steady.lost + c.fastest.lost for c in (first, second)),
        ),
        Result("lost with broker away and a kill", own.outage.lost, "cycles", most_lost),
        Result("doubled with broker away and a kill", own.outage.doubled, "cycles", 0),
        Result("first value after the start", own.steady.first_s, "s", 2),
    ]
    report("Side by side with other agents", results)
    assert broken(results) == []
