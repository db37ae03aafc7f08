"""Inserts that meet rows which are there already, on SQLite and PostgreSQL alike."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.dml import Insert


def insert_new(connection: Connection, table: Table) -> Insert:
    """Rows that break a unique constraint are skipped."""
    if connection.dialect.name == "postgresql":
        return pg_insert(table).on_conflict_do_nothing()
    return sqlite_insert(table).on_conflict_do_nothing()


def replace_row(connection: Connection, table: Table, values: Sequence[str]) -> Insert:
    """A row of the same primary key gets these values anew."""
    if connection.dialect.name == "postgresql":
        new = pg_insert(table)
        return new.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: new.excluded[name] for name in values},
        )
    row = sqlite_insert(table)
    return row.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: row.excluded[name] for name in values}
    )


def add_to_row(connection: Connection, table: Table, values: Sequence[str]) -> Insert:
    """These values are added to those of a row of the same primary key."""
    if connection.dialect.name == "postgresql":
        new = pg_insert(table)
        return new.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: table.c[name] + new.excluded[name] for name in values},
        )
    row = sqlite_insert(table)
    return row.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: table.c[name] + row.excluded[name] for name in values},
    )
