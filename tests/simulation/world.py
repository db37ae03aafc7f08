"""One store, one hub, and everything that happens between and to them, from one seed."""

import json
import random
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

from agent.uplink_session import UplinkRules
from hub.ingest.journal import RowKind
from hub.kit.db import Database
from protocols.mqtt.client import Message
from protocols.sparkplug import codec
from protocols.sparkplug.topics import EdgeNode
from tests.simulation.centre import SimulatedHub
from tests.simulation.store import Key, SimulatedClock, SimulatedStore, at_noon

FAULTY_STEPS, CALM_STEPS = 350, 150


class World:
    """`run` plays the faults and then a calm in which everything must come to rest; `verify` checks
    the promises of design.md §3."""

    def __init__(self, seed: int, archive: Database, folder: Path) -> None:
        self.seed, self._rng = seed, random.Random(seed)
        node = EdgeNode("chain-0", f"store-{seed}")
        self._clock = SimulatedClock(at_noon())
        self.hub = SimulatedHub(archive, node, folder, self._clock)
        self.store = SimulatedStore(node, folder / "store", self._clock, self._rng, self._rules())
        self._up: deque[Message] = deque()
        self._down: deque[Message] = deque()
        self._is_linked = self._is_hub_away = False
        self._count = 0
        self.happened: Counter[str] = Counter()
        self._events: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.02, self._line_drops),
            (0.01, self._power_is_cut),
            (0.005, self._agent_is_killed),
            (0.01, self._hub_is_killed),
            (0.015, self._hub_comes_back),
            (0.005, self._hub_is_backed_up),
            (0.003, self._hub_is_restored),
            (0.004, self._clock_is_set),
        )

    def _rules(self) -> UplinkRules:
        return UplinkRules(
            window=self._rng.choice((4, 8, 64)),
            drain_per_s=self._rng.choice((0, 20, 200)),
            ack_timeout_s=2.0,
            announce_s=5.0,
            backlog_s=self._rng.choice((10.0, 60.0)),
            unacknowledged_s=self._rng.choice((15.0, 1e9, 1e9, 1e9)),
        )

    def run(self) -> None:
        for _ in range(FAULTY_STEPS):
            self._step(is_faulty=True)
            self._fate()
        self._is_hub_away = False
        for _ in range(CALM_STEPS):
            self._step(is_faulty=False)

    def _step(self, *, is_faulty: bool) -> None:
        rng = self._rng
        self._clock.advance(rng.choice((0.05, 0.3, 1.0)) if is_faulty else 1.0)
        if is_faulty or rng.random() < 0.1:
            for _ in range(rng.choice((0, 1, 1, 4))):
                self._count += 1
                self.store.append(self._count)
        self.store.tick()
        if not self._is_linked and (not is_faulty or rng.random() < 0.15):
            self._connect()
        if self._is_linked:
            self._up.extend(self.store.session.due())
        self._carry_up(is_faulty=is_faulty)
        if not self._is_hub_away and (not is_faulty or rng.random() < 0.5):
            self.hub.commit()
        self._carry_down(is_faulty=is_faulty)

    def _connect(self) -> None:
        self._line_drops()
        self.store.session.will()
        self._is_linked = True
        self._up.extend(self.store.session.connected())

    def _line_drops(self) -> None:
        """What was under way is lost in both directions."""
        self._is_linked = False
        self._up.clear()
        self._down.clear()
        self.store.session.disconnected()

    def _carry_up(self, *, is_faulty: bool) -> None:
        for _ in range(self._rng.randrange(1, 12) if is_faulty else 1000):
            if not self._up:
                return
            message = self._up.popleft()
            is_lost = is_faulty and self._rng.random() < 0.02
            if not is_lost and not self._is_hub_away:
                self.hub.take(message)

    def _carry_down(self, *, is_faulty: bool) -> None:
        if self._is_linked:
            self._down.extend(self.hub.outgoing)
        self.hub.outgoing.clear()
        while self._down:
            message = self._down.popleft()
            if not (is_faulty and self._rng.random() < 0.1):
                self.store.session.command(message.payload)

    def _fate(self) -> None:
        dice = self._rng.random()
        for chance, event in self._events:
            dice -= chance
            if dice < 0:
                self.happened[event.__name__] += 1
                event()
                return

    def _power_is_cut(self) -> None:
        self._line_drops()
        self.store.power_cut()

    def _agent_is_killed(self) -> None:
        self._line_drops()
        self.store.kill()

    def _hub_is_killed(self) -> None:
        self.hub.kill()
        self._is_hub_away = self._rng.random() < 0.5

    def _hub_comes_back(self) -> None:
        self._is_hub_away = False

    def _hub_is_backed_up(self) -> None:
        self.hub.commit()
        self.hub.back_up()

    def _hub_is_restored(self) -> None:
        self.hub.restore()

    def _clock_is_set(self) -> None:
        self._clock.step(self._rng.choice((-2, -60, -86_400, 3600)))

    # the promises

    def verify(self) -> None:
        seed = f"seed {self.seed}"
        stored = self._stored()
        assert not self.hub.is_quarantined, f"{seed}: a genuine agent was taken for a clone"
        waiting = {e.number: e.waiting for e in self.store.epochs if e.waiting}
        assert not waiting, f"{seed}: batches are stuck in the outbox: {waiting}"
        gaps = self._gaps()
        lost = self.store.witness.synced - stored.keys()
        silent = [key for key in lost if key not in gaps]
        assert not silent, f"{seed}: {len(silent)} batches lost without an announced gap"
        assert not gaps & stored.keys(), f"{seed}: a gap covers what is stored"
        self.happened["batches"] += len(stored)
        self.happened["batches in gaps"] += len(lost)

    def _stored(self) -> dict[Key, list[int]]:
        """The batches in the journal; each once, with the readings that were put into it."""
        stored: dict[Key, list[int]] = {}
        for epoch, row_id, payload in self.hub.data():
            key, metrics = (epoch, row_id), codec.parse(payload).metrics
            assert key not in stored, f"seed {self.seed}: batch {key} is stored twice"
            stored[key] = [int(metric.double_value) for metric in metrics]
            assert stored[key] == self.store.witness.committed[key], f"seed {self.seed}: {key}"
        readings = [number for numbers in stored.values() for number in numbers]
        assert len(readings) == len(set(readings)), f"seed {self.seed}: a reading is stored twice"
        return stored

    def _gaps(self) -> set[Key]:
        found: set[Key] = set()
        for row in self.hub.rows():
            if row.kind == RowKind.GAP:
                gap = json.loads(row.payload)
                epoch = int(gap["epoch"], 16)
                found |= {(epoch, row_id) for row_id in range(gap["first"], gap["last"] + 1)}
        return found

    def close(self) -> None:
        self.store.close()
        self.hub.close()
