"""EDG-16: what a Raspberry Pi tells of heat, power and its card, from a /sys of paper."""

import os
from pathlib import Path

import pytest

from agent.machine import Machine, Power


@pytest.fixture
def root(tmp_path: Path) -> Path:
    number = (tmp_path).stat().st_dev
    disk = tmp_path / "sys/devices/mmc0/block/mmcblk0"
    (disk / "mmcblk0p2").mkdir(parents=True)
    (disk / "device").mkdir()
    (disk / "stat").write_text("1 2 3 4 5 6 2000 8 9 10 11\n")
    (disk / "device/life_time").write_text("0x02 0x03\n")
    (disk / "mmcblk0p2/partition").write_text("2\n")
    (disk / "mmcblk0p2/stat").write_text("1 2 3 4 5 6 1000 8 9 10 11\n")
    links = tmp_path / "sys/dev/block"
    links.mkdir(parents=True)
    (links / f"{os.major(number)}:{os.minor(number)}").symlink_to(disk / "mmcblk0p2")
    errors = tmp_path / "sys/fs/ext4/mmcblk0p2"
    errors.mkdir(parents=True)
    (errors / "errors_count").write_text("3\n")
    return tmp_path


def test_the_card_under_the_data_folder_is_the_one_that_counts(root: Path) -> None:
    card = Machine(root).card(root)
    assert card is not None
    assert (card.name, card.written_bytes, card.worn_percent) == ("mmcblk0", 2000 * 512, 30.0)
    assert card.errors == 3
    assert not card.is_read_only


@pytest.mark.parametrize(
    ("flags", "power"),
    [
        ("0", Power(is_low=False, was_low=False, is_throttled=False)),
        ("50005", Power(is_low=True, was_low=True, is_throttled=True)),
        ("50000", Power(is_low=False, was_low=True, is_throttled=False)),
    ],
)
def test_under_voltage_is_known_now_and_since_the_start(
    root: Path, flags: str, power: Power
) -> None:
    firmware = root / "sys/devices/platform/soc/soc:firmware"
    firmware.mkdir(parents=True)
    (firmware / "get_throttled").write_text(flags + "\n")
    assert Machine(root).power() == power


def test_a_newer_kernel_tells_it_by_its_voltage_monitor(root: Path) -> None:
    monitor = root / "sys/class/hwmon/hwmon1"
    monitor.mkdir(parents=True)
    (monitor / "name").write_text("rpi_volt\n")
    (monitor / "in0_lcrit_alarm").write_text("1\n")
    power = Machine(root).power()
    assert power is not None
    assert power.is_low


def test_what_a_machine_does_not_offer_is_none(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine.temperature_c() is None
    assert machine.power() is None
    assert machine.card(tmp_path) is None
    assert machine.uptime_s() is None


def test_this_machine_knows_whether_its_clock_is_disciplined() -> None:
    assert Machine().is_clock_trusted() in (True, False, None)
