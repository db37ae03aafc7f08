"""What consumers share: blocks decoded once, and no consumer that holds up another."""

import threading
import time

import pytest

from hub.ingest.dead_letters import Cause
from hub.ingest.journal import Row
from tests.hub.ingest.conftest import Hub
from tests.hub.ingest.wire import WireNode


@pytest.fixture
def reads(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """After which rows the journal was read."""
    found: list[int] = []
    read = hub.journal.read

    def counted(after: int) -> list[Row]:
        found.append(after)
        return read(after)

    monkeypatch.setattr(hub.journal, "read", counted)
    return found


def values(hub: Hub, reader: str, after: int) -> list[float]:
    block = hub.feed.next(reader, after)
    return [] if block is None else block.points.value.tolist()


def test_rows_are_decoded_once_for_all_and_let_go_then(
    hub: Hub, born: WireNode, reads: list[int]
) -> None:
    for reader in ("a", "b", "c"):
        hub.feed.join(reader, 0)
    hub.take(*(born.temperature(float(n)) for n in range(5)))
    blocks = [hub.feed.next(reader, 0) for reader in ("a", "b", "c")]
    assert blocks[0] is blocks[1] is blocks[2]
    assert reads == [0]
    assert hub.feed._points == 0


def test_who_is_in_front_waits_for_the_others(
    hub: Hub, born: WireNode, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under load all go at the pace of the slowest, else each would decode for itself."""
    monkeypatch.setattr("hub.ingest.feed.KEPT_POINTS", 3)
    monkeypatch.setattr("hub.ingest.feed.MOST_POINTS", 1)
    monkeypatch.setattr("hub.ingest.feed.PATIENCE_S", 60.0)
    first = hub.journal.last_seq
    for reader in ("slow", "fast"):
        hub.feed.join(reader, first)
    found: dict[str, list[float]] = {"slow": [], "fast": []}

    def follow(reader: str, pause_s: float) -> None:
        after = first
        while len(found[reader]) < 20:
            hub.feed.wait(after, 60.0)
            block = hub.feed.next(reader, after)
            if block is not None:
                found[reader] += block.points.value.tolist()
                after = block.last_seq
            time.sleep(pause_s)

    threads = [threading.Thread(target=follow, args=a) for a in (("slow", 0.005), ("fast", 0.0))]
    for thread in threads:
        thread.start()
    for n in range(20):
        hub.take(born.temperature(float(n)))
    for thread in threads:
        thread.join(60.0)
    assert found["slow"] == found["fast"] == [float(n) for n in range(20)]
    assert len(reads) == len(set(reads))


def test_one_who_is_stuck_holds_nobody_up_and_finds_all_again(
    hub: Hub, born: WireNode, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """R29: the others wait for it once; then it is behind all that is kept."""
    monkeypatch.setattr("hub.ingest.feed.KEPT_POINTS", 3)
    monkeypatch.setattr("hub.ingest.feed.PATIENCE_S", 0.05)
    first = after = hub.journal.last_seq
    for reader in ("stuck", "well"):
        hub.feed.join(reader, first)
    began = time.monotonic()
    for n in range(40):
        hub.take(born.temperature(float(n)))
        assert values(hub, "well", after) == [float(n)]
        after = hub.journal.last_seq
    assert time.monotonic() - began < 40 * 0.05
    assert len(reads) == 40
    assert values(hub, "stuck", first) == [float(n) for n in range(40)]
    assert hub.feed._points == 0
    assert reads[40:] == [first]  # up to what is kept, and that was there


def test_what_is_refused_is_counted_once_for_all_consumers(hub: Hub, born: WireNode) -> None:
    hub.take(born.data([born.sample(1, float("nan"))]))
    hub.feed.next("a", 0)
    hub.feed.next("b", 0)
    assert hub.letters.counts[Cause.NOT_A_NUMBER] == 1
