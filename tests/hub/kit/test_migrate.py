"""Migrations make exactly the tables that the code declares, on the way up and down."""

import shutil
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import hub
from hub.errors import BusyError
from hub.kit.db import Database
from hub.kit.migrate import check, config, newest, upgrade
from hub.tables import MODULES

PACKAGE = Path(hub.__file__).parent


@pytest.fixture
def fresh(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'fresh.sqlite'}")


def test_no_migration_is_missing(fresh: Database) -> None:
    upgrade(fresh)
    check(fresh)
    fresh.close()


def test_every_module_that_declares_a_table_is_known_to_migrations() -> None:
    """A table in a module that nobody loads would silently get no migration."""
    declaring = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if "\n    __tablename__ = " in path.read_text("utf-8")
    }
    by_catalogue = {m for m in declaring if m.startswith("hub.archive.")} | {"hub.security.records"}
    assert declaring - by_catalogue - set(MODULES) == set()
    assert "hub.archive.catalogue" in MODULES


def test_migrating_twice_changes_nothing(fresh: Database) -> None:
    revision = upgrade(fresh)
    assert upgrade(fresh) == revision != "none"
    with fresh.system_read("test") as connection:
        assert {"stores", "changes", "alerts"} <= set(inspect(connection).get_table_names())
    fresh.close()


def test_log_and_ledger_are_append_only_after_migrating_too(fresh: Database) -> None:
    upgrade(fresh)
    with fresh.system_read("test") as connection:
        triggers = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
        )
        assert {
            f"{table}_no_{verb}"
            for table in ("changes", "stock_movements")
            for verb in ("delete", "update")
        } <= set(triggers.scalars())
    fresh.close()


def test_all_the_way_down_leaves_nothing(fresh: Database) -> None:
    upgrade(fresh)
    with fresh.system("test") as connection:
        command.downgrade(config(connection), "base")
    with fresh.system_read("test") as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    fresh.close()


def test_a_database_of_a_newer_version_is_refused(fresh: Database) -> None:
    upgrade(fresh)
    with fresh.system("test") as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BusyError, match="newer version"):
        upgrade(fresh)
    fresh.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    fresh: Database, tmp_path: Path
) -> None:
    """SQLite's own driver would have committed half of it."""
    with fresh.system("test") as connection:
        connection.execute(text("CREATE TABLE stores (id INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        upgrade(fresh)
    fresh.close()
    copy = Database(f"sqlite:///{shutil.copy(tmp_path / 'fresh.sqlite', tmp_path / 'copy.sqlite')}")
    with copy.system_read("test") as connection:
        assert set(inspect(connection).get_table_names()) <= {"stores", "alembic_version"}
    copy.close()


def test_the_newest_is_told_without_alembic_as_alembic_tells_it(fresh: Database) -> None:
    with fresh.system("test") as connection:
        heads = ScriptDirectory.from_config(config(connection)).get_heads()
    fresh.close()
    assert heads == [newest()]
