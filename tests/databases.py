"""Which database the hub's tests run on: SQLite, or with TEST_DATABASE=postgresql a real server.

`TEST_DATABASE=postgresql pytest tests/hub/archive` starts a PostgreSQL of its own at the first need
and stops it at the end; each test has a database of its own in it, copied from a template.
"""

import atexit
import itertools
import os
import shutil
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from tests.postgresql import running_postgresql

IS_POSTGRESQL = os.environ.get("TEST_DATABASE", "sqlite") == "postgresql"
_numbers = itertools.count(1)


def new_address(folder: Path, template: str = "") -> str:
    """Of a new database, empty or like another one that nobody is connected to."""
    if not IS_POSTGRESQL:
        if template:
            shutil.copy(Path(make_url(template).database or ""), folder / "hub.sqlite")
        return f"sqlite:///{folder / 'hub.sqlite'}"
    name = f"test_{next(_numbers)}"
    _execute(f"CREATE DATABASE {name} TEMPLATE {make_url(template or _server()).database}")
    return make_url(_server()).set(database=name).render_as_string(hide_password=False)


def forget(address: str) -> None:
    """It is used no more; SQLite's file goes with its folder."""
    if IS_POSTGRESQL:
        _execute(f"DROP DATABASE {make_url(address).database} WITH (FORCE)")


def _execute(statement: str) -> None:
    engine = create_engine(make_url(_server()).set(database="template1"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()


@cache
def _server() -> str:
    ends = ExitStack()
    atexit.register(ends.close)
    return ends.enter_context(running_postgresql())
