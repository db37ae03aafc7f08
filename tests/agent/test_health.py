"""The agent's own health from a /proc of paper (EDG-16)."""

from pathlib import Path

import pytest

from agent.health import METRICS, Health
from agent.outbox import Outbox
from protocols.metrics import METRICS as VOCABULARY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "proc").mkdir()
    (tmp_path / "sys/class/thermal/thermal_zone0").mkdir(parents=True)
    (tmp_path / "proc/stat").write_text("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n")
    (tmp_path / "proc/meminfo").write_text(
        "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 250 kB\n"
    )
    (tmp_path / "proc/uptime").write_text("1234.5 99.0\n")
    (tmp_path / "sys/class/thermal/thermal_zone0/temp").write_text("48250\n")
    return tmp_path


def test_it_reads_what_the_machine_says(root: Path) -> None:
    with Outbox(root / "outbox.sqlite") as outbox:
        health = Health(outbox, root, root)
        (root / "proc/stat").write_text("cpu  150 0 125 725 100 0 0 0 0 0\n")
        found = {reading.metric: reading.value for reading in health.read()}
    disk = found.pop("disk_percent")
    assert isinstance(disk, float)
    assert 0 < disk <= 100
    found.pop("clock_trusted", None)  # of the machine that tests run on
    assert found == {
        "cpu_percent": 75.0,
        "cpu_temperature_c": 48.25,
        "memory_percent": 75.0,
        "outbox_rows": 0.0,
        "uptime_s": 1234.5,
    }


def test_what_a_machine_does_not_offer_is_left_out(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        found = {reading.metric for reading in Health(outbox, tmp_path, tmp_path).read()}
    assert found - {"clock_trusted"} == {"cpu_percent", "disk_percent", "outbox_rows"}


def test_a_weak_supply_and_a_worn_card_are_told(root: Path) -> None:
    firmware = root / "sys/devices/platform/soc/soc:firmware"
    firmware.mkdir(parents=True)
    (firmware / "get_throttled").write_text("50005\n")
    with Outbox(root / "outbox.sqlite") as outbox:
        found = {reading.metric: reading.value for reading in Health(outbox, root, root).read()}
    assert found["under_voltage"] == 1.0


def test_its_metrics_are_in_the_vocabulary() -> None:
    assert set(METRICS) <= set(VOCABULARY)
