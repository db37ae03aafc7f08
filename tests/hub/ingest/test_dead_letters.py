"""Every refusal is counted, and what is kept is bounded (R10, R11)."""

import pytest
from sqlalchemy import func, select

from hub.ingest import dead_letters
from hub.ingest.dead_letters import Cause, DeadLetters
from hub.ingest.tables import DeadLetterRow
from tests.hub.ingest.conftest import Hub


def kept(hub: Hub) -> int:
    with hub.db.system_read("test") as connection:
        return connection.scalar(select(func.count()).select_from(DeadLetterRow)) or 0


def test_counts_go_on_after_a_restart(hub: Hub) -> None:
    hub.letters.add(Cause.MALFORMED, "t", b"x" * 9000, "because")
    hub.letters.add(Cause.UNKNOWN_METRIC, "t", b"x", "because", count=5)
    hub.letters.flush()
    hub.restart()
    hub.letters.add(Cause.MALFORMED, "t", b"y", "because")
    assert hub.letters.counts == {"malformed": 2, "unknown_metric": 5}
    with hub.db.system_read("test") as connection:
        row = connection.execute(select(DeadLetterRow).order_by(DeadLetterRow.id)).first()
    assert row is not None
    assert (row.size_bytes, len(row.payload), row.error) == (9000, 2048, "because")


def test_the_table_is_bounded_and_keeps_the_newest(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "KEPT_ROWS", 10)
    for number in range(25):
        hub.letters.add(Cause.MALFORMED, f"t{number}", b"", "")
    hub.letters.flush()
    assert kept(hub) == 10
    with hub.db.system_read("test") as connection:
        topics = connection.scalars(select(DeadLetterRow.topic).order_by(DeadLetterRow.id)).all()
    assert topics[-1] == "t24"
    assert hub.letters.counts[Cause.MALFORMED] == 25


def test_repetitions_are_counted_and_one_a_minute_is_kept(hub: Hub) -> None:
    for _ in range(100):
        hub.letters.add(Cause.REPLAYED, "same", b"", "")
    hub.letters.flush()
    assert kept(hub) == 1
    assert hub.letters.counts[Cause.REPLAYED] == 100


def test_a_flood_keeps_its_count_and_a_part_of_its_letters(hub: Hub) -> None:
    for _ in range(dead_letters.WAITING + 50):
        hub.letters.add(Cause.MALFORMED, "t", b"", "")
    hub.letters.flush()
    assert kept(hub) == dead_letters.WAITING
    assert hub.letters.counts[Cause.MALFORMED] == dead_letters.WAITING + 50


def test_a_flush_that_fails_loses_no_count(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.letters.add(Cause.MALFORMED, "t", b"", "")
    with monkeypatch.context() as patch:
        patch.setattr(DeadLetters, "_save", lambda *_: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            hub.letters.flush()
    hub.letters.flush()
    hub.restart()
    assert hub.letters.counts[Cause.MALFORMED] == 1
