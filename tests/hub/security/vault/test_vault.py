"""Sealed values: only here, only unchanged, only as long as the key lives (SEC-02, SEC-03)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.kit.records.ports import Place
from hub.security.vault import vault as vault_module
from hub.security.vault.keys import Use
from hub.security.vault.master import MasterKey, MasterKeyError
from hub.security.vault.opening import Strongroom, change_master, open_vault
from hub.security.vault.vault import ErasedError, UnreadableError, key_id_of

NAME = "欧阳canary静"
CHAIN, OTHER = UUID(int=1), UUID(int=2)
HERE = Place(CHAIN, "customers", "name", UUID(int=10))


def open_in(folder: Path, key: str = "") -> Strongroom:
    return open_vault(f"sqlite:///{folder / 'keys.sqlite'}", key, folder / "master.key")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Strongroom]:
    made = open_in(tmp_path)
    yield made
    made.keys.close()


def test_what_was_sealed_opens_again_also_after_a_restart(room: Strongroom, tmp_path: Path) -> None:
    sealed = room.vault.seal(HERE, NAME)
    assert NAME not in sealed
    assert room.vault.open(HERE, sealed) == NAME
    again = open_in(tmp_path)
    assert again.vault.open(HERE, sealed) == NAME
    again.keys.close()


def test_equal_values_look_different(room: Strongroom) -> None:
    assert len({room.vault.seal(HERE, NAME) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(HERE, row_id=UUID(int=11)),
        replace(HERE, column="phone"),
        replace(HERE, table="employees"),
        replace(HERE, chain_id=OTHER),
    ],
    ids=["row", "column", "table", "chain"],
)
def test_a_value_that_was_moved_does_not_open(room: Strongroom, elsewhere: Place) -> None:
    with pytest.raises(UnreadableError):
        room.vault.open(elsewhere, room.vault.seal(HERE, NAME))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(position=st.integers(0, 200), change=st.integers(1, 127))
def test_a_value_that_was_changed_does_not_open(
    room: Strongroom, position: int, change: int
) -> None:
    """Any character, in any part of it."""
    sealed = room.vault.seal(HERE, NAME)
    at = position % len(sealed)
    changed = sealed[:at] + chr((ord(sealed[at]) ^ change) or 65) + sealed[at + 1 :]
    with pytest.raises((UnreadableError, ErasedError)):
        assert room.vault.open(HERE, changed) != NAME, "a changed value opened"


@pytest.mark.parametrize("text", ["", "v1", "v1||", "v2|1|AAAA", "v1|1|", "v1|1|%%%", "v1|9e9|A"])
def test_what_is_no_sealed_value_is_refused(room: Strongroom, text: str) -> None:
    room.vault.seal(HERE, NAME)
    with pytest.raises(UnreadableError):
        room.vault.open(HERE, text)


def test_a_persons_key_takes_everything_of_the_person_with_it(room: Strongroom) -> None:
    """SEC-27: crypto-shredding; the neighbour is not touched."""
    mine, yours = (replace(HERE, subject_id=uuid4()) for _ in range(2))
    sealed, other = room.vault.seal(mine, NAME), room.vault.seal(yours, NAME)
    assert room.vault.shred(CHAIN, mine.subject_id or CHAIN) == 1
    with pytest.raises(ErasedError):
        room.vault.open(mine, sealed)
    assert room.vault.open(yours, other) == NAME


def test_a_destroyed_key_leaves_no_byte_behind(room: Strongroom, tmp_path: Path) -> None:
    mine = replace(HERE, subject_id=uuid4())
    room.vault.seal(mine, NAME)
    wrapped = _wrapped(room)
    room.vault.shred(CHAIN, mine.subject_id or CHAIN)
    for file in tmp_path.iterdir():
        assert wrapped not in file.read_bytes(), file.name


def _wrapped(room: Strongroom) -> bytes:
    with room.keys._db.system_read("test") as connection:
        found = connection.exec_driver_sql("SELECT wrapped FROM crypto_keys").scalar_one()
    return bytes(found)


def test_look_up_by_what_equal_values_share(room: Strongroom) -> None:
    blind = room.vault.blind
    phone = blind(CHAIN, "customers.phone", "13800138000")
    assert phone == blind(CHAIN, "customers.phone", "13800138000")
    assert len(phone) == 32
    others = {
        blind(CHAIN, "customers.phone", "13800138001"),
        blind(CHAIN, "employees.phone", "13800138000"),
        blind(OTHER, "customers.phone", "13800138000"),
    }
    assert phone not in others
    assert len(others) == 3


def test_another_process_hears_of_a_new_key_in_seconds(
    room: Strongroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_module, "ASK_AGAIN_S", 0.0)
    other = open_in(tmp_path)
    before = key_id_of(other.vault.seal(HERE, NAME))
    room.keys.replace(Use(CHAIN, "fields"))
    assert key_id_of(other.vault.seal(HERE, NAME)) != before
    other.keys.close()


def test_the_master_key_is_made_at_first_and_is_the_owners_alone(tmp_path: Path) -> None:
    open_in(tmp_path).keys.close()
    file = tmp_path / "master.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        open_in(tmp_path)


def test_a_missing_master_key_is_never_replaced(room: Strongroom, tmp_path: Path) -> None:
    """SEC-15: a clear message instead of data that nobody can read any more."""
    room.vault.seal(HERE, NAME)
    (tmp_path / "master.key").unlink()
    with pytest.raises(MasterKeyError, match="Put the file back"):
        open_in(tmp_path)
    with pytest.raises(MasterKeyError, match="put back the master key file that belongs to it"):
        open_in(tmp_path, MasterKey.fresh().text)
    assert not (tmp_path / "master.key").exists()


@pytest.mark.parametrize("key", ["x", "AAAA", "AAAA,", "ä"])
def test_a_wrong_master_key_is_told(tmp_path: Path, key: str) -> None:
    with pytest.raises(MasterKeyError, match="32 bytes in base64"):
        open_in(tmp_path, key)


def test_a_new_master_key_wraps_what_there_is(room: Strongroom, tmp_path: Path) -> None:
    sealed = room.vault.seal(HERE, NAME)
    old = (tmp_path / "master.key").read_text("ascii")
    assert change_master(f"sqlite:///{tmp_path / 'keys.sqlite'}", tmp_path / "master.key") == 1
    again = open_in(tmp_path)
    assert again.vault.open(HERE, sealed) == NAME
    again.keys.close()
    with pytest.raises(MasterKeyError):
        open_in(tmp_path, old)


def test_keys_cannot_be_exchanged_in_their_table(room: Strongroom, tmp_path: Path) -> None:
    for chain in (CHAIN, OTHER):
        room.vault.seal(replace(HERE, chain_id=chain), NAME)
    with room.keys._db.system("test") as connection:
        swap = "UPDATE crypto_keys SET wrapped = (SELECT wrapped FROM crypto_keys WHERE id = 1)"
        connection.exec_driver_sql(swap)
    with pytest.raises(MasterKeyError, match="was changed on disk"):
        open_in(tmp_path)
