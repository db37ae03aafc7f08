"""A few series before an engine, for tests of single detectors."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hub.detection.catalog import Catalog
from hub.detection.defaults import Override
from hub.detection.engine import Engine
from hub.detection.findings import Finding
from hub.detection.readings import FRESH_MS, Readings
from tests.hub.simulated_store import ZONE, catalog_of

START_MS = 1_773_716_400_000  # 2026-03-17 11:00 in Shanghai


@dataclass
class Watched:
    """`say` gives one reading at a second since the start."""

    names: Sequence[tuple[str, str]]
    found: list[Finding] = field(default_factory=list)
    override: Override | None = None

    def __post_init__(self) -> None:
        self.catalog: Catalog = catalog_of(self.names, self.override)
        self.engine = Engine(self.catalog, lambda _: ZONE)
        self.numbers = {name: number for number, name in enumerate(self.names, 1)}

    def say(self, device: str, metric: str, second: float, value: float) -> list[Finding]:
        return self.say_all([(device, metric, second, value)])

    def say_all(
        self, readings: Sequence[tuple[str, str, float, float]], late_s: float = 0.4
    ) -> list[Finding]:
        """Readings in one block, received some time after the newest of them."""
        series = [self.numbers[device, metric] for device, metric, _, _ in readings]
        t_ms = np.array([START_MS + round(1000 * second) for *_, second, _ in readings], np.int64)
        received_ms = int(t_ms.max() + 1000 * late_s)
        arrays = Readings(
            np.array(series, np.int32),
            t_ms,
            np.array([value for *_, value in readings], np.float64),
            received_ms - t_ms <= FRESH_MS,
        )
        found = self.engine.apply(arrays, received_ms)
        self.found += found
        return found

    def play(
        self, readings: Sequence[tuple[str, str, float, float]], block: int = 120
    ) -> list[Finding]:
        """Many readings in order, in blocks."""
        found: list[Finding] = []
        for first in range(0, len(readings), block):
            found += self.say_all(readings[first : first + block])
        return found

    def hold(
        self, device: str, metric: str, seconds: tuple[float, float, float], value: float
    ) -> list[Finding]:
        """The same value from `seconds[0]` until before `seconds[1]`, every `seconds[2]`."""
        found: list[Finding] = []
        for second in np.arange(*seconds):
            found += self.say(device, metric, float(second), value)
        return found
