"""A simulated store: the real outbox file, writer and uplink session, on a clock and a disk of its
own that can lose power."""

import random
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.outbox_batch import Batch, Batching, Channel
from agent.outbox_dating import Taken
from agent.outbox_file import OutboxFile
from agent.outbox_rows import Epoch, OutboxReader, StoredBatch
from agent.outbox_writer import OutboxWriter
from agent.uplink_session import UplinkRules, UplinkSession
from protocols.reading import Reading
from protocols.sparkplug import codec
from protocols.sparkplug.codec import Sample
from protocols.sparkplug.journal import BatchId
from protocols.sparkplug.topics import EdgeNode

WAL_HEADER, FRAME = 32, 24 + 4096
BACKFILL_AT = 96  # of the -shm file: how many frames a checkpoint has made durable

Key = tuple[int, int]


class SimulatedClock:
    def __init__(self, start: datetime) -> None:
        self._utc, self._monotonic_s = start, 1e9  # far from this machine's monotonic clock

    def utc_ms(self) -> int:
        return int(self._utc.timestamp() * 1000)

    def utc(self) -> datetime:
        return self._utc

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        self._utc += timedelta(seconds=seconds)
        self._monotonic_s += seconds

    def step(self, seconds: float) -> None:
        """Somebody sets the time of day."""
        self._utc += timedelta(seconds=seconds)


class WitnessedFile(OutboxFile):
    """The outbox file, and a note of which batch holds which readings and what was synced."""

    def __init__(self, path: Path, max_bytes: int, rng: random.Random, witness: "Witness") -> None:
        self.witness = witness
        super().__init__(path, max_bytes, lambda: rng.getrandbits(64))

    def add(self, batches: Sequence[Batch], now_ms: int) -> None:
        first = self.live.next_id
        super().add(batches, now_ms)
        for row_id, batch in enumerate(batches, first):
            values = [int(m.double_value) for m in codec.parse(batch.metrics).metrics]
            self.witness.commit((self.live.number, row_id), values)
        wal = Path(f"{self.path}-wal")
        self.witness.salt_seen(wal)

    def sync(self) -> None:
        super().sync()
        wal = Path(f"{self.path}-wal")
        self.witness.synced_bytes = wal.stat().st_size if wal.exists() else 0
        self.witness.make_durable()


class Witness:
    """What an observer with a notebook knows of the disk of one store."""

    def __init__(self) -> None:
        self.committed: dict[Key, list[int]] = {}
        self.synced: set[Key] = set()
        self.unsynced: set[Key] = set()
        self.synced_bytes = 0
        self._salt = b""

    def commit(self, key: Key, readings: list[int]) -> None:
        self.committed[key] = readings
        self.unsynced.add(key)

    def make_durable(self) -> None:
        self.synced |= self.unsynced
        self.unsynced.clear()

    def salt_seen(self, wal: Path) -> None:
        """A log that begins anew was checkpointed, so what it held is durable elsewhere."""
        with wal.open("rb") as file:
            salt = file.read(WAL_HEADER)[16:24]
        if salt != self._salt:
            self._salt, self.synced_bytes = salt, WAL_HEADER


class SimulatedStore:
    """One agent; `power_cut`, `kill` and `start` are its lives. Implements `BatchSource`."""

    def __init__(
        self,
        node: EdgeNode,
        folder: Path,
        clock: SimulatedClock,
        rng: random.Random,
        rules: UplinkRules,
        *,
        card: Path | None = None,
        max_bytes: int | None = None,
    ) -> None:
        """`card` is the folder of another store's life: this one begins as its copy."""
        self._node, self._folder, self._clock, self._rng = node, folder, clock, rng
        self._rules = rules
        self._life = 0
        self.max_bytes = max_bytes or rng.choice((6_000, 40_000, 10_000_000))
        self.witness = Witness()
        if card is None:
            self._path.parent.mkdir(parents=True)
        else:
            shutil.copytree(card, self._path.parent)
        self.start()

    @property
    def _path(self) -> Path:
        return self._folder / f"life-{self._life}" / "outbox.sqlite"

    def start(self) -> None:
        self.file = WitnessedFile(self._path, self.max_bytes, self._rng, self.witness)
        batching = Batching(self._rules.layout, max_values=5, max_age_s=2.0)
        self._facts = dict(self.file.facts)
        self.writer = OutboxWriter(self.file, batching, self._clock)
        self._reader = OutboxReader(self._path)
        self.session = UplinkSession(self._node, self, self._clock, self._rules)

    def append(self, number: int) -> None:
        at = self._clock.utc()
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        reading = Reading("meter-1", self._rng.choice(("power_w", "energy_kwh")), float(number), at)
        self.take([reading], is_urgent=self._rng.random() < 0.5)

    def take(self, readings: Sequence[Reading], *, is_urgent: bool = True) -> None:
        self.writer.take(Taken.of(readings, self._clock, is_urgent=is_urgent))

    def tick(self) -> None:
        self.writer.tick()

    def kill(self) -> None:
        """kill -9: the kernel still has every commit, but only a sync makes it durable."""
        self._next_life(len(self._wal()))

    def power_cut(self) -> None:
        """What was not synced may be gone, from any byte on; what a checkpoint took is safe."""
        self.witness.unsynced.clear()
        wal = self._wal()
        safe = min(len(wal), max(self.witness.synced_bytes, self._checkpointed_bytes()))
        self._next_life(self._rng.choice((safe, self._rng.randint(safe, len(wal)))))

    def _wal(self) -> bytes:
        return Path(f"{self._path}-wal").read_bytes()

    def _checkpointed_bytes(self) -> int:
        shared = Path(f"{self._path}-shm").read_bytes()
        frames = int.from_bytes(shared[BACKFILL_AT : BACKFILL_AT + 4], "little")
        return WAL_HEADER + frames * FRAME

    def _next_life(self, wal_bytes: int) -> None:
        before, wal = self._path, self._wal()
        self._life += 1
        self._path.parent.mkdir()
        shutil.copy(before, self._path)
        Path(f"{self._path}-wal").write_bytes(wal[:wal_bytes])
        self._reader.close()
        self.file.close()
        shutil.rmtree(before.parent)
        self.start()

    def sync_and_restart(self) -> None:
        self.writer.sync()
        self.kill()

    def damage(self, row_id: int) -> None:
        """Flip a bit of a batch of the live epoch behind the agent's back."""
        db = sqlite3.connect(self._path)
        with db:
            db.execute(
                "UPDATE batch SET payload = payload || x'00' WHERE key = ?",
                (self.file.live.key(row_id),),
            )
        db.close()

    @property
    def card(self) -> Path:
        return self._path.parent

    def close(self) -> None:
        self._reader.close()
        self.file.close()

    # BatchSource, at once and in one thread

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        return self.file.epochs

    @property
    def channels(self) -> Sequence[Channel]:
        return self.file.channels

    def current(self) -> Mapping[int, Sample]:
        return self.writer.batcher.current

    def read(self, epoch: Epoch, after_id: int, limit: int) -> list[StoredBatch]:
        return self._reader.read(epoch, after_id, limit)

    def acknowledge(self, acks: Iterable[BatchId]) -> None:
        self.writer.acknowledge(acks)

    def begin_epoch(self) -> None:
        self.writer.begin_epoch()

    def fact(self, name: str) -> int:
        return self._facts.get(name, 0)

    def set_fact(self, name: str, value: int) -> None:
        self._facts[name] = value
        self.writer.remember(name, value)


def at_noon() -> datetime:
    return datetime(2026, 3, 2, 12, tzinfo=UTC)
