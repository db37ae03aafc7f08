"""Consumers follow the journal by themselves: replay, trouble, poison (R2, R11, R29)."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from hub.ingest import follower
from hub.ingest.block import Block
from hub.ingest.dead_letters import Cause
from hub.ingest.follower import Follower
from tests.hub.ingest.conftest import Hub
from tests.hub.ingest.wire import WireNode


@dataclass
class Recorder:
    """A consumer that keeps what it was given; `fails` may raise for a value."""

    name: str = "recorder"
    at: int = 0
    values: list[float] = field(default_factory=list)
    blocks: list[tuple[int, int]] = field(default_factory=list)
    fails: Callable[[float], None] = lambda _: None
    ticks: int = 0

    def position(self) -> int:
        return self.at

    def floor(self) -> int:
        return self.at

    def apply(self, block: Block) -> None:
        values = block.points.value.tolist()
        for value in values:
            self.fails(value)
        self.values += values
        self.blocks.append((block.first_seq, block.last_seq))
        self.at = block.last_seq

    def tick(self) -> None:
        self.ticks += 1


@contextmanager
def following(hub: Hub, *consumers: Recorder) -> Iterator[list[Follower]]:
    followers = [Follower(c, hub.feed, hub.letters) for c in consumers]
    threads = [threading.Thread(target=f.run) for f in followers]
    for thread in threads:
        thread.start()
    yield followers
    for f in followers:
        f.stop()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(follower, "TICK_S", 0.01)


def test_every_row_comes_once_and_in_order(hub: Hub, born: WireNode) -> None:
    one, two = Recorder(), Recorder(name="two")
    with following(hub, one, two):
        for n in range(20):
            hub.take(born.temperature(float(n)))
        until(lambda: one.at == two.at == hub.journal.last_seq)
    assert one.values == two.values == [float(n) for n in range(20)]


def test_a_restart_goes_on_after_the_position(hub: Hub, born: WireNode) -> None:
    hub.take(*(born.temperature(float(n)) for n in range(5)))
    hub.restart()
    late = Recorder(at=3)
    with following(hub, late):
        until(lambda: late.at == hub.journal.last_seq)
    assert late.values == [2.0, 3.0, 4.0]


def test_a_consumer_in_trouble_stops_no_other_and_catches_up(hub: Hub, born: WireNode) -> None:
    """R29: the engine is away; it is tried until it answers, and nothing is skipped."""
    is_away = threading.Event()
    is_away.set()

    def away(_: float) -> None:
        if is_away.is_set():
            raise OSError("no space left on device")

    troubled, well = Recorder(fails=away), Recorder(name="well")
    with following(hub, troubled, well) as followers:
        hub.take(*(born.temperature(float(n)) for n in range(5)))
        until(lambda: well.at == hub.journal.last_seq)
        until(lambda: "no space" in followers[0].trouble)
        assert followers[0].lag > 0
        is_away.clear()
        until(lambda: troubled.at == hub.journal.last_seq)
    assert troubled.values == well.values
    assert not hub.letters.counts
    assert followers[0].trouble == ""


def test_a_row_that_poisons_is_tried_thrice_and_kept(hub: Hub, born: WireNode) -> None:
    """R11: first in the queue after a restart; all others are taken in."""
    tries: list[float] = []

    def poison(value: float) -> None:
        if value == 13.0:
            tries.append(value)
            raise ValueError("unlucky")

    hub.take(*(born.temperature(float(n)) for n in (13, 1, 13, 2)))
    hub.restart()
    consumer = Recorder(at=1, fails=poison)
    with following(hub, consumer):
        until(lambda: consumer.at == hub.journal.last_seq)
    assert consumer.values == [1.0, 2.0]
    assert hub.letters.counts[Cause.POISON] == 2
    assert len(tries) == 3 + 2 * 3


def test_ticks_come_whether_or_not_rows_do(hub: Hub, born: WireNode) -> None:
    idle = Recorder()
    with following(hub, idle):
        until(lambda: idle.ticks > 3)
        before = idle.ticks
        hub.take(born.temperature(1.0))
        until(lambda: idle.ticks > before + 3)
    assert idle.values == [1.0]
