"""Tables that are only ever added to: the database itself refuses to change or delete a row."""

from sqlalchemy import DDL, Table, event


def _statements(table: str) -> dict[str, tuple[str, ...]]:
    """The same stand in the migration that makes the table, by dialect."""
    return {
        "sqlite": tuple(
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            for verb in ("update", "delete")
        ),
        "postgresql": (
            f"CREATE FUNCTION refuse_change_of_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is only ever added to'; END $$",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_change_of_{table}()",
        ),
    }


def keep_append_only(table: Table) -> None:
    """The same for a table that `create_all` makes."""
    for dialect, all_of_it in _statements(table.name).items():
        for statement in all_of_it:
            ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl)
