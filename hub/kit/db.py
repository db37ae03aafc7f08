"""The hub's SQL database: two ways in by scope, two for the system itself.

`read` and `write` give sessions that see one chain and the stores of a `Scope`. `system` and
`system_read` give Core connections without a scope, for work that is nobody's in particular
(ingest, rollups, log-in, migrations), and ask for the reason. On SQLite every writer queues at one
gate, so one process owns the file; more processes need PostgreSQL.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, select

from hub.kit.engines import open_engines
from hub.kit.gate import Gate
from hub.kit.records.ports import Ports
from hub.kit.records.search import load_readings
from hub.kit.records.words import WORDS, Words
from hub.kit.session import Scope, ScopedSession, UnscopedError
from hub.kit.tables import Base, ChainScoped, Record, StoreScoped, UtcDateTime

__all__ = [
    "Base",
    "ChainScoped",
    "Database",
    "Record",
    "Scope",
    "ScopedSession",
    "StoreScoped",
    "UnscopedError",
    "UtcDateTime",
]


class Database:
    """One database, any threads. Nothing is opened before the first use.

    `ports` is set once, before the first session, by whoever builds the hub.
    """

    def __init__(self, url: str, ports: Ports | None = None) -> None:
        self.url = url
        self.ports = ports or Ports()
        self.engines = open_engines(url)
        self._gate = Gate()
        self._words = Words()

    @property
    def is_sqlite(self) -> bool:
        return self.engines.is_sqlite

    @contextmanager
    def read(self, scope: Scope) -> Iterator[ScopedSession]:
        """A session that cannot write; all its queries see one state of the database."""
        with self.reader(scope) as session:
            yield session

    def reader(self, scope: Scope) -> ScopedSession:
        """What `read` lends, for who closes it; it has no connection before its first query."""
        info = self._info(scope) | {WORDS: self._words}
        return ScopedSession(self.engines.read, info=info)

    @contextmanager
    def write(self, scope: Scope) -> Iterator[ScopedSession]:
        """A session that commits once at the end, or not at all. Keep it short: others queue."""
        load_readings()
        info = self._info(scope)
        session = ScopedSession(self.engines.write, info=info, expire_on_commit=False)
        with self._turn("session"), session, session.begin():
            yield session

    @contextmanager
    def system(self, reason: str) -> Iterator[Connection]:
        """A connection without a scope in one transaction; `reason` is a word for metrics."""
        with self._turn(reason), self.engines.write.begin() as connection:
            yield connection

    @contextmanager
    def system_read(self, reason: str) -> Iterator[Connection]:
        """A connection without a scope that cannot write."""
        with self.engines.read.begin() as connection:
            yield connection.execution_options(system=reason)

    def checkpoint(self) -> None:
        """Bring SQLite's log of changes into the file, beside the writers: none waits for it."""
        if self.engines.care is not None:
            with self.engines.care.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def ping(self) -> None:
        """Raise what the driver raises when the database does not answer."""
        with self.system_read("ping") as connection:
            connection.execute(select(1))

    def create_all(self) -> None:
        """Make the tables of all imported modules; tests only, a real hub migrates."""
        with self.system("create_all") as connection:
            Base.metadata.create_all(connection)

    def close(self) -> None:
        self.engines.dispose()

    def _info(self, scope: Scope) -> dict[Any, Any]:
        return {"scope": scope, "ports": self.ports}

    def _turn(self, work: str) -> AbstractContextManager[None]:
        return self._gate.hold(work) if self.is_sqlite else nullcontext()
