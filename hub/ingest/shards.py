"""Shards: parts of the stores that are worked on by one ingest worker at a time.

A shard has a journal, detectors and positions of its own. Whoever works on it holds its lease, and
every transaction in its name begins by looking at the lease: a worker that was paused past its end
writes nothing any more (docs/decisions/shards.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from hub.errors import BusyError, T
from hub.kit.db import Database
from hub.kit.gate import Gate

_LOOK = text(
    "SELECT 1 FROM shard_lease WHERE shard = :shard AND owner = :owner AND term = :term"
    " FOR KEY SHARE"
)
_LOST = T(
    "分片 {shard} 已由别的采集进程接管，本次写入被拒绝。",
    "Shard {shard} has been taken over by another ingest worker; this write is refused.",
)


class LeaseLostError(BusyError):
    """The shard is another worker's; nothing was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of `owner` to shard `shard` of `count`, of this term alone."""

    shard: int
    count: int
    owner: str
    term: int

    def has(self, store_id: UUID) -> bool:
        return shard_of(store_id, self.count) == self.shard


def shard_of(store_id: UUID, count: int) -> int:
    """Of the random half of the id: it never changes, and shards are of one size."""
    return int.from_bytes(store_id.bytes[8:]) % count


class LeasedDatabase(Database):
    """A database whose `system` transactions hold only as long as the lease does.

    The look at the lease keeps it from being taken until the transaction ends. `refused` counts
    what came too late.
    """

    def __init__(self, db: Database, lease: Lease) -> None:
        self.url, self.ports, self.engines = db.url, db.ports, db.engines
        self._gate = Gate()
        self.lease = lease
        self.refused = 0

    @contextmanager
    def system(self, reason: str) -> Iterator[Connection]:
        lease = self.lease
        with super().system(reason) as connection:
            asked = {"shard": lease.shard, "owner": lease.owner, "term": lease.term}
            if connection.execute(_LOOK, asked).first() is None:
                self.refused += 1
                raise LeaseLostError(_LOST.format(shard=lease.shard))
            yield connection
