"""Keys are replaced under load: nothing unreadable, the old key gone (SEC-04, R36).

`ROTATION_ROWS=1000000` asks for the whole of R36, which takes some ten minutes.
"""

import os
import threading
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Column, DateTime, MetaData, String, Table, Uuid, insert, select, update

from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.records.log import ChangeLog
from hub.kit.records.ports import Place
from hub.kit.records.sealed import SecretText
from hub.security.vault.keys import KeyState
from hub.security.vault.opening import Strongroom, open_vault
from hub.security.vault.rotation import Rotation, SealedColumn, Tally
from hub.security.vault.vault import ErasedError, key_id_of

CHAIN, OTHER = UUID(int=1), UUID(int=2)
ROWS = int(os.environ.get("ROTATION_ROWS", "1200"))
PEOPLE = Table(
    "people_under_test",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("chain_id", Uuid),
    Column("name", String(400)),
    Column("updated_at", DateTime, onupdate=utc_now),
)
AS_A_RECORD = Table(
    "people_under_test",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("chain_id", Uuid),
    Column("name", SecretText),
)
HUB = Asker.hub("rotate-keys")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Strongroom]:
    made = open_vault(f"sqlite:///{tmp_path / 'keys.sqlite'}", "", tmp_path / "master.key")
    yield made
    made.keys.close()


@pytest.fixture
def ids(db: Database, room: Strongroom) -> list[UUID]:
    """People of two chains with sealed names."""
    made = [(CHAIN, uuid7()) for _ in range(ROWS)] + [(OTHER, uuid7()) for _ in range(10)]
    rows = [
        {"id": one, "chain_id": chain, "name": seal(room, chain, one, f"人{one}")}
        for chain, one in made
    ]
    with db.system("test") as connection:
        PEOPLE.create(connection)
        connection.execute(insert(PEOPLE), rows)
    return [one for chain, one in made if chain == CHAIN]


def seal(room: Strongroom, chain: UUID, one: UUID, text: str) -> str:
    return room.vault.seal(Place(chain, "people_under_test", "name", one), text)


def names(db: Database, room: Strongroom, chain: UUID = CHAIN) -> dict[UUID, str]:
    with db.system_read("test") as connection:
        rows = connection.execute(select(PEOPLE).where(PEOPLE.c.chain_id == chain)).all()
    place = {row.id: Place(chain, "people_under_test", "name", row.id) for row in rows}
    return {row.id: room.vault.open(place[row.id], row.name) for row in rows}


def key_ids(db: Database, chain: UUID = CHAIN) -> set[int | None]:
    with db.system_read("test") as connection:
        found = connection.scalars(select(PEOPLE.c.name).where(PEOPLE.c.chain_id == chain))
        return {key_id_of(name) for name in found}


def rotation(db: Database, room: Strongroom, table: Table = PEOPLE) -> Rotation:
    columns = [SealedColumn(table, "name")]
    return Rotation(db, room.keys, room.vault, columns, others_done_s=0, rest_s=0)


def test_everything_is_sealed_by_a_new_key_and_the_old_one_destroyed(
    db: Database, room: Strongroom, ids: list[UUID]
) -> None:
    old, others = key_ids(db), key_ids(db, OTHER)
    work = rotation(db, room)
    for _ in range(3):
        work.begin(CHAIN)
        tally = work.finish(lambda _: None, HUB)
        assert (tally.sealed_anew, tally.keys_destroyed) == (ROWS, 1)
    assert names(db, room) == {one: f"人{one}" for one in ids}
    assert not key_ids(db) & old
    assert key_ids(db, OTHER) == others, "the neighbour's key stays"
    assert len(room.keys.listed(KeyState.DESTROYED)) == 3


def test_an_old_copy_of_the_row_cannot_be_read_any_more(
    db: Database, room: Strongroom, ids: list[UUID]
) -> None:
    with db.system_read("test") as connection:
        row = connection.execute(select(PEOPLE).where(PEOPLE.c.id == ids[0])).one()
    work = rotation(db, room)
    work.begin(CHAIN)
    work.finish(lambda _: None, HUB)
    with pytest.raises(ErasedError):
        room.vault.open(Place(CHAIN, "people_under_test", "name", row.id), row.name)


def test_a_rotation_that_was_cut_short_goes_on(
    db: Database, room: Strongroom, ids: list[UUID]
) -> None:
    def cut(tally: Tally) -> None:
        if tally.sealed_anew >= 500:
            raise KeyboardInterrupt

    rotation(db, room).begin(CHAIN)
    with pytest.raises(KeyboardInterrupt):
        rotation(db, room).finish(cut, HUB)
    assert len(key_ids(db)) == 2
    assert names(db, room) == {one: f"人{one}" for one in ids}, "readable in the middle"
    tally = rotation(db, room).finish(lambda _: None, HUB)
    assert tally.sealed_anew == ROWS - 500
    assert len(key_ids(db)) == 1


@pytest.mark.timeout(3600 if ROWS > 10_000 else 120)
def test_people_write_while_keys_are_replaced(
    db: Database, room: Strongroom, ids: list[UUID]
) -> None:
    """R36: a value written meanwhile is never put back to what it was; none is unreadable."""
    stop, written = threading.Event(), dict[UUID, str]()

    def write() -> None:
        for number, one in zip(count(), cycle(ids), strict=False):
            if stop.is_set():
                return
            text = f"新{number}"
            change = update(PEOPLE).where(PEOPLE.c.id == one)
            with db.system("test") as connection:
                connection.execute(change.values(name=seal(room, CHAIN, one, text)))
            written[one] = text

    writer = threading.Thread(target=write)
    writer.start()
    work = rotation(db, room)
    destroyed = 0
    try:
        for _ in range(3):
            work.begin(CHAIN)
            destroyed += work.finish(lambda _: None, HUB).keys_destroyed
    finally:
        stop.set()
        writer.join()
    assert (destroyed, bool(written)) == (3, True)
    assert names(db, room) == {one: written.get(one, f"人{one}") for one in ids}


def test_for_readers_of_the_row_nothing_has_changed(
    db: Database, room: Strongroom, ids: list[UUID]
) -> None:
    work = rotation(db, room)
    work.begin(CHAIN)
    work.finish(lambda _: None, HUB)
    with db.system_read("test") as connection:
        assert set(connection.scalars(select(PEOPLE.c.updated_at))) == {None}


def test_a_rotation_is_in_the_audit(db: Database, room: Strongroom, ids: list[UUID]) -> None:
    work = rotation(db, room)
    work.begin(CHAIN)
    work.finish(lambda _: None, HUB)
    with db.system_read("test") as connection:
        row = connection.execute(
            select(ChangeLog.action, ChangeLog.values, ChangeLog.chain_id)
        ).one()
    assert (row.action, row.chain_id) == ("key_rotated", CHAIN)
    assert row.values["sealed_anew"] == [None, ROWS]


def test_the_secrets_of_records_are_sealed_anew_as_they_are_stored(
    db: Database, room: Strongroom, ids: list[UUID]
) -> None:
    """A record makes a `Secret` of its column; beneath it lies the same text."""
    work = rotation(db, room, AS_A_RECORD)
    work.begin(CHAIN)
    assert work.finish(lambda _: None, HUB).sealed_anew == ROWS
    assert names(db, room) == {one: f"人{one}" for one in ids}
