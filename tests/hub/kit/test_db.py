"""Scope that no query can forget (SEC-06), and the transaction rules of SQLite."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, literal_column, select, text, union_all, update
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm import aliased

from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.errors import NotFoundError
from hub.kit.db import Database, Scope, UnscopedError
from hub.kit.ids import uuid7
from hub.kit.records.log import TABLE, ChangeLog
from hub.security.models import Role, SignInFailure, UserRole
from tests.hub.chain_under_test import ChainUnderTest, open_chain_under_test

Statement = Callable[[], Any]
CORE = Equipment.__table__.c

REACHED: dict[str, Statement] = {
    "entity": lambda: select(Equipment.name),
    "join": lambda: select(Equipment.name).join(Store, Store.id == Equipment.store_id),
    "alias": lambda: select(aliased(Equipment).name),
    "subquery": lambda: select(select(Equipment.name).subquery().c.name),
    "union": lambda: union_all(select(Equipment.name), select(Equipment.name)),
    "in subquery": lambda: select(Store.name).where(Store.id.in_(select(Equipment.store_id))),
    "scalar": lambda: select(select(func.max(Equipment.name)).scalar_subquery()),
    "cte": lambda: select(select(Equipment.name).cte().c.name),
}
REFUSED: dict[str, Statement] = {
    "text": lambda: text("SELECT name FROM equipment"),
    "core": lambda: select(CORE.name),
    "core beside orm": lambda: select(Store.name, CORE.name),
    "core in where": lambda: select(Store.name).where(Store.id.in_(select(CORE.store_id))),
    "core beside alias": lambda: select(aliased(Equipment).name, CORE.name),
    "text in orm": lambda: select(Equipment).from_statement(text("SELECT * FROM equipment")),
    "literal column": lambda: select(literal_column("name")).select_from(Equipment.__table__),
    "update": lambda: update(Equipment).values(name="x"),
    "delete": lambda: delete(Equipment),
    "insert": lambda: insert(Role).values(code="x"),
    "table of no chain": lambda: select(SignInFailure.key),
    "table of no chain joined": lambda: select(Store.name).join(
        SignInFailure, SignInFailure.key == Store.code
    ),
}


@pytest.fixture
def other(db: Database) -> ChainUnderTest:
    return open_chain_under_test(db, "cobalt")


@pytest.mark.parametrize("make", REACHED.values(), ids=REACHED.keys())
def test_the_scope_reaches_every_form_of_a_select(
    chain: ChainUnderTest, other: ChainUnderTest, make: Statement
) -> None:
    mine = chain.stores[0]
    with chain.read(stores=frozenset({mine.id})) as session:
        found = session.execute(make()).scalars().all()
    assert found, "the statement finds nothing at all"
    assert all(name.startswith(mine.word) for name in found)
    with chain.read() as session:
        every = session.execute(make()).scalars().all()
    assert all(name.startswith("amber") for name in every)


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_what_the_scope_cannot_reach_is_refused(chain: ChainUnderTest, make: Statement) -> None:
    with chain.read() as session, pytest.raises(UnscopedError):
        session.execute(make())


def test_a_statement_that_names_its_reason_may_pass(chain: ChainUnderTest) -> None:
    with chain.read() as session:
        found = session.execute(text("SELECT 1"), execution_options={"system": "test"})
        assert found.scalar() == 1


def test_a_scoped_session_lends_no_connection(chain: ChainUnderTest) -> None:
    with chain.read() as session, pytest.raises(UnscopedError):
        session.connection()


def test_another_stores_record_is_not_there(chain: ChainUnderTest, other: ChainUnderTest) -> None:
    mine, theirs = chain.stores
    with chain.read(stores=frozenset({mine.id})) as session:
        assert session.get(Equipment, mine.cabinet) is not None
        assert session.get(Equipment, theirs.cabinet) is None
        assert session.get(Store, theirs.id) is None
        assert session.get(Equipment, other.stores[0].cabinet) is None
    with chain.read(stores=frozenset()) as session:
        assert session.scalars(select(Equipment)).all() == []


def test_two_sessions_with_different_scopes_share_no_cached_statement(
    chain: ChainUnderTest,
) -> None:
    for store in (*chain.stores, *chain.stores):
        with chain.read(stores=frozenset({store.id})) as session:
            assert session.scalars(select(Store.name)).all() == [store.word]


def test_nothing_is_written_outside_the_scope(chain: ChainUnderTest) -> None:
    user = chain.add_user("li")
    with chain.read() as session:
        role = session.scalars(select(Role.id)).first()
    mine, theirs = chain.stores
    foreign = UserRole(user_id=user, role_id=role, chain_id=uuid7(), store_id=None)
    with pytest.raises(NotFoundError), chain.write() as session:
        session.add(foreign)
    with chain.read(stores=frozenset({mine.id})) as session:
        session.info["corridor"] = True
        session.add(Equipment(store_id=theirs.id, code="X", name="X", type="cabinet"))
        with pytest.raises(NotFoundError):
            session.flush()


def test_a_record_is_written_by_apply_alone(chain: ChainUnderTest) -> None:
    with chain.read() as session:
        cabinet = session.get_one(Equipment, chain.stores[0].cabinet)
        cabinet.name = "changed in passing"
        with pytest.raises(UnscopedError, match="apply only"):
            session.flush()
    with chain.read() as session:
        session.delete(session.get_one(Equipment, chain.stores[0].cabinet))
        with pytest.raises(UnscopedError, match="apply only"):
            session.flush()


def test_the_chain_of_a_new_row_is_filled_in(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        session.add(Role(code="guest", name_zh="访客", name_en="Guest"))
    with chain.read() as session:
        guest = session.scalars(select(Role).where(Role.code == "guest")).one()
    assert guest.chain_id == chain.id


def test_a_read_session_cannot_write(chain: ChainUnderTest) -> None:
    with chain.read() as session:
        session.add(Role(code="guest", name_zh="访客", name_en="Guest"))
        with pytest.raises(OperationalError, match="readonly"):
            session.flush()


def test_a_session_sees_one_state_of_the_database(chain: ChainUnderTest) -> None:
    with chain.read() as session:
        before = session.scalar(select(func.count(Role.id)))
        with chain.write() as writer:
            writer.add(Role(code="guest", name_zh="访客", name_en="Guest"))
        assert session.scalar(select(func.count(Role.id))) == before


def test_an_error_takes_everything_back(chain: ChainUnderTest) -> None:
    def fail_late() -> None:
        with chain.write() as session:
            session.add(Role(code="guest", name_zh="访客", name_en="Guest"))
            session.flush()
            raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        fail_late()
    with chain.read() as session:
        assert session.scalars(select(Role).where(Role.code == "guest")).all() == []


def test_writers_neither_fail_nor_lose_an_update(db: Database) -> None:
    """Deferred transactions lose 2,947 of 3,000 of these; here each counts."""
    with db.system("test") as connection:
        connection.execute(
            insert(SignInFailure).values(key="n", failures=0, last_at=datetime.now(UTC))
        )

    def add() -> None:
        for _ in range(50):
            with db.system("test") as connection:
                now = connection.scalar(select(SignInFailure.failures)) or 0
                connection.execute(update(SignInFailure).values(failures=now + 1))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.system_read("test") as connection:
        assert connection.scalar(select(SignInFailure.failures)) == 400


def test_sqlite_is_set_up_for_durability(db: Database) -> None:
    """WAL, synchronous FULL (2), foreign keys on, and readers that only read."""
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
    with db.system("test") as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in pragmas]
    assert found == ["wal", 2, 1, 5000, 0]
    with db.system_read("test") as connection:
        assert connection.exec_driver_sql("PRAGMA query_only").scalar() == 1


def test_a_checkpoint_waits_for_no_writer_and_keeps_none_waiting(
    db: Database, tmp_path: Path
) -> None:
    """What was committed reaches the file while somebody writes; what was not does not."""
    row = {"failures": 1, "last_at": datetime(2026, 3, 1, tzinfo=UTC)}
    with db.system("test") as connection:
        connection.execute(insert(SignInFailure).values(row | {"key": "committed"}))
    with db.system("test") as connection:
        connection.execute(insert(SignInFailure).values(row | {"key": "open"}))
        db.checkpoint()
        alone = shutil.copy(tmp_path / "hub.sqlite", tmp_path / "alone.sqlite")
    with closing(sqlite3.connect(alone)) as copied:
        keys = copied.execute("SELECT key FROM sign_in_failures").fetchall()
    assert keys == [("committed",)]
    with db.system_read("test") as reader:
        assert set(reader.scalars(select(SignInFailure.key))) == {"committed", "open"}


def test_instants_come_back_aware_and_naive_ones_are_refused(db: Database) -> None:
    east = timezone(timedelta(hours=8))
    when = datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=east)
    values = {"key": "k", "failures": 1, "last_at": when}
    with db.system("test") as connection:
        connection.execute(insert(SignInFailure).values(values))
        kept = connection.scalar(select(SignInFailure.last_at))
        assert kept == when
        assert kept.tzinfo is UTC
        naive = values | {"key": "n", "last_at": datetime(2026, 3, 1)}  # noqa: DTZ001
        with pytest.raises(StatementError, match="no time zone"):
            connection.execute(insert(SignInFailure).values(naive))


def test_the_log_of_changes_is_only_ever_added_to(chain: ChainUnderTest) -> None:
    """SEC-10: not even the hub's own SQL changes or removes a row."""
    with chain.read() as session:
        before = session.scalar(select(func.count(ChangeLog.seq)))
    assert before
    for statement in (update(TABLE).values(asker_name="nobody"), delete(TABLE)):
        with (
            pytest.raises(Exception, match="only ever added to"),
            chain.db.system("test") as connection,
        ):
            connection.execute(statement)
    with chain.read() as session:
        assert session.scalar(select(func.count(ChangeLog.seq))) == before


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_a_database_that_cannot_work_is_refused_at_once(url: str) -> None:
    with pytest.raises((ValueError, ImportError)):
        Database(url)


def test_a_scope_knows_its_stores() -> None:
    store = uuid7()
    assert Scope(uuid7()).has_store(store)
    assert Scope(uuid7(), frozenset({store})).has_store(store)
    assert not Scope(uuid7(), frozenset()).has_store(store)
