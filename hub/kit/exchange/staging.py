"""The rows of one import between upload and archive: a SQLite file of the job alone.

So 50,000 rows wait, are looked at and corrected without a turn at the hub's write gate.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import orjson

from hub.errors import T

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    number INTEGER PRIMARY KEY, cells TEXT NOT NULL, outcome TEXT NOT NULL,
    problems TEXT NOT NULL DEFAULT '{}', key TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS rows_outcome ON rows (outcome, number);
CREATE INDEX IF NOT EXISTS rows_key ON rows (key) WHERE key <> '';
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Outcome(StrEnum):
    """What becomes of a row: READ not looked at, the next four after the check, the last two."""

    READ = "read"
    NEW = "new"
    UPDATE = "update"
    SKIP = "skip"
    WRONG = "wrong"
    DONE = "done"
    REFUSED = "refused"


Problems = Mapping[str, T]
"""What is wrong by field; under "" with the row as a whole."""


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One row of the file: `number` as Excel shows it, cells as text."""

    number: int
    cells: Sequence[str]
    outcome: Outcome = Outcome.READ
    problems: Problems = field(default_factory=dict)
    key: str = ""


class Staging:
    """One import's file. Any thread opens its own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "rows.sqlite"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=10)
        try:
            connection.executescript(_SCHEMA)
            connection.execute("PRAGMA synchronous = OFF")  # the uploaded file is still there
            with connection:
                yield connection
        finally:
            connection.close()

    def fill(self, rows: Iterable[Sequence[str]], about: Mapping[str, str]) -> int:
        """The rows of the file from its first line on; returns how many there are."""
        self._path.unlink(missing_ok=True)
        with self._open() as connection:
            made = ((n, orjson.dumps(row).decode(), "read") for n, row in enumerate(rows, 1))
            connection.executemany("INSERT INTO rows (number, cells, outcome) VALUES (?,?,?)", made)
            connection.executemany("INSERT INTO about VALUES (?,?)", about.items())
            return int(connection.execute("SELECT count(*) FROM rows").fetchone()[0])

    def about(self) -> dict[str, str]:
        with self._open() as connection:
            return dict(connection.execute("SELECT name, value FROM about"))

    def rows(
        self,
        after: int,
        limit: int,
        outcomes: Sequence[Outcome] = (),
    ) -> list[StagedRow]:
        """Up to `limit` rows behind the one numbered `after`."""
        marks = ",".join("?" * len(outcomes))
        only = f" AND outcome IN ({marks})" if outcomes else ""
        query = f"SELECT number, cells, outcome, problems, key FROM rows WHERE number > ?{only} ORDER BY number LIMIT ?"  # noqa: S608, E501  # marks alone
        with self._open() as connection:
            return [_row(one) for one in connection.execute(query, (after, *outcomes, limit))]

    def row(self, number: int) -> StagedRow | None:
        found = self.rows(number - 1, 1)
        return found[0] if found and found[0].number == number else None

    def put(self, rows: Iterable[StagedRow]) -> None:
        """Keep rows again, with new cells, outcome or problems."""
        values = [
            (orjson.dumps(r.cells).decode(), r.outcome, _kept(r.problems), r.key, r.number)
            for r in rows
        ]
        statement = "UPDATE rows SET cells=?, outcome=?, problems=?, key=? WHERE number=?"
        with self._open() as connection:
            connection.executemany(statement, values)

    def forget(self, after: int) -> None:
        """Every row behind the head is to be looked at again."""
        with self._open() as connection:
            statement = "UPDATE rows SET outcome='read', problems='{}', key='' WHERE number > ?"
            connection.execute(statement, (after,))

    def counts(self, after: int) -> dict[Outcome, int]:
        query = "SELECT outcome, count(*) FROM rows WHERE number > ? GROUP BY outcome"
        with self._open() as connection:
            return {Outcome(o): n for o, n in connection.execute(query, (after,))}

    def twins(self) -> list[tuple[int, int]]:
        """(row, the earlier row with the same key)."""
        query = (
            "SELECT number, first FROM rows JOIN "
            "(SELECT key, min(number) AS first FROM rows WHERE key <> '' GROUP BY key "
            "HAVING count(*) > 1) AS twin USING (key) WHERE number > first"
        )
        with self._open() as connection:
            return list(connection.execute(query))

    def first_with(self, key: str) -> int | None:
        query = "SELECT min(number) FROM rows WHERE key = ? AND key <> ''"
        with self._open() as connection:
            found: int | None = connection.execute(query, (key,)).fetchone()[0]
            return found


def _row(row: tuple[int, str, str, str, str]) -> StagedRow:
    number, cells, outcome, problems, key = row
    told = {name: T(*both) for name, both in orjson.loads(problems).items()}
    return StagedRow(number, orjson.loads(cells), Outcome(outcome), told, key)


def _kept(problems: Problems) -> str:
    return orjson.dumps({name: [t.zh, t.en] for name, t in problems.items()}).decode()
