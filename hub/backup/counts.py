"""What a backup counts and a restore must find again: rows by table, the journal, the engine."""

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

from hub.backup.errors import BackupError
from hub.backup.sources import ARCHIVE, JOURNAL, TIMESERIES
from hub.timeseries.embedded.snapshot import HOT

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def count(folder: Path) -> dict[str, int]:
    """Of the copies in a folder laid out as a data directory; nothing may write there."""
    found: dict[str, int] = {}
    for name in (ARCHIVE, JOURNAL):
        if (folder / name).exists():
            found |= {f"{name}:{table}": n for table, n in _rows(folder / name).items()}
    hot = folder / TIMESERIES / HOT
    if hot.exists():
        found |= {f"{TIMESERIES}:{what}": n for what, n in _points(hot).items()}
    return found


def demand_whole_journal(folder: Path) -> None:
    """Everything that the engine has yet to see must still stand in the copied journal."""
    hot, journal = folder / TIMESERIES / HOT, folder / JOURNAL
    if not (hot.exists() and journal.exists()):
        return
    with closing(sqlite3.connect(journal)) as db:
        first = db.execute("SELECT min(seq) FROM entry").fetchone()[0]
    position = _points(hot)["position"]
    if first is not None and first > position + 1:
        raise BackupError(
            "The journal was dropped faster than it could be copied (it is over its size): "
            "run the backup again when the hub has less to do."
        )


def _rows(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as db:
        trouble = db.execute("PRAGMA quick_check").fetchone()[0]
        if trouble != "ok":
            raise BackupError(f"{file}: the database is damaged ({trouble}).")
        tables = [row[0] for row in db.execute(_TABLES)]
        return {table: _scalar(db, f'SELECT count(*) FROM "{table}"') for table in tables}  # noqa: S608


def _scalar(db: sqlite3.Connection, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])


def _points(hot: Path) -> dict[str, int]:
    with duckdb.connect(hot, read_only=True) as db:
        found = {"sealed": "FROM sealed SELECT count(*)", "position": "FROM meta SELECT position"}
        counts = {name: int((db.execute(sql).fetchone() or (0,))[0]) for name, sql in found.items()}
        tables = db.execute(
            "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'segment_')"
        ).fetchall()
        rows = [db.execute(f'FROM "{table}" SELECT count(*)').fetchone() for (table,) in tables]
        return counts | {"hot_points": sum(row[0] for row in rows if row)}
