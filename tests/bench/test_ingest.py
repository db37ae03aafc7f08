"""Ingest: journal → acknowledged → consumers caught up; load and broker on the same cores."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bench.results import Result, broken, report
from tests.integration.conftest import Mosquitto

ROOT = Path(__file__).parents[2]
TITLE = "Ingest, readings a second: journal, acknowledged, consumers caught up"


@dataclass(frozen=True)
class Outcome:
    readings_per_s: float
    hub_cpu_us: float  # of the hub's process, for one reading
    rss_mb: float
    lag_s: float  # from the last acknowledgement to the last consumer's last row


def measure(folder: Path, *, size: int, readings: int, has_consumers: bool) -> Outcome:
    folder.mkdir()
    subprocess.run([sys.executable, "-m", "tests.bench.ingest_seed", folder], cwd=ROOT, check=True)
    broker = Mosquitto(folder)
    broker.start()
    switch = "on" if has_consumers else "off"
    try:
        with _process("tests.bench.ingest_hub", str(folder), broker.url, switch) as hub:
            told = _told(hub)
            while not next(told)["connected"]:
                pass
            arguments = (str(broker.port), str(size), str(readings))
            with _process("tests.bench.ingest_load", *arguments) as load:
                return _follow(told, load, readings)
    finally:
        broker.kill()


def _follow(
    told: Iterator[dict[str, float]], load: subprocess.Popen[str], readings: int
) -> Outcome:
    start = end = next(told)
    while load.poll() is None:
        end = next(told)
        start = end if end["intake_readings"] == 0 else start
    assert load.stdout is not None
    found = json.loads(load.stdout.readline())
    while end["at_s"] < found["acked_s"] or any(
        number for name, number in end.items() if name.startswith("lag_")
    ):
        end = next(told)
    assert end["intake_readings"] == readings
    done_s = end["at_s"] - found["began_s"]
    return Outcome(
        readings_per_s=readings / done_s,
        hub_cpu_us=(end["cpu_s"] - start["cpu_s"]) / readings * 1e6,
        rss_mb=end["rss_mb"],
        lag_s=end["at_s"] - found["acked_s"],
    )


@contextmanager
def _process(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _told(hub: subprocess.Popen[str]) -> Iterator[dict[str, float]]:
    assert hub.stdout is not None
    for line in hub.stdout:
        yield {"intake_readings": 0.0} | json.loads(line)
    pytest.fail("the hub's process ended")


def best(folder: Path, *, size: int, readings: int) -> tuple[Outcome, Outcome]:
    """With consumers and without, in turns; of each the better of two runs."""
    found: dict[bool, list[Outcome]] = {True: [], False: []}
    for turn in range(4):
        is_on = turn % 2 == 0
        place = folder / f"{size}-{turn}"
        found[is_on].append(measure(place, size=size, readings=readings, has_consumers=is_on))
    on, off = (max(found[key], key=lambda o: o.readings_per_s) for key in (True, False))
    return on, off


@pytest.mark.bench
def test_ingest_keeps_up(tmp_path: Path) -> None:
    large, off = best(tmp_path, size=100, readings=3_000_000)
    small, _ = best(tmp_path, size=10, readings=800_000)
    results = [
        Result("100 metrics a message", large.readings_per_s, "1/s", 100_000, is_minimum=True),
        Result("100 metrics a message, consumers off", off.readings_per_s, "1/s"),
        Result("  ratio", large.readings_per_s / off.readings_per_s, "", 0.5, is_minimum=True),
        Result("10 metrics a message", small.readings_per_s, "1/s", 40_000, is_minimum=True),
        Result("the hub's CPU at 100 metrics a message", large.hub_cpu_us, "µs/reading"),
        Result("  consumers off", off.hub_cpu_us, "µs/reading"),
        Result("the hub's CPU at 10 metrics a message", small.hub_cpu_us, "µs/reading"),
        Result("consumers behind the last acknowledgement", large.lag_s, "s"),
        Result("RSS of the ingest part at the end", large.rss_mb, "MB", 350),
    ]
    report(TITLE, results)
    assert broken(results) == []
