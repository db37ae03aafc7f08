"""The databases that alerts must work on alike: SQLite and a real PostgreSQL."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.kit.db import Database
from tests.hub.chain_under_test import ChainUnderTest, open_chain_under_test


def _binary(name: str) -> str:
    found = shutil.which(name) or next(
        (str(path) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None
    )
    if found is None:
        pytest.fail(f"PostgreSQL's {name} is missing: sudo apt-get install postgresql")
    return found


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server of its own on a Unix socket, as another user when we are root; its URL."""
    made = tempfile.TemporaryDirectory(prefix="storevitals-pg-")
    with made as folder, _server(Path(folder)) as url:
        yield url


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    user = "postgres" if os.getuid() == 0 else None
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    data = folder / "data"
    name = pwd.getpwuid(os.getuid()).pw_name if user is None else user
    command = [_binary("initdb"), "-D", str(data), "-A", "trust", "-U", name, "--no-sync"]
    subprocess.run(command, user=user, check=True, capture_output=True, cwd=folder)
    options = f"-c listen_addresses= -k {folder} -c fsync=off"
    control = _binary("pg_ctl")
    start = [control, "-D", str(data), "-o", options, "-w", "-l", str(folder / "log"), "start"]
    subprocess.run(start, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    try:
        yield f"postgresql+psycopg://{name}@/postgres?host={folder}"
    finally:
        stop = [control, "-D", str(data), "-m", "immediate", "stop"]
        subprocess.run(stop, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def any_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables, of each kind."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    else:
        database = Database(request.getfixturevalue("postgres"))
    database.create_all()
    yield database
    if request.param == "postgresql":
        with database.system("empty") as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    database.close()


@pytest.fixture
def any_chain(any_db: Database) -> ChainUnderTest:
    return open_chain_under_test(any_db, "amber")
