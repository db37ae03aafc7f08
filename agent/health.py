"""The agent's own health as readings of the device `agent`, so nobody has to visit the Pi (EDG-16).

Linux only: /proc and /sys. What a machine does not offer is left out.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from agent.machine import Machine
from agent.outbox import Outbox
from protocols.reading import Reading

DEVICE = "agent"
METRICS = (
    "cpu_percent",
    "cpu_temperature_c",
    "memory_percent",
    "disk_percent",
    "outbox_rows",
    "uptime_s",
    "under_voltage",
    "clock_trusted",
    "disk_written_mb",
    "card_worn_percent",
    "disk_errors",
)
PERIOD_S = 60.0


class Health:
    """Reads `root`/proc and `root`/sys; `data_dir` is the folder whose disk matters."""

    def __init__(self, outbox: Outbox, data_dir: Path, root: Path = Path("/")) -> None:
        self._outbox, self._data_dir = outbox, data_dir
        self._proc = root / "proc"
        self._machine = Machine(root)
        self._cpu = self._cpu_times()

    async def run(self) -> None:
        while True:
            self._outbox.append(self.read())
            await asyncio.sleep(PERIOD_S)

    def read(self) -> list[Reading]:
        now = datetime.now(UTC)
        return [Reading(DEVICE, metric, round(value, 2), now) for metric, value in self._values()]

    def _values(self) -> Iterator[tuple[str, float]]:
        for metric, source in zip(METRICS, self._sources(), strict=True):
            with suppress(OSError, ValueError, KeyError, IndexError):
                if (value := source()) is not None:
                    yield metric, value

    def _sources(self) -> tuple[Callable[[], float | None], ...]:
        card, power = self._machine.card(self._data_dir), self._machine.power()
        trusted = self._machine.is_clock_trusted()
        written = card.written_bytes if card else None
        return (
            self._cpu_percent,
            self._machine.temperature_c,
            self._memory_percent,
            self._disk_percent,
            lambda: float(self._outbox.rows_waiting),
            self._machine.uptime_s,
            lambda: float(power.is_low) if power else None,
            lambda: None if trusted is None else float(trusted),
            lambda: None if written is None else written / 1e6,
            lambda: card.worn_percent if card else None,
            lambda: None if card is None or card.errors is None else float(card.errors),
        )

    def _cpu_times(self) -> tuple[float, float]:
        """Busy and total seconds of all cores since the start of the machine."""
        try:
            fields = (self._proc / "stat").read_text().split("\n", 1)[0].split()[1:9]
        except OSError:
            return 0.0, 0.0
        ticks = [int(field) for field in fields]
        total, hertz = sum(ticks), os.sysconf("SC_CLK_TCK")
        idle = ticks[3] + ticks[4]  # idle and waiting for a disk
        return (total - idle) / hertz, total / hertz

    def _cpu_percent(self) -> float:
        """Of all cores since the last reading: 100 is a machine that had no pause."""
        before, self._cpu = self._cpu, self._cpu_times()
        busy_s, total_s = self._cpu[0] - before[0], self._cpu[1] - before[1]
        return 100 * busy_s / total_s if total_s > 0 else 0.0

    def _memory_percent(self) -> float:
        lines = (self._proc / "meminfo").read_text().splitlines()
        sizes = {name: int(rest.split()[0]) for name, rest in (line.split(":") for line in lines)}
        return 100 * (1 - sizes["MemAvailable"] / sizes["MemTotal"])

    def _disk_percent(self) -> float:
        usage = shutil.disk_usage(self._data_dir)
        return 100 * usage.used / usage.total
