"""The simulated store in front of the hub's own code: its readings as arrays, no wire between."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from agent.simulator.history import history
from agent.simulator.model import StoreModel
from agent.simulator.scenario import Scenario
from hub.detection.catalog import Catalog, SeriesRow
from hub.detection.defaults import Override
from hub.detection.engine import Engine
from hub.detection.findings import Change, Finding, Rule
from hub.detection.readings import FRESH_MS, Readings
from hub.detection.slots import StreamKey
from protocols.reading import Reading

ZONE = ZoneInfo("Asia/Shanghai")
STORE, AGENT = UUID(int=1), UUID(int=2)
TUESDAY_11H = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
EQUIPMENT = {
    "cabinet-1": ("cabinet", 4.0),
    "cabinet-2": ("cabinet", 4.0),
    "freezer-1": ("freezer", -20.0),
}


def catalog_of(names: Sequence[tuple[str, str]], override: Override | None = None) -> Catalog:
    """Series 1, 2, … of these devices and metrics."""
    return Catalog(
        replace(
            SeriesRow(number, STORE, AGENT, device, metric, *EQUIPMENT.get(device, (None, None))),
            override=override,
        )
        for number, (device, metric) in enumerate(names, 1)
    )


@dataclass
class StoreUnderTest:
    """A model of a store and the engine that watches it, minute by minute."""

    model: StoreModel
    numbers: dict[tuple[str, str], int]
    engine: Engine
    findings: list[Finding] = field(default_factory=list)
    readings_taken: int = 0

    def run(self, time: timedelta, minutes_a_block: int = 1) -> list[Finding]:
        """Let the store go on; what was found meanwhile."""
        found: list[Finding] = []
        for minutes in _chunks(history(self.model, self.model.now + time), minutes_a_block):
            found += self.take(minutes)
        self.findings += found
        return found

    def begin(self, scenario: Scenario) -> "StoreUnderTest":
        """A copy of everything in which `scenario` begins now."""
        other = copy.deepcopy(self)
        other.findings = []
        other.model.begin(scenario)
        return other

    def take(self, readings: Sequence[Reading], delay_ms: int = 500) -> list[Finding]:
        """Give readings to the engine as if they had been received `delay_ms` later."""
        points = []
        for reading in readings:
            t_ms = int(reading.time.timestamp() * 1000)
            if isinstance(reading.value, str):
                key = StreamKey(AGENT, STORE, reading.device, True)
                if '"kind":"sale"' in reading.value:
                    self.engine.count_tickets(key, t_ms)
            elif reading.value is not None:
                number = self.numbers[reading.device, reading.metric]
                points.append((number, t_ms, reading.value))
        if not points:
            return []
        series, times, values = zip(*points, strict=True)
        self.readings_taken += len(points)
        arrays = Readings(
            np.array(series, np.int32),
            np.array(times, np.int64),
            np.array(values, np.float64),
            np.full(len(series), delay_ms <= FRESH_MS),
        )
        return self.engine.apply(arrays, max(times) + delay_ms)


def store_under_test(seed: int, days: float, end: datetime = TUESDAY_11H) -> StoreUnderTest:
    """A store at the beginning of `days` before `end`, and an engine that knows nothing yet."""
    model = StoreModel(seed, ZONE, end - timedelta(days=days))
    probe = copy.deepcopy(model)
    names = {
        (reading.device, reading.metric)
        for minute in history(probe, probe.now + timedelta(minutes=2))
        for reading in minute
        if not isinstance(reading.value, str)
    }
    ordered = sorted(names)
    numbers = {name: number for number, name in enumerate(ordered, 1)}
    return StoreUnderTest(model, numbers, Engine(catalog_of(ordered), lambda _: ZONE))


def raised(findings: Sequence[Finding]) -> list[tuple[str, Rule]]:
    """Source and rule of what was raised, in order."""
    return [(f.source, f.rule) for f in findings if f.change is Change.RAISED]


def _chunks(minutes: Iterator[list[Reading]], size: int) -> Iterator[list[Reading]]:
    chunk: list[Reading] = []
    for number, minute in enumerate(minutes, 1):
        chunk += minute
        if number % size == 0:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
