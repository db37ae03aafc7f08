"""`serve --role web`: pages and duties of a hub whose ingest runs in workers of its own."""

from collections.abc import Mapping
from functools import partial

from sqlalchemy import text

from hub.errors import StartError
from hub.ingest.registry import Registry
from hub.ingest.shared_last import FollowedLast, follow_readings
from hub.kit.db import Database
from hub.kit.rounds import every
from hub.live.shared import SharedLive
from hub.settings import HubSettings, Role
from hub.web.services import Services

LOOK_S = 2.0
_WORKERS = text("SELECT count(*) FROM ingest_workers WHERE until >= now()")
_IDLE = text("SELECT count(*) FROM shard_lease WHERE owner IS NULL OR until < now()")
_ALL = text("SELECT count(*) FROM shard_lease")


class Following:
    """Stands where ingest stands in a hub of one process."""

    def __init__(self, db: Database, registry: Registry, live: SharedLive, last: FollowedLast):
        self._db, self._registry, self._live, self._last = db, registry, live, last

    async def run(self) -> None:
        """Until cancelled."""
        self._live.start()
        self._live.listen(partial(follow_readings, self._live, self._last))
        try:
            await every(LOOK_S, self._registry.follow, "look for new series")
        finally:
            self._live.close()

    def metrics(self) -> Mapping[str, float]:
        """Workers tell the rest themselves."""
        with self._db.system_read("metrics") as connection:
            idle, all_ = connection.scalar(_IDLE), connection.scalar(_ALL)
        return {"shards_rows": float(all_ or 0), "shards_idle_rows": float(idle or 0)}

    def troubles(self) -> dict[str, str]:
        numbers = self.metrics()
        idle, all_ = numbers["shards_idle_rows"], numbers["shards_rows"]
        if all_ and not idle:
            return {}
        return {
            "workers": f"nobody works on {idle:.0f} of {all_:.0f} shards: start "
            "storevitals-hub serve --role ingest, or see its log"
        }


def follow(services: Services) -> Following | None:
    """None in a hub that takes in by itself."""
    live, last = services.live, services.last
    if not isinstance(live, SharedLive) or not isinstance(last, FollowedLast):
        return None
    return Following(services.db, services.registry, live, last)


def demand_fitting(settings: HubSettings, db: Database) -> None:
    """Refuse a role that does not go with the database: readings would be taken in twice."""
    if settings.role is Role.WEB and db.is_sqlite:
        raise StartError(
            "--role web needs PostgreSQL and ingest workers: set HUB_DATABASE_URL to "
            "postgresql+psycopg://…, or run everything in one process with --role all."
        )
    if settings.role is Role.ALL and not db.is_sqlite and _workers(db):
        raise StartError(
            "Ingest workers work on this database: start the web with --role web, or stop them "
            "and wait until their leases have ended."
        )


def _workers(db: Database) -> int:
    with db.system_read("workers") as connection:
        return connection.scalar(_WORKERS) or 0
