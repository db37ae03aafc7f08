"""Databases for the tests of the hub, copied from one that is made once."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hub.kit.db import Database
from hub.tables import database_at
from tests.hub.chain_under_test import ChainUnderTest, open_chain_under_test


@dataclass(frozen=True)
class Template:
    """Two files: tables alone, and tables with a chain."""

    empty: Path
    full: Path
    chain: ChainUnderTest


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template")
    empty, full = folder / "empty.sqlite", folder / "full.sqlite"
    tables = database_at(f"sqlite:///{empty}")
    tables.create_all()
    tables.close()
    shutil.copy(empty, full)
    db = Database(f"sqlite:///{full}")
    chain = open_chain_under_test(db, "amber")
    db.close()
    return Template(empty, full, chain)


@pytest.fixture
def db(request: pytest.FixtureRequest, template: Template, tmp_path: Path) -> Iterator[Database]:
    """A SQLite database with all tables; with a chain, if one is asked."""
    is_full = "chain" in request.fixturenames
    file = tmp_path / "hub.sqlite"
    shutil.copy(template.full if is_full else template.empty, file)
    database = Database(f"sqlite:///{file}")
    yield database
    database.close()


@pytest.fixture
def chain(db: Database, template: Template) -> ChainUnderTest:
    return replace(template.chain, db=db, stores=list(template.chain.stores))
