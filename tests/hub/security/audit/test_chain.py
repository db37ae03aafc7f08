# ruff: noqa: S608 the attacks are made of constants
"""The chain over the audit: changed, removed, swapped, added and cut rows are found (SEC-05)."""

from pathlib import Path

import pytest
from sqlalchemy import text

from hub.cli import main
from hub.kit.asker import Asker
from hub.kit.records.log import note
from hub.security.audit.chain import AuditChain, Fault
from hub.security.vault.opening import Strongroom, open_vault
from tests.hub.chain_under_test import ChainUnderTest

ROWS = 30


@pytest.fixture
def audit(vaulted: ChainUnderTest, strongroom: Strongroom) -> AuditChain:
    """A sealed audit whose rows an attacker can write, as whoever holds the database can."""
    with vaulted.db.system("test") as connection:
        for trigger in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER changes_no_{trigger}"))
        for number in range(ROWS):
            note(connection, f"test_{number:02}", Asker.hub("test"), reason=f"why {number}")
    chain = AuditChain(vaulted.db, strongroom.keys)
    chain.seal()
    assert chain.verify().troubles == ()
    return chain


def attack(chain: ChainUnderTest, *statements: str) -> None:
    with chain.db.system("attack") as connection:
        for statement in statements:
            connection.execute(text(statement))


def found(audit: AuditChain) -> set[Fault]:
    return {trouble.fault for trouble in audit.verify().troubles}


NEWEST = "(SELECT max(number) FROM audit_seals)"
TAKES = "(SELECT seq FROM changes WHERE action = 'test_10')"
GIVES = "(SELECT seq FROM changes WHERE action = 'test_20')"


@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        ([f"UPDATE changes SET reason = 'nothing' WHERE seq = {TAKES}"], {Fault.CHANGED}),
        (
            [f"UPDATE changes SET address = '' || address || ' ' WHERE seq = {TAKES}"],
            {Fault.CHANGED},
        ),
        ([f"UPDATE changes SET at = datetime(at, '-1 day') WHERE seq = {TAKES}"], {Fault.CHANGED}),
        ([f"DELETE FROM changes WHERE seq = {TAKES}"], {Fault.REMOVED}),
        (
            [
                f"UPDATE changes SET seq = -1 WHERE seq = {TAKES}",
                f"UPDATE changes SET seq = (SELECT seq FROM audit_seals WHERE seq NOT IN "
                f"(SELECT seq FROM changes)) WHERE seq = {GIVES}",
                "UPDATE changes SET seq = (SELECT seq FROM audit_seals WHERE seq NOT IN "
                "(SELECT seq FROM changes)) WHERE seq = -1",
            ],
            {Fault.CHANGED},
        ),
        (
            [
                f"DELETE FROM audit_seals WHERE seq = {TAKES}",
                "DELETE FROM changes WHERE action = 'test_10'",
            ],
            {Fault.LINK_LOST},
        ),
        (
            [
                f"DELETE FROM audit_seals WHERE seq >= {GIVES}",
                "DELETE FROM changes WHERE action >= 'test_20'",
            ],
            {Fault.CUT_OFF},
        ),
        ([f"DELETE FROM audit_seals WHERE seq = {TAKES}"], {Fault.LINK_LOST, Fault.NEVER_SEALED}),
        (
            [
                "UPDATE changes SET seq = seq + 1000 WHERE action = 'test_29'",
                f"UPDATE audit_seals SET seq = seq + 1000 WHERE number = {NEWEST}",
            ],
            {Fault.CHANGED},
        ),
    ],
    ids=["reason", "blank", "time", "removed", "swapped", "both", "tail", "link", "renumbered"],
)
def test_whoever_holds_the_database_changes_nothing_unseen(
    audit: AuditChain, vaulted: ChainUnderTest, statements: list[str], faults: set[Fault]
) -> None:
    attack(vaulted, *statements)
    assert found(audit) == faults


def test_every_broken_place_is_told_not_the_first_alone(
    audit: AuditChain, vaulted: ChainUnderTest
) -> None:
    attack(vaulted, "UPDATE changes SET reason = 'x' WHERE action IN ('test_03', 'test_17')")
    troubles = audit.verify().troubles
    assert len(troubles) == 2
    assert all("altered" in str(trouble) for trouble in troubles)


def test_links_cannot_be_forged_without_the_vault(
    audit: AuditChain, vaulted: ChainUnderTest, tmp_path: Path
) -> None:
    """The attacker knows this program and the database, not the master key."""
    attack(vaulted, f"DELETE FROM changes WHERE seq = {TAKES}", "DELETE FROM audit_seals")
    own = tmp_path / "own"
    own.mkdir()
    room = open_vault(f"sqlite:///{own / 'keys.sqlite'}", "", own / "master.key")
    AuditChain(vaulted.db, room.keys).seal()
    room.keys.close()
    assert Fault.CHANGED in found(audit)


def test_rows_that_come_later_are_sealed_later(audit: AuditChain, vaulted: ChainUnderTest) -> None:
    with vaulted.db.system("test") as connection:
        note(connection, "later", Asker.hub("test"))
    before = audit.head().number
    assert audit.seal() == 1
    assert audit.seal() == 0
    verdict = audit.verify()
    assert (verdict.head.number, verdict.troubles) == (before + 1, ())


def test_the_command_says_what_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "hub"))
    password = tmp_path / "password"
    password.write_text("a much better one", "utf-8")
    assert main(["create-admin", "chief", "--password-file", str(password)]) == 0
    assert main(["verify-audit"]) == 0
    assert "holds" in capsys.readouterr().out
