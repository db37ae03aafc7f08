"""R7: a disk that others fill, on a real one of 12 MB: the outbox goes on, in less room."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.outbox_batch import Batch, Batching
from agent.outbox_dating import Taken
from agent.outbox_disk import BALLAST_BYTES, DiskWatch, WearCount
from agent.outbox_file import OutboxFile
from agent.outbox_rows import OutboxReader
from agent.outbox_writer import OutboxWriter
from protocols.reading import Reading
from protocols.sparkplug import codec
from tests.simulation.store import SimulatedClock
from tests.small_disk import disk_of, fill

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of(12, tmp_path / "disk") as folder:
        yield folder


def test_on_a_full_disk_new_readings_take_the_place_of_old_ones(small_disk: Path) -> None:
    clock, chance = SimulatedClock(START), random.Random(1)
    file = OutboxFile(small_disk / "outbox.sqlite", 10**9, lambda: chance.getrandbits(64))
    writer = OutboxWriter(file, Batching(), clock)
    for _ in range(30):
        file.add([Batch(None, 1, chance.randbytes(30_000))], clock.utc_ms())
    ballast = small_disk / "outbox.sqlite.ballast"
    assert ballast.stat().st_blocks * 512 >= BALLAST_BYTES
    rubbish = fill(small_disk)

    def take(first: int, count: int) -> None:
        for n in range(first, first + count):
            clock.advance(61)
            at = START + timedelta(minutes=n)
            readings = [Reading("d", "power_w", float(n), at) for _ in range(20)]
            writer.take(Taken.of(readings, clock, is_urgent=True))
            writer.tick()

    take(0, 300)
    assert writer.held == 0
    assert not ballast.exists()
    assert file.dropped_batches > 0
    reader = OutboxReader(file.path)
    newest = reader.read(file.live, file.live.last - 1, 1)[0]
    assert {codec.value_of(m) for m in codec.parse(newest.metrics).metrics} == {299.0}
    rubbish.unlink()
    take(300, 3)
    assert ballast.exists()
    assert file.disk.bound == 10**9
    reader.close()
    writer.close()


def test_ballast_is_never_what_fills_the_disk(small_disk: Path) -> None:
    (small_disk / "much").write_bytes(b"x" * 8_000_000)
    watch = DiskWatch(small_disk / "outbox.sqlite", 10**9)
    assert not (small_disk / "outbox.sqlite.ballast").exists()
    assert not watch.is_full(1000)


def test_on_a_disk_that_fills_up_the_outbox_stops_growing(small_disk: Path) -> None:
    watch = DiskWatch(small_disk / "outbox.sqlite", 10**9)
    (small_disk / "much").write_bytes(b"x" * 7_500_000)
    watch.look(1_000_000)
    assert watch.bound == 900_000
    (small_disk / "much").unlink()
    watch.look(1_000_000)
    assert watch.bound == 10**9


def test_wear_is_counted_by_what_the_system_says() -> None:
    count = WearCount()
    count.syncs += 3
    wear = count.wear()
    assert wear.syncs_per_s == 3
    assert wear.written_bytes_per_day is None or wear.written_bytes_per_day >= 0
