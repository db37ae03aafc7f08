"""What the hub's files take, and when the disk would be full (OPS-04)."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from hub.kit.storage import storage


def sealed(folder: Path, day: int, size: int) -> None:
    path = folder / "timeseries" / "sealed" / str(day) / "1-1.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * size)


def test_nothing_is_foretold_before_the_first_sealed_day(tmp_path: Path) -> None:
    (tmp_path / "hub.sqlite").write_bytes(b"x" * 1234)
    found = storage(tmp_path)
    assert [size for _, size in found.parts] == [0, 1234, 0, 0]
    assert (found.a_day, found.days_left) == (None, None)


def test_it_lasts_until_nine_tenths_of_the_disk_are_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(20_000, 20_020):
        sealed(tmp_path, day, 1000 if day < 20_006 else 2000)
    disk = SimpleNamespace(total=100_000, used=70_000, free=30_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: disk)
    found = storage(tmp_path)
    assert found.a_day == 2000, "of the newest two weeks"
    assert found.days_left == 10
