"""Engines of the two databases the hub runs on: SQLite by default, PostgreSQL in production."""

from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL

_BUSY_TIMEOUT_MS = 5_000
_LOG_PAGES = 8_000  # 32 MB; only then does a writer make a checkpoint in its own turn
_READERS = 24  # connections; uvicorn's thread pool has 40 threads, few of them in SQL at a time


@dataclass(frozen=True, slots=True)
class Engines:
    """One engine to read by, one to write by; on PostgreSQL both are the same."""

    read: Engine
    write: Engine
    care: Engine | None = None  # for checkpoints of SQLite, outside of any transaction

    @property
    def is_sqlite(self) -> bool:
        return self.write.dialect.name == "sqlite"

    def dispose(self) -> None:
        self.read.dispose()
        self.write.dispose()
        if self.care is not None:
            self.care.dispose()


def open_engines(url: str) -> Engines:
    """Engines for `sqlite:///path` or `postgresql+psycopg://…`; opens no connection yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.drivername == "postgresql+psycopg":
        engine = create_engine(parsed, pool_pre_ping=True, pool_size=_READERS)
        read = engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
        return Engines(read, engine)
    raise ValueError(
        f"The archive is kept in sqlite:///… or postgresql+psycopg://…, not {parsed.drivername}."
    )


def _sqlite(url: URL) -> Engines:
    if not url.database or url.database == ":memory:":
        raise ValueError("SQLite needs a file: readers and the writer are separate connections.")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    write = create_engine(url, pool_size=1, max_overflow=0)
    read = create_engine(url, pool_size=_READERS, max_overflow=0)
    care = create_engine(url, pool_size=1, max_overflow=0)
    for engine in (write, read, care):
        event.listen(engine, "connect", _prepare)
    event.listen(read, "connect", _forbid_writing)
    event.listen(write, "begin", _begin_immediate)
    event.listen(read, "begin", _begin)
    return Engines(read, write, care)


def _prepare(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin late and commit before DDL
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")


def _forbid_writing(connection: SqliteConnection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
