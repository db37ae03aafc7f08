"""What is special about the embedded engine: segments, sealed files, and what a kill leaves."""

import errno
import os
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from hub.timeseries.embedded.catalogue import SealedFile
from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.embedded.sealed import GROUP_ROWS, SealedFiles
from hub.timeseries.port import Points, SlowQueryError
from tests.hub.timeseries.engine_under_test import (
    DAY_MS,
    NOON,
    NOON_MS,
    TODAY_MS,
    open_duckdb,
    rows,
    store_of,
)

FAR = 2 * NOON_MS
DAYS_AGO_3 = TODAY_MS - 3 * DAY_MS


def sealed_files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder / "sealed")) for p in folder.rglob("*.parquet"))


def tables(folder: Path) -> set[str]:
    """Of a closed engine."""
    with duckdb.connect(folder / "hot.duckdb") as connection:
        found = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    return {name for (name,) in found if name.startswith("segment_")}


def day_of_points(series: int, start_ms: int, n: int = 24) -> Points:
    t = start_ms + np.arange(n) * (DAY_MS // n)
    return Points.of([series] * n, t.tolist(), np.arange(n).tolist())


def test_a_past_day_becomes_one_file_a_store(tmp_path: Path) -> None:
    engine = open_duckdb(tmp_path)
    for series in (1, 2, 15):
        engine.write(day_of_points(series, DAYS_AGO_3), 1)
    engine.write(day_of_points(1, TODAY_MS - DAY_MS), 2)
    before = rows(engine.read([1, 2, 15], 0, FAR))
    engine.maintain(NOON)
    day, yesterday = DAYS_AGO_3 // DAY_MS, TODAY_MS // DAY_MS - 1
    expected = [f"{day}/0-1.parquet", f"{day}/1-1.parquet", f"{yesterday}/0-1.parquet"]
    assert sealed_files(tmp_path) == expected
    assert rows(engine.read([1, 2, 15], 0, FAR)) == before
    engine.maintain(NOON)
    engine.close()
    assert tables(tmp_path) == set()


def test_today_stays_hot_and_its_closed_hours_are_sorted(tmp_path: Path) -> None:
    engine = open_duckdb(tmp_path)
    t = NOON_MS - 2 * 3_600_000
    engine.write(Points.of([7, 3, 7, 3], [t + 2, t + 2, t, t], [4, 2, 3, 1]), 1)
    engine.write(Points.of([3], [NOON_MS], [9]), 2)
    engine.maintain(NOON)
    engine.maintain(NOON)
    assert sealed_files(tmp_path) == []
    assert engine.read([3, 7], 0, FAR).value.tolist() == [1, 2, 9, 3, 4]
    engine.close()
    assert tables(tmp_path) == {"segment_1_sorted", "segment_2"}


def test_late_points_of_a_sealed_day_are_read_at_once_and_sealed_again(tmp_path: Path) -> None:
    engine = open_duckdb(tmp_path)
    engine.write(day_of_points(1, DAYS_AGO_3), 1)
    engine.write(day_of_points(15, DAYS_AGO_3), 2)
    engine.maintain(NOON)
    engine.write(Points.of([1, 1], [DAYS_AGO_3, DAYS_AGO_3 + 5], [100, 101]), 3)
    assert engine.read([1], 0, FAR).value.tolist()[:3] == [100, 101, 1]
    assert engine.buckets([1], np.array([DAYS_AGO_3, DAYS_AGO_3 + DAY_MS])).count[0, 0] == 25
    engine.maintain(NOON)
    engine.maintain(NOON)
    day = DAYS_AGO_3 // DAY_MS
    assert sealed_files(tmp_path) == [f"{day}/0-2.parquet", f"{day}/1-1.parquet"]
    assert engine.read([1], 0, FAR).value.tolist()[:3] == [100, 101, 1]
    engine.close()


def test_a_point_rewritten_after_its_hour_was_closed_wins(tmp_path: Path) -> None:
    engine = open_duckdb(tmp_path)
    t = NOON_MS - 3 * 3_600_000
    for value in (1.0, 2.0, 3.0):
        engine.write(Points.of([1, 2], [t, t], [value, value]), int(value))
        engine.maintain(NOON)
        assert engine.read([1, 2], 0, FAR).value.tolist() == [value, value]
        assert engine.newest().value.tolist() == [value, value]
    engine.maintain(NOON + timedelta(days=2))
    assert engine.read([1, 2], 0, FAR).value.tolist() == [3, 3]
    engine.close()


def test_of_a_point_rewritten_within_its_hour_the_last_stays_when_the_hour_is_sorted(
    tmp_path: Path,
) -> None:
    engine = open_duckdb(tmp_path)
    t = NOON_MS - 3 * 3_600_000
    engine.write(Points.of([1, 1], [t, t], [1.0, 2.0]), 1)
    engine.write(Points.of([1], [t], [3.0]), 2)
    engine.maintain(NOON)
    assert engine.read([1], 0, FAR).value.tolist() == [3.0]
    assert engine.newest().value.tolist() == [3.0]
    engine.close()


def test_what_a_kill_left_behind_is_cleared_at_start(tmp_path: Path) -> None:
    """R2: between file and manifest, between sorted table and swap, in the middle of a file."""
    engine = open_duckdb(tmp_path)
    engine.write(day_of_points(1, DAYS_AGO_3), 1)
    engine.maintain(NOON)
    expected = rows(engine.read([1], 0, FAR))
    engine.close()
    folder = tmp_path / "sealed" / str(DAYS_AGO_3 // DAY_MS)
    (folder / "0-2.parquet").write_bytes(b"never published")
    (folder / "0-3.part").write_bytes(b"half a file")
    with duckdb.connect(tmp_path / "hot.duckdb") as connection:
        connection.execute("CREATE TABLE segment_99_sorted (series INTEGER)")
    engine = open_duckdb(tmp_path)
    assert sorted(p.name for p in folder.iterdir()) == ["0-1.parquet"]
    assert rows(engine.read([1], 0, FAR)) == expected
    engine.close()
    assert "segment_99_sorted" not in tables(tmp_path)


def test_sealed_days_outlive_a_lost_database(tmp_path: Path) -> None:
    """R29: the manifest is made again from the files; the rest comes from the journal."""
    engine = open_duckdb(tmp_path)
    engine.write(day_of_points(1, DAYS_AGO_3), 1)
    engine.write(day_of_points(15, DAYS_AGO_3), 2)
    engine.maintain(NOON)
    expected = rows(engine.read([1, 15], 0, FAR))
    engine.close()
    (tmp_path / "hot.duckdb").unlink()
    engine = open_duckdb(tmp_path)
    assert engine.position() == 0
    assert rows(engine.read([1, 15], 0, FAR)) == expected
    assert engine.newest().value.tolist() == [23, 23]
    engine.close()


def test_a_failed_write_leaves_neither_points_nor_position(tmp_path: Path) -> None:
    engine = open_duckdb(tmp_path)
    engine.write(Points.of([1], [NOON_MS], [1]), 1)
    torn = Points(
        np.array([1, 1], np.int32), np.array([NOON_MS + 1]), np.array([2.0]), np.zeros(1, np.uint8)
    )
    with pytest.raises(duckdb.Error):
        engine.write(torn, 2)
    assert engine.position() == 1
    assert engine.read([1], 0, FAR).value.tolist() == [1]
    engine.write(Points.of([1], [NOON_MS + 1], [2]), 2)
    assert engine.read([1], 0, FAR).value.tolist() == [1, 2]
    engine.close()


def test_a_query_over_its_time_limit_is_stopped(tmp_path: Path) -> None:
    engine = DuckDbTimeSeries(tmp_path, store_of, now=lambda: NOON, query_limit_s=1e-6)
    engine.write(day_of_points(1, TODAY_MS), 1)
    with pytest.raises(SlowQueryError, match="took more than"):
        engine.read([1], 0, FAR)
    engine.close()


def test_readers_see_every_point_while_days_are_sealed_and_hours_sorted(tmp_path: Path) -> None:
    engine = open_duckdb(tmp_path)
    stop, wrong = threading.Event(), list[int]()
    engine.write(day_of_points(1, DAYS_AGO_3), 1)

    def read() -> None:
        while not stop.is_set():
            n = len(engine.read([1], DAYS_AGO_3, DAYS_AGO_3 + DAY_MS))
            if n != 24:
                wrong.append(n)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(20):
        engine.write(day_of_points(1, DAYS_AGO_3), n)
        engine.write(day_of_points(1, TODAY_MS), n)
        engine.maintain(NOON)
    stop.set()
    for reader in readers:
        reader.join()
    engine.close()
    assert wrong == []


def test_no_series_is_split_over_row_groups_without_need(tmp_path: Path) -> None:
    engine = open_duckdb(tmp_path)
    n = GROUP_ROWS // 2 + 1
    for series in (1, 2, 3, 4, 5):
        engine.write(day_of_points(series, DAYS_AGO_3, n), series)
    engine.maintain(NOON)
    engine.close()
    files = SealedFiles(tmp_path / "sealed")
    (file,) = files.found()
    footer = files.footer(file)
    assert list(zip(footer.first.tolist(), footer.last.tolist(), strict=True)) == [
        (1, 2),
        (3, 4),
        (5, 5),
    ]


def test_closing_does_not_wait_for_a_day_to_be_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_duckdb(tmp_path)
    for store in range(30):
        engine.write(day_of_points(10 * store, DAYS_AGO_3), store)
    has_begun, write = threading.Event(), SealedFiles.write

    def slow_write(self: SealedFiles, file: SealedFile, parts: Iterable[Points]) -> None:
        has_begun.set()
        time.sleep(0.1)  # as long as a big store takes
        write(self, file, parts)

    monkeypatch.setattr(SealedFiles, "write", slow_write)
    sealing = threading.Thread(target=engine.maintain, args=(NOON,))
    sealing.start()
    assert has_begun.wait(10)
    begin = time.monotonic()
    engine.close()
    assert time.monotonic() - begin < 1
    sealing.join()
    monkeypatch.undo()
    engine = open_duckdb(tmp_path)
    assert sealed_files(tmp_path) == []
    assert len(engine.read(range(300), 0, FAR)) == 30 * 24
    engine.close()


def test_a_full_disk_while_sealing_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """R7: `maintain` says so and tries again; readers and the writer go on."""
    engine = open_duckdb(tmp_path)
    engine.write(day_of_points(1, DAYS_AGO_3), 1)
    expected = rows(engine.read([1], 0, FAR))

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    engine.maintain(NOON)
    assert "No space left on device" in caplog.text
    assert rows(engine.read([1], 0, FAR)) == expected
    engine.write(Points.of([2], [NOON_MS], [5]), 2)
    monkeypatch.undo()
    assert list((tmp_path / "sealed").rglob("*.part")) == []
    engine.maintain(NOON)
    assert len(sealed_files(tmp_path)) == 1
    assert rows(engine.read([1], 0, FAR)) == expected
    engine.close()
