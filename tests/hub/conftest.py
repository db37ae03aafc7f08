"""Databases for the tests of the hub, copied from one that is made once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hub.kit.db import Database
from hub.tables import database_at
from tests.databases import forget, new_address
from tests.hub.chain_under_test import ChainUnderTest, open_chain_under_test


@dataclass(frozen=True)
class Template:
    """Two addresses: tables alone, and tables with a chain."""

    empty: str
    full: str
    chain: ChainUnderTest


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    empty = new_address(tmp_path_factory.mktemp("empty"))
    tables = database_at(empty)
    tables.create_all()
    tables.close()
    full = new_address(tmp_path_factory.mktemp("full"), empty)
    db = Database(full)
    chain = open_chain_under_test(db, "amber")
    db.close()
    return Template(empty, full, chain)


@pytest.fixture
def db(request: pytest.FixtureRequest, template: Template, tmp_path: Path) -> Iterator[Database]:
    """A database with all tables; with a chain, if one is asked."""
    is_full = "chain" in request.fixturenames
    database = Database(new_address(tmp_path, template.full if is_full else template.empty))
    yield database
    database.close()
    forget(database.url)


@pytest.fixture
def chain(db: Database, template: Template) -> ChainUnderTest:
    return replace(template.chain, db=db, stores=list(template.chain.stores))
