"""What the Raspberry Pi says of itself: heat, power, card, clock, disk. Linux: /proc and /sys.

What a machine does not offer is None.
"""

import ctypes
import gc
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SECTOR_BYTES = 512  # of /sys/block/*/stat, whatever the disk's own sectors are
_UNDER_VOLTAGE_NOW, _UNDER_VOLTAGE_EVER = 1 << 0, 1 << 16  # vcgencmd get_throttled
_THROTTLED_NOW = 1 << 2
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_BYTES = 256  # more than struct timex; zeroes only read


@dataclass(frozen=True, slots=True)
class Power:
    """Under-voltage shows as random faults later; `was_low` is since the machine started."""

    is_low: bool
    was_low: bool
    is_throttled: bool


@dataclass(frozen=True, slots=True)
class Card:
    """The disk that holds `data_dir`. `worn_percent` is told by eMMC only, in steps of ten."""

    name: str
    written_bytes: int | None
    worn_percent: float | None
    errors: int | None
    is_read_only: bool


@dataclass(frozen=True, slots=True)
class Machine:
    """Reads below `root`, which is / but in tests."""

    root: Path = Path("/")

    def temperature_c(self) -> float | None:
        number = _number(self.root / "sys/class/thermal/thermal_zone0/temp")
        return None if number is None else number / 1000

    def power(self) -> Power | None:
        """By the Raspberry Pi's firmware, or its voltage monitor of newer kernels."""
        flags = _hex(self.root / "sys/devices/platform/soc/soc:firmware/get_throttled")
        if flags is not None:
            return Power(
                bool(flags & _UNDER_VOLTAGE_NOW),
                bool(flags & _UNDER_VOLTAGE_EVER),
                bool(flags & _THROTTLED_NOW),
            )
        for name in self.root.glob("sys/class/hwmon/hwmon*/name"):
            alarm = _number(name.parent / "in0_lcrit_alarm")
            if _text(name) == "rpi_volt" and alarm is not None:
                return Power(bool(alarm), bool(alarm), is_throttled=False)
        return None

    def model(self) -> str:
        text = _text(self.root / "proc/device-tree/model") or ""
        return text.rstrip("\0") or os.uname().machine

    def uptime_s(self) -> float | None:
        text = _text(self.root / "proc/uptime")
        return float(text.split()[0]) if text else None

    def card(self, folder: Path) -> Card | None:
        device = _device_of(folder, self.root)
        if device is None:
            return None
        name = device.name
        block = device if (device / "stat").is_file() else self.root / "sys/class/block" / name
        disk = block.resolve()
        whole = disk.parent if (disk / "partition").is_file() else disk
        return Card(
            whole.name,
            _written(whole),
            _worn(whole),
            _count(self.root / "sys/fs/ext4" / name / "errors_count"),
            not _is_writable(folder),
        )

    def is_clock_trusted(self) -> bool | None:
        """Whether the kernel's clock is disciplined by a time server."""
        with suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None, use_errno=True)
            state = libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
            if state >= 0:
                return bool(state != _UNSYNCHRONISED)
        return None


def settle() -> None:
    """After the start: give back some megabytes that glibc would keep, and spare the collector what
    stays for good. Readings are no cycles, so it need not look after every few hundred of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def free_bytes(folder: Path) -> int | None:
    with suppress(OSError):
        return shutil.disk_usage(folder).free
    return None


def _device_of(folder: Path, root: Path) -> Path | None:
    with suppress(OSError):
        number = folder.stat().st_dev
        link = root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
        if link.exists():
            return link.resolve()
    return None


def _written(disk: Path) -> int | None:
    fields = (_text(disk / "stat") or "").split()
    return int(fields[6]) * SECTOR_BYTES if len(fields) > 6 else None


def _worn(disk: Path) -> float | None:
    """JEDEC eMMC life_time: `0x01 0x02`, tenths of the life of the two kinds of cells."""
    parts = (_text(disk / "device/life_time") or "").split()
    tenths = max((int(part, 16) for part in parts if part.startswith("0x")), default=0)
    return min(tenths * 10.0, 100.0) if tenths else None


def _is_writable(folder: Path) -> bool:
    flags = os.statvfs(folder).f_flag
    return not flags & os.ST_RDONLY


def _text(path: Path) -> str | None:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text().strip()
    return None


def _number(path: Path) -> float | None:
    with suppress(ValueError):
        return float(_text(path) or "")
    return None


def _count(path: Path) -> int | None:
    number = _number(path)
    return None if number is None else int(number)


def _hex(path: Path) -> int | None:
    with suppress(ValueError):
        return int(_text(path) or "", 16)
    return None
