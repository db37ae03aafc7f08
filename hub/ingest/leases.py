"""Who works on which shard: leases in PostgreSQL that end by themselves when nobody renews them."""

import logging
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from hub.ingest.shards import Lease
from hub.kit.db import Database

log = logging.getLogger(__name__)

SHARDS = 16  # of a new hub: each is some threads of a worker
TTL_S = 10.0
ROUNDS = 3.3  # renewals within the life of a lease
_FIRST = text(
    "INSERT INTO shard_lease (shard, owner, term, until)"
    " SELECT n, NULL, 0, now() FROM generate_series(0, :last) AS n"
    " WHERE NOT EXISTS (SELECT 1 FROM shard_lease) ON CONFLICT DO NOTHING"
)
_COUNT = text("SELECT count(*) FROM shard_lease")
_HERE = text(
    "INSERT INTO ingest_workers (name, until) VALUES (:name, now() + make_interval(secs => :ttl))"
    " ON CONFLICT (name) DO UPDATE SET until = excluded.until"
)
_GONE = text("DELETE FROM ingest_workers WHERE until < now() OR name = :name")
_WORKERS = text("SELECT count(*) FROM ingest_workers WHERE until >= now()")
_RENEW = text(
    "UPDATE shard_lease SET until = now() + make_interval(secs => :ttl)"
    " WHERE owner = :name RETURNING shard, term"
)
_FREE = text(
    "SELECT shard FROM shard_lease WHERE owner IS NULL OR until < now()"
    " ORDER BY shard LIMIT :most FOR UPDATE SKIP LOCKED"
)
_TAKE = text(
    "UPDATE shard_lease SET owner = :name, term = term + 1,"
    " until = now() + make_interval(secs => :ttl) WHERE shard = :shard RETURNING term"
)
_GIVE = text(
    "UPDATE shard_lease SET owner = NULL, until = now()"
    " WHERE shard = :shard AND owner = :name AND term = :term"
)


@dataclass
class Round:
    """What a round of leases came to. `surplus` is to be given up by `give`, once it is at rest."""

    held: dict[int, Lease] = field(default_factory=dict)
    surplus: list[Lease] = field(default_factory=list)


class Leases:
    """Of one worker; `name` is its own alone. All calls come from one thread."""

    def __init__(self, db: Database, name: str, *, shards: int = SHARDS, ttl_s: float = TTL_S):
        self._db, self.name, self.ttl_s = db, name, ttl_s
        with db.system("leases") as connection:
            connection.execute(_FIRST, {"last": shards - 1})
            self.count = int(connection.scalar(_COUNT) or 0)
        self._held: dict[int, Lease] = {}

    @property
    def every_s(self) -> float:
        return self.ttl_s / ROUNDS

    def renew(self) -> Round:
        """Keep what is held, take what is free up to a fair share, tell what is too much."""
        with self._db.system("leases") as connection:
            connection.execute(_HERE, self._own())
            renewed = {row.shard: row.term for row in connection.execute(_RENEW, self._own())}
            workers = connection.scalar(_WORKERS) or 1
            share = -(-self.count // workers)
            held = {
                shard: lease
                for shard, lease in self._held.items()
                if renewed.get(shard) == lease.term
            }
            for lost in self._held.keys() - held.keys():
                log.warning("Shard %d has been taken over by another worker.", lost)
            strange = [shard for shard in renewed if shard not in held]  # of an earlier life
            wanted = share - len(held)
            if wanted > 0:
                held |= self._take(connection, strange, wanted)
        self._held = held
        surplus = sorted(held.values(), key=lambda lease: lease.shard)[share:]
        return Round(dict(held), surplus)

    def give(self, lease: Lease) -> None:
        """Somebody else may have it at once; call it when nothing works on the shard any more."""
        with self._db.system("leases") as connection:
            asked = {"shard": lease.shard, "name": self.name, "term": lease.term}
            connection.execute(_GIVE, asked)
        self._held.pop(lease.shard, None)

    def leave(self) -> None:
        """This worker ends: it wants no share any more."""
        with self._db.system("leases") as connection:
            connection.execute(_GONE, {"name": self.name})

    def _take(self, connection: Connection, strange: list[int], most: int) -> dict[int, Lease]:
        free = [*strange, *connection.scalars(_FREE, {"most": most})][:most]
        taken = {}
        for shard in free:
            term = connection.execute(_TAKE, self._own() | {"shard": shard}).scalar_one()
            taken[shard] = Lease(shard, self.count, self.name, term)
        return taken

    def _own(self) -> dict[str, object]:
        return {"name": self.name, "ttl": self.ttl_s}
