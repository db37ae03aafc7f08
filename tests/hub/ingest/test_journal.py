"""The journal's file: gap-free, durable, and sparing (EDG-12, R9)."""

import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest

from hub.ingest.journal import Journal, JournalError, RowKind, signed, unsigned
from hub.ingest.watermarks import Watermarks

AGENT = uuid4()


def filled(path: Path, rows: int = 3) -> Journal:
    journal = Journal(path)
    for number in range(1, rows + 1):
        journal.append(
            AGENT, RowKind.NODE_DATA, b"x%d" % number, received_ms=number, epoch=7, batch_id=number
        )
        journal.mark(AGENT, 7, number, number * 10)
    return journal


def test_what_is_not_committed_is_gone(tmp_path: Path) -> None:
    filled(tmp_path / "j").close()
    journal = Journal(tmp_path / "j")
    assert journal.read(0) == []
    assert journal.watermarks() == {}
    journal.close()


def test_rows_and_watermarks_come_back_together(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j")
    journal.live(AGENT, 7, 99)
    journal.live(AGENT, 2**63 + 1, 100)
    journal.born(AGENT, 5)
    journal.commit()
    journal.close()
    journal = Journal(tmp_path / "j")
    assert [(row.seq, row.batch_id, row.payload) for row in journal.read(1)] == [
        (2, 2, b"x2"),
        (3, 3, b"x3"),
    ]
    lives = {7: 99, 2**63 + 1: 100}
    assert journal.watermarks() == {AGENT: Watermarks({7: 3}, {7: 30}, lives)}
    assert list(journal.watermarks()[AGENT].lives) == [7, 2**63 + 1]
    assert journal.births() == {AGENT: 5}
    assert journal.next_seq == 4
    journal.close()


def test_a_commit_that_fails_takes_nothing_and_uses_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R7, R8: the same number is given again, so the rows stay without a gap."""
    journal = filled(tmp_path / "j")
    journal.commit()
    other = sqlite3.connect(tmp_path / "j")
    other.execute("BEGIN IMMEDIATE")
    journal._write.execute("PRAGMA busy_timeout = 1")
    assert journal.append(AGENT, RowKind.NODE_DATA, b"x", received_ms=9) == 4
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        journal.commit()
    other.close()
    assert not journal.is_dirty
    assert journal.append(AGENT, RowKind.NODE_DATA, b"y", received_ms=9) == 4
    journal.commit()
    assert [row.payload for row in journal.read(3)] == [b"y"]
    journal.close()


def test_a_read_is_bounded_but_gives_at_least_one_row(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j")
    journal.commit()
    assert [row.seq for row in journal.read(0, 1)] == [1]
    assert [row.seq for row in journal.read(0, 150)] == [1, 2]
    journal.close()


def test_old_rows_go_when_all_have_passed_but_never_the_newest(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j", 5)
    journal.commit()
    assert journal.drop(floor=2, before_ms=100) == 2
    assert journal.drop(floor=5, before_ms=3) == 0
    assert journal.drop(floor=5, before_ms=100) == 2
    assert [row.seq for row in journal.read(0)] == [5]
    journal.close()
    journal = Journal(tmp_path / "j")
    assert journal.next_seq == 6
    journal.close()


def test_a_restored_journal_gives_no_number_that_a_consumer_has_passed(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j")
    journal.commit()
    journal.start_after(1000)
    assert journal.append(AGENT, RowKind.NODE_DATA, b"", received_ms=1) == 1001
    journal.close()


@pytest.mark.parametrize("epoch", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_every_epoch_fits(epoch: int) -> None:
    assert -(2**63) <= signed(epoch) < 2**63
    assert unsigned(signed(epoch)) == epoch


def test_a_file_that_is_no_journal_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(JournalError, match="move it away"):
        Journal(tmp_path / "j")


def test_a_journal_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j") as file:
        file.execute("PRAGMA user_version=99")
    file.close()
    with pytest.raises(JournalError, match="another version"):
        Journal(tmp_path / "j")
