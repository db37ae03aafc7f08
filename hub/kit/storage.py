"""How much room the hub's files take, how fast they grow, and when the disk would be full."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from hub.errors import T

STOP_AT = 0.90  # of the disk; what is above is for everything else on it
GROWTH_DAYS = 14  # of sealed days that the growth is taken from
_PARTS = (
    (T("时序数据", "Time series"), ("timeseries",)),
    (T("档案库", "Archive"), ("hub.sqlite", "hub.sqlite-wal", "keys.sqlite")),
    (T("接收日志", "Journal"), ("journal.sqlite", "journal.sqlite-wal")),
    (T("文件与照片", "Files and photos"), ("files",)),
)


@dataclass(frozen=True)
class Storage:
    """`a_day` is None while no day has been sealed; `days_left` None when it cannot be told."""

    parts: tuple[tuple[T, int], ...]
    free: int
    total: int
    a_day: int | None
    days_left: int | None


def storage(data_dir: Path) -> Storage:
    parts = tuple((name, sum(_size(data_dir / file) for file in files)) for name, files in _PARTS)
    disk = shutil.disk_usage(data_dir)
    a_day = _growth(data_dir / "timeseries" / "sealed")
    room = disk.free - (1 - STOP_AT) * disk.total
    days_left = max(0, int(room / a_day)) if a_day else None
    return Storage(parts, disk.free, disk.total, a_day, days_left)


def _growth(sealed: Path) -> int | None:
    """Bytes of a sealed day, the mean of the newest ones."""
    if not sealed.exists():
        return None
    days = sorted((d for d in sealed.iterdir() if d.name.isdecimal()), key=lambda d: int(d.name))
    sizes = [_size(day) for day in days[-GROWTH_DAYS:]]
    return sum(sizes) // len(sizes) if sizes else None


def _size(path: Path) -> int:
    """Of a file, or of all files below a folder; what is gone meanwhile counts nothing."""
    files = path.rglob("*") if path.is_dir() else [path]
    total = 0
    for file in files:
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return total
