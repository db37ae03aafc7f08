"""What Alembic runs: every table of the hub against the connection that `hub.kit.migrate` gives."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Column, Enum

import hub.alerts.models
import hub.alerts.notices.models
import hub.analytics.closing
import hub.analytics.cold_chain
import hub.analytics.tables
import hub.archive.catalogue
import hub.archive.stock.items
import hub.archive.stock.limits
import hub.archive.stock.models
import hub.archive.stocktakes.models
import hub.archive.transfers.models
import hub.ingest.enrolment_tables
import hub.ingest.order_tables
import hub.ingest.positions
import hub.ingest.shard_tables
import hub.ingest.tables
import hub.kit.comments.models
import hub.kit.exchange.columns
import hub.kit.files.models
import hub.kit.jobs.models
import hub.kit.preferences.models
import hub.kit.records.log
import hub.kit.views.models
import hub.maintenance.models
import hub.security.approvals.models
import hub.security.audit.models
import hub.security.models
import hub.security.oidc.models
import hub.security.privacy.models
import hub.security.replays
import hub.webhooks.models
from hub.kit.records.id_list import IdList
from hub.kit.records.labels import LabelList
from hub.kit.records.sealed import SecretText
from hub.kit.tables import Base, UtcDateTime

MODULES = (  # every module that declares tables; a new one is added here and imported above
    hub.alerts.models,
    hub.alerts.notices.models,
    hub.analytics.closing,
    hub.analytics.cold_chain,
    hub.analytics.tables,
    hub.archive.catalogue,
    hub.archive.stock.items,
    hub.archive.stock.limits,
    hub.archive.stock.models,
    hub.archive.stocktakes.models,
    hub.archive.transfers.models,
    hub.ingest.enrolment_tables,
    hub.ingest.order_tables,
    hub.ingest.positions,
    hub.ingest.shard_tables,
    hub.ingest.tables,
    hub.kit.comments.models,
    hub.kit.preferences.models,
    hub.kit.exchange.columns,
    hub.kit.files.models,
    hub.kit.jobs.models,
    hub.kit.records.log,
    hub.maintenance.models,
    hub.kit.views.models,
    hub.security.approvals.models,
    hub.security.audit.models,
    hub.security.models,
    hub.security.oidc.models,
    hub.security.privacy.models,
    hub.security.replays,
    hub.webhooks.models,
)


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
    target_metadata=Base.metadata,
    render_item=_render,
    render_as_batch=True,
    compare_server_default=_compare_default,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
