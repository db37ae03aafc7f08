"""Tables that are only ever added to: the database itself refuses to change or delete a row.

With `opened_by`, a table of `seq` and `seal`, a row may be changed while its entry there is not
sealed yet: the one way to take a person's words out of the audit (hub.security.audit.redaction).
"""

from sqlalchemy import DDL, Table, event


def append_only_statements(table: str, opened_by: str = "") -> dict[str, tuple[str, ...]]:
    """The same stand in the migration that makes the table, by dialect."""
    is_open = f"SELECT 1 FROM {opened_by} r WHERE r.seq = OLD.seq AND r.seal IS NULL"  # noqa: S608 names of tables of ours
    unless = f"WHEN NOT EXISTS ({is_open}) " if opened_by else ""
    opened = (
        f"IF TG_OP = 'UPDATE' THEN IF EXISTS ({is_open}) THEN RETURN NEW; END IF; END IF; "
        if opened_by
        else ""
    )
    return {
        "sqlite": tuple(
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"{unless if verb == 'update' else ''}"
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            for verb in ("update", "delete")
        ),
        "postgresql": (
            f"CREATE OR REPLACE FUNCTION refuse_change_of_{table}() RETURNS trigger "
            f"LANGUAGE plpgsql AS "
            f"$$ BEGIN {opened}RAISE EXCEPTION '{table} is only ever added to'; END $$",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_change_of_{table}()",
        ),
    }


def keep_append_only(table: Table, opened_by: str = "") -> None:
    """The same for a table that `create_all` makes."""
    for dialect, all_of_it in append_only_statements(table.name, opened_by).items():
        for statement in all_of_it:
            ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl)
