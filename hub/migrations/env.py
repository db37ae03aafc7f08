"""What Alembic runs: every table of the hub against the connection that `hub.kit.migrate` gives."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Column, Enum

from hub.kit.records.id_list import IdList
from hub.kit.records.labels import LabelList
from hub.kit.records.sealed import SecretText
from hub.kit.tables import UtcDateTime
from hub.tables import all_tables


def _render(kind: str, item: object, _context: AutogenContext) -> Any:
    """Migrations know no types of ours, so they still run when ours have changed."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, LabelList | IdList | SecretText):
        return "sa.Text()"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String({item.length})"
    return False


def _compare_default(
    _context: object, _there: object, column: Column[Any], *_: object
) -> bool | None:
    """SQLite drops no default without copying the table, so that of a new column stays behind."""
    return False if column.name == "search_words" else None


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    render_item=_render,
    render_as_batch=True,
    compare_server_default=_compare_default,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
