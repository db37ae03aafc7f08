"""The hub's own test message: it counts only once it has gone all the way (OPS-01, SEC-26)."""

import asyncio
from dataclasses import dataclass, field

import pytest

from hub.ingest import canary
from hub.ingest.canary import TOPIC, Canary
from hub.ingest.intake import Arrival, Intake
from hub.ingest.journal import RowKind
from tests.hub.ingest.conftest import Hub
from tests.hub.ingest.wire import START_MS, WireNode


@dataclass
class Loop:
    """A broker that brings each message back, into the real intake and journal."""

    hub: Hub
    is_there: bool = True
    has_consumers: bool = True
    heard: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        hub = self.hub
        self.canary = Canary(self._send, self._passed)
        self.intake = Intake(
            hub.registry, hub.journal, hub.letters, hub.acks, lambda _: None, self.canary
        )

    def _send(self, topic: str, payload: bytes) -> bool:
        if self.is_there:
            self.heard.append(payload)
            self.bring(topic, payload)
        return self.is_there

    def bring(self, topic: str, payload: bytes) -> None:
        self.intake.take(Arrival(topic, payload, START_MS))
        self.intake.commit()

    def _passed(self) -> int:
        return self.hub.journal.last_seq if self.has_consumers else 0

    def fly(self) -> bool:
        return asyncio.run(self.canary.fly(limit_s=0.1))


@pytest.fixture
def loop(hub: Hub) -> Loop:
    return Loop(hub)


def test_goes_all_the_way(loop: Loop) -> None:
    assert "canary_seconds" not in loop.canary.metrics()
    assert loop.fly()
    numbers = loop.canary.metrics()
    assert numbers["canary_passed"] == 1
    assert 0 < numbers["canary_seconds"] < 5
    assert [row.kind for row in loop.hub.rows()] == [RowKind.CANARY]
    block = loop.hub.feed.single(0)
    assert block is not None
    assert (len(block[0].points), block[0].last_seq) == (0, 1)


def test_stands_between_readings(loop: Loop, born: WireNode) -> None:
    loop.hub.take(born.temperature(1.0))
    before = len(loop.hub.rows())
    assert loop.fly()
    loop.hub.take(born.temperature(2.0))
    loop.hub.feed.committed(loop.hub.journal.last_seq)
    block = loop.hub.feed.next("series", 0)
    assert block is not None
    assert (block.first_seq, block.last_seq) == (1, before + 2)
    assert block.points.value.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("missing", ["is_there", "has_consumers"])
def test_does_not_arrive(loop: Loop, missing: str) -> None:
    """Neither without a broker nor past a consumer that stands still."""
    setattr(loop, missing, False)
    assert not loop.fly()
    assert "canary_seconds" not in loop.canary.metrics()


def test_nobody_else_s_counts(loop: Loop) -> None:
    """A message made up, or an old one sent again, is no row of the journal."""
    assert loop.fly()
    for payload in (b"made up", *loop.heard):
        loop.bring(TOPIC, payload)
    assert len(loop.hub.rows()) == 1


def test_is_missed_after_three_minutes(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "OVERDUE_S", 0.0)
    assert "no test message came through" in loop.canary.trouble
    monkeypatch.undo()
    assert loop.canary.trouble == ""
