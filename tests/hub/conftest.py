"""Databases for the tests of the hub."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.kit.db import Database
from tests.hub.chain_under_test import ChainUnderTest, open_chain_under_test


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database with the tables of all imported modules."""
    database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    database.create_all()
    yield database
    database.close()


@pytest.fixture
def chain(db: Database) -> ChainUnderTest:
    return open_chain_under_test(db, "amber")
