"""All tables of the hub: what opens the whole database must know every one of them."""

from importlib import import_module

from sqlalchemy import MetaData

from hub.kit.db import Database
from hub.kit.tables import Base

MODULES = (  # every module that declares tables; a new one is added here
    "hub.alerts.models",
    "hub.alerts.notices.models",
    "hub.analytics.closing",
    "hub.analytics.cold_chain",
    "hub.analytics.selling.models",
    "hub.analytics.tables",
    "hub.archive.catalogue",
    "hub.archive.stock.items",
    "hub.archive.stock.limits",
    "hub.archive.stock.lots",
    "hub.archive.stock.models",
    "hub.archive.stocktakes.models",
    "hub.archive.transfers.models",
    "hub.ingest.enrolment_tables",
    "hub.ingest.order_tables",
    "hub.ingest.positions",
    "hub.ingest.shard_tables",
    "hub.ingest.tables",
    "hub.kit.comments.models",
    "hub.kit.exchange.columns",
    "hub.kit.files.models",
    "hub.kit.jobs.models",
    "hub.kit.preferences.models",
    "hub.kit.records.log",
    "hub.kit.views.models",
    "hub.maintenance.models",
    "hub.security.approvals.models",
    "hub.security.audit.models",
    "hub.security.models",
    "hub.security.oidc.models",
    "hub.security.privacy.models",
    "hub.security.replays",
    "hub.webhooks.models",
)


def all_tables() -> MetaData:
    """Loads them; a foreign key to a table that nobody loaded has no meaning."""
    for name in MODULES:
        import_module(name)
    return Base.metadata


def database_at(url: str) -> Database:
    """With every table known to it."""
    all_tables()
    return Database(url)
