"""The outbox on a real disk: nothing lost, doubled or made up (EDG-12, R3, R9, R19)."""

import os
import random
import resource
import shutil
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.outbox import Outbox
from agent.outbox_batch import Batch, Batching
from agent.outbox_dating import Taken
from agent.outbox_file import OutboxFile
from agent.outbox_repair import repair
from agent.outbox_report import inspect
from agent.outbox_rows import Epoch, OutboxDamagedError, OutboxError, OutboxReader, StoredBatch
from agent.outbox_writer import OutboxWriter
from protocols.reading import Quality, Reading
from protocols.sparkplug import codec
from protocols.sparkplug.journal import BatchId
from tests.simulation.store import SimulatedClock

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
NOW_MS = 1_767_600_000_000
FLIP_SEEDS = int(os.environ.get("FLIP_SEEDS", "40"))  # `make faults` may ask for more
NUMBERS = iter(range(1, 10**9))


def reading(value: float, minute: int = 0, metric: str = "power_w") -> Reading:
    return Reading("meter-1", metric, value, START + timedelta(minutes=minute))


def batches(outbox: Outbox, epoch: Epoch) -> list[StoredBatch]:
    return outbox.read(epoch, 0, 10_000)


def values(found: list[StoredBatch]) -> list[codec.Value]:
    return [codec.value_of(m) for batch in found for m in codec.parse(batch.metrics).metrics]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


def seeds(seed: int = 1) -> Iterator[int]:
    rng = random.Random(seed)
    while True:
        yield rng.getrandbits(64)


def open_file(
    path: Path, max_bytes: int = 10**9, numbers: Iterator[int] | None = None
) -> OutboxFile:
    source = numbers or seeds()
    file = OutboxFile(path, max_bytes, lambda: next(source))
    file.begin_epoch(NOW_MS)
    return file


def batch(n: int, size: int = 100) -> Batch:
    noise = random.Random(n).randbytes(size)
    return Batch(None, 1, noise)


def read_all(path: Path, file: OutboxFile) -> dict[tuple[int, int], bytes]:
    reader = OutboxReader(path)
    try:
        return {(e.number, b.id): b.metrics for e in file.epochs for b in reader.read(e, 0, 10_000)}
    finally:
        reader.close()


# what goes in comes out


def test_readings_survive_a_restart_under_their_epoch_and_ids(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.append([reading(1.0), reading(2.0, 1)], urgent=True)
        while outbox.rows_waiting < 1:  # what comes later is a batch of its own
            time.sleep(0.001)
        outbox.append([reading(3.0, 2)], urgent=True)
    with Outbox(path) as outbox:
        old, live = outbox.epochs
        assert values(batches(outbox, old)) == [1.0, 2.0, 3.0]
        assert [b.id for b in batches(outbox, old)] == [1, 2]
        assert (live.first, live.last) == (1, 0)
        assert outbox.rows_waiting == 2


def test_every_start_begins_a_new_epoch_and_empty_ones_go(path: Path) -> None:
    """R19: an id is never used twice, also by a card that was restored from a copy."""
    numbers = set()
    for _ in range(5):
        with Outbox(path) as outbox:
            numbers.add(outbox.epochs[-1].number)
            assert len(outbox.epochs) == 1
    assert len(numbers) == 5


def test_what_was_appended_is_on_disk_when_the_agent_stops(path: Path) -> None:
    with Outbox(path) as outbox:
        for n in range(1000):
            outbox.append([reading(float(n), n)])
    with Outbox(path) as outbox:
        assert values(batches(outbox, outbox.epochs[0])) == [float(n) for n in range(1000)]


def test_aliases_are_permanent(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.declare([("cabinet-1", "air_temperature_c"), ("meter-1", "power_w")])
        outbox.append([reading(1.0)], urgent=True)
    with Outbox(path) as outbox:
        outbox.declare([("freezer-1", "air_temperature_c")])
        outbox.bulk([])
        assert outbox.alias("cabinet-1", "air_temperature_c") == 1
        assert outbox.alias("meter-1", "power_w") == 2
        assert outbox.alias("freezer-1", "air_temperature_c") == 3


def test_a_reading_that_cannot_be_sent_is_refused_with_its_name(path: Path) -> None:
    with Outbox(path) as outbox:
        for wrong in (float("nan"), float("inf"), "text", None):
            with pytest.raises(ValueError, match="meter-1/power_w"):
                outbox.append([Reading("meter-1", "power_w", wrong, START)])
        outbox.append([Reading("meter-1", "power_w", None, START, Quality.BAD)])


def test_history_is_an_epoch_before_the_live_one(path: Path) -> None:
    with Outbox(path) as outbox:
        count = outbox.bulk(reading(float(n), n) for n in range(12_345))
        outbox.append([reading(-1.0, 20_000)], urgent=True)
    with Outbox(path) as outbox:
        history, live, _ = outbox.epochs
        assert count == 12_345
        assert values(batches(outbox, history)) == [float(n) for n in range(12_345)]
        found = batches(outbox, history)
        assert all(b.values == 200 for b in found[:-1])
        assert all(m.is_historical for b in found for m in codec.parse(b.metrics).metrics)
        assert values(batches(outbox, live)) == [-1.0]


def test_facts_survive_a_restart(path: Path) -> None:
    with Outbox(path) as outbox:
        assert outbox.fact("bdseq") == 0
        outbox.set_fact("bdseq", 7)
    with Outbox(path) as outbox:
        assert outbox.fact("bdseq") == 7


def test_72_hours_of_a_store_fit_into_the_default_size(path: Path) -> None:
    """R3: 200 points at 10 s for 72 h are 5.18 M readings in ≤ 150 MB; measured on a slice."""
    rng, cycles, points = random.Random(1), 360, 200
    levels = [rng.uniform(-20, 400) for _ in range(points)]

    def hour() -> Iterator[Reading]:
        for cycle in range(cycles):
            at = START + timedelta(seconds=10 * cycle, milliseconds=rng.randrange(900))
            for n in range(points):
                levels[n] = round(levels[n] + rng.gauss(0, 0.3), 2)
                yield Reading(f"device-{n // 10}", METRICS[n % 10], levels[n], at)

    with Outbox(path) as outbox:
        outbox.bulk(hour())
        assert outbox.bytes * 72 < 150e6


METRICS = (
    "air_temperature_c",
    "evaporator_temperature_c",
    "power_w",
    "voltage_l1_v",
    "current_l1_a",
    "humidity_percent",
    "suction_pressure_bar",
    "discharge_pressure_bar",
    "energy_kwh",
    "frequency_hz",
)


# acknowledgement and room


def test_acknowledged_rows_stay_for_a_restored_hub(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.append([reading(1.0)], urgent=True)
        outbox.bulk([])
        epoch = outbox.epochs[0]
        outbox.acknowledge([BatchId(epoch.number, 1)])
    report = inspect(path)
    assert (report.rows, report.rows_waiting) == (1, 0)
    assert report.epochs[0].acked == 1


def test_acknowledged_rows_go_after_72_hours_and_their_epoch_after_30_days(path: Path) -> None:
    file = open_file(path)
    file.add([batch(n) for n in range(10)], NOW_MS)
    file.acknowledge(file.live.number, 6)
    first = file.live.number
    file.begin_epoch(NOW_MS)
    file.forget_old(NOW_MS + 72 * 3_600_000 + 1)
    assert file.epochs[0].first == 7
    file.acknowledge(first, 10)
    file.forget_old(NOW_MS + 29 * 86_400_000)
    assert (file.epochs[0].first, file.epochs[0].last) == (11, 10)
    file.forget_old(NOW_MS + 31 * 86_400_000)
    assert first not in {e.number for e in file.epochs}
    file.close()


def test_when_full_acknowledged_rows_go_first_then_the_oldest(path: Path) -> None:
    file = open_file(path, max_bytes=3030)
    file.add([batch(n) for n in range(10)], NOW_MS)
    file.begin_epoch(NOW_MS)
    file.add([batch(n) for n in range(10)], NOW_MS)
    old, live = file.epochs
    file.acknowledge(live.number, 5)
    file.add([batch(n) for n in range(4)], NOW_MS)
    assert [(e.first, e.last) for e in file.epochs] == [(1, 10), (5, 14)]
    assert file.dropped_batches == 0
    file.add([batch(n) for n in range(6)], NOW_MS)
    assert [(e.first, e.last) for e in file.epochs] == [(6, 10), (6, 20)]
    assert file.dropped_batches == 5
    assert sorted(i for _, i in read_all(path, file)) == sorted([*range(6, 11), *range(6, 21)])
    assert old.number == file.epochs[0].number
    file.close()


def test_the_size_is_counted_anew_after_a_restart(path: Path) -> None:
    file = open_file(path)
    file.add([batch(n) for n in range(50)], NOW_MS)
    size = file.bytes
    file.close()
    again = open_file(path)
    assert again.bytes == size
    again.close()


# faults


def test_two_processes_cannot_use_one_outbox(path: Path) -> None:
    with Outbox(path), pytest.raises(OutboxError, match="in use by another process"):
        Outbox(path)


def test_a_foreign_database_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    with pytest.raises(OutboxError, match="another program"):
        Outbox(path)


def test_a_file_that_became_empty_is_not_taken_for_a_new_one(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.append([reading(1.0)], urgent=True)
    path.write_bytes(b"")
    with pytest.raises(OutboxDamagedError, match="outbox repair"):
        Outbox(path)


def test_a_torn_tail_costs_only_what_was_not_synced(path: Path, tmp_path: Path) -> None:
    """R9: the write-ahead log cut at each 512 B; what was synced before is there, in order."""
    file = open_file(path)
    file.add([batch(n) for n in range(5)], NOW_MS)
    file.sync()
    wal = Path(f"{path}-wal")
    synced = wal.stat().st_size
    file.add([batch(n) for n in range(5, 8)], NOW_MS)
    whole, truth = wal.stat().st_size, read_all(path, file)
    for number, cut in enumerate(range(synced, whole + 1, 512)):
        copy = tmp_path / f"cut{number}" / "outbox.sqlite"
        copy.parent.mkdir()
        shutil.copy(path, copy)
        Path(f"{copy}-wal").write_bytes(wal.read_bytes()[:cut])
        torn = open_file(copy)
        found = read_all(copy, torn)
        assert len(found) in (5, 8)
        assert found == {key: truth[key] for key in found}
        torn.close()
    file.close()


def test_a_full_disk_holds_readings_in_memory_and_goes_on_by_itself(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """R7: the kernel refuses every byte beyond what the files have; then it takes them again."""
    clock = SimulatedClock(START)
    file = OutboxFile(path, 10**9, lambda: next(NUMBERS))
    writer = OutboxWriter(file, Batching(), clock)

    def take(first: int, count: int) -> None:
        for n in range(first, first + count):
            clock.advance(1)
            writer.take(Taken.of([reading(float(n), n)], clock, is_urgent=True))
            writer.tick()

    take(0, 10)
    with no_more_bytes(Path(f"{path}-wal").stat().st_size):
        take(10, 20)
        assert writer.held == 20
        assert writer.next_s() > clock.monotonic_s()
    assert "Free disk space" in caplog.text
    take(30, 10)
    assert writer.held == 0
    assert "takes readings again" in caplog.text
    found = read_all(path, file)
    stored = [v for batch in found.values() for v in metrics_of(batch)]
    assert stored == [float(n) for n in range(40)]
    writer.close()


def test_when_memory_is_full_too_the_hub_is_told_of_the_gap(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.outbox.MAX_QUEUED", 20)
    with Outbox(path) as outbox:
        outbox.append([reading(0.0)], urgent=True)
        outbox.bulk([])
        with no_more_bytes(Path(f"{path}-wal").stat().st_size):
            for n in range(1, 60):
                outbox.append([reading(float(n), n)], urgent=True)
                time.sleep(0.002)
            lost = outbox.lost_readings
        assert 0 < lost < 60
    with Outbox(path) as outbox:
        found = [batch for epoch in outbox.epochs for batch in batches(outbox, epoch)]
        assert len(values(found)) == 60 - lost
        assert [batch.metrics for batch in found].count(b"") == 1


def metrics_of(encoded: bytes) -> list[codec.Value]:
    return [codec.value_of(metric) for metric in codec.parse(encoded).metrics]


@contextmanager
def no_more_bytes(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size`: what a full disk does to a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def damaged(path: Path, flips: int, seed: int) -> None:
    rng, data = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(flips):
        data[rng.randrange(100, len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def is_true_or_empty(
    found: dict[tuple[int, int], bytes], truth: dict[tuple[int, int], bytes]
) -> bool:
    return all(metrics in (b"", truth.get(key)) for key, metrics in found.items())


@pytest.mark.parametrize("seed", range(FLIP_SEEDS))
def test_flipped_bits_never_become_wrong_values(path: Path, seed: int) -> None:
    """R9: it opens with what is true, is refused with a sentence, or is repaired with gaps."""
    file = open_file(path)
    file.channel("meter-1", "power_w")
    for n in range(60):
        file.add([batch(n, 300)], NOW_MS)
    truth = read_all(path, file)
    file.close()
    damaged(path, 1 + seed % 5, seed)
    opened = open_or_repair(path)
    if opened is not None:
        assert is_true_or_empty(read_all(path, opened), truth)
        opened.close()


def test_a_file_cut_short_never_gives_wrong_values(path: Path, tmp_path: Path) -> None:
    """R9: cut at each 512 B of the last 64 KiB; 128 cuts."""
    file = open_file(path)
    for n in range(300):
        file.add([batch(n, 250)], NOW_MS)
    truth = read_all(path, file)
    file.close()
    whole = path.read_bytes()
    lost = 0
    for cut in range(1, 129):
        copy = tmp_path / f"cut{cut}" / "outbox.sqlite"
        copy.parent.mkdir()
        copy.write_bytes(whole[: len(whole) - 512 * cut])
        opened = open_or_repair(copy)
        if opened is None:
            lost += 1
            continue
        found = read_all(copy, opened)
        assert is_true_or_empty(found, truth)
        assert found.keys() == truth.keys()
        opened.close()
    assert lost < 128, "something was saved"


def open_or_repair(path: Path) -> OutboxFile | None:
    """None where the refusal says that nothing can be saved."""
    with suppress(OutboxError):
        return open_file(path)
    try:
        result = repair(path)
    except OutboxError as hopeless:
        if "cannot be repaired" in str(hopeless):
            return None
        raise
    assert result.kept_as is not None
    assert result.kept_as.exists()
    return open_file(path)


def test_a_damaged_batch_keeps_its_id_and_loses_its_values(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = open_file(path)
    file.add([batch(n) for n in range(3)], NOW_MS)
    number = file.live.number
    file.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE batch SET payload = ? WHERE key & 255 = 2", (zlib.compress(b"wrong"),))
    db.close()
    opened = open_file(path)
    found = read_all(path, opened)
    opened.close()
    assert found[number, 2] == b""
    assert found[number, 1]
    assert found[number, 3]
    assert "Batch 2" in caplog.text


def test_repair_fills_what_is_lost_with_empty_batches(path: Path) -> None:
    file = open_file(path)
    for n in range(200):
        file.add([batch(n, 1000)], NOW_MS)
    truth = read_all(path, file)
    file.close()
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 8] = b"\xff" * 8  # the header of one page
    path.write_bytes(data)
    with pytest.raises(OutboxDamagedError):
        OutboxFile(path, 10**9, lambda: 1)
    result = repair(path)
    assert result.saved + result.lost == 200
    assert 0 < result.lost < 150
    opened = open_file(path)
    found = read_all(path, opened)
    opened.close()
    assert found.keys() == truth.keys()
    assert is_true_or_empty(found, truth)
    assert sum(metrics == b"" for metrics in found.values()) == result.lost


def test_a_sound_outbox_is_left_alone(path: Path) -> None:
    with Outbox(path) as outbox:
        outbox.append([reading(1.0)], urgent=True)
    assert repair(path).kept_as is None
    assert [file.name for file in path.parent.glob("*damaged*")] == []
    with Outbox(path) as outbox:
        assert values(batches(outbox, outbox.epochs[0])) == [1.0]
