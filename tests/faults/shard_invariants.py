"""The one invariant on what several workers leave behind in PostgreSQL and a time-series server.

The same as of one hub, with a journal for each shard; the checker takes every lease, as a worker
would, once all of them have stopped.
"""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from hub.ingest.checkpoints import Checkpoints
from hub.ingest.dead_letters import DeadLetters
from hub.ingest.events import Events
from hub.ingest.feed import Feed
from hub.ingest.journal import RowKind
from hub.ingest.leases import Leases
from hub.ingest.registry import Registry
from hub.ingest.shards import LeasedDatabase
from hub.ingest.shared_last import SqlPlace
from hub.ingest.sql_journal import SqlJournal
from hub.kit.db import Database
from hub.live import Live
from hub.timeseries.engines import open_timeseries
from tests.faults.invariants import (
    Produced,
    check_batches,
    check_points,
    check_tickets,
    rows_of,
)
from tests.faults.replay import derived_again, later, replay
from tests.faults.verdict import Verdict


def check_shards(
    url: str, outboxes: Mapping[str, Path], timeseries_url: str, folder: Path
) -> Verdict:
    """All processes but the servers must have stopped. What was derived is made anew."""
    verdict, db = Verdict(), Database(url)
    try:
        everything = Registry(db)
        shards = [
            LeasedDatabase(db, lease) for lease in Leases(db, "checker").renew().held.values()
        ]
        journals = [SqlJournal(shard) for shard in shards]
        said = []
        for shard, journal in zip(shards, journals, strict=True):
            rows = list(rows_of(journal))
            said += [row for row in rows if row.kind != RowKind.CANARY]
            place_of = partial(SqlPlace, shard)
            engine = open_timeseries(timeseries_url, folder, everything.store_of, place_of)
            with closing(engine) as points:
                check_points(verdict, rows, everything, points)
        produced = [Produced.read(node, path) for node, path in outboxes.items()]
        check_batches(verdict, produced, said, everything)
        check_tickets(verdict, produced, db, everything, said)
        _check_replay(verdict, db, shards, folder)
    finally:
        db.close()
    return verdict


def _check_replay(
    verdict: Verdict, db: Database, shards: list[LeasedDatabase], folder: Path
) -> None:
    with derived_again(verdict, db):
        for shard in shards:
            lease = shard.lease
            registry = Registry(shard, lease=lease)
            kept = Checkpoints(folder / f"fresh-{lease.shard}")
            events = Events(shard, Live(), kept, now=later, lease=lease)
            replay(Feed(SqlJournal(shard), registry, DeadLetters(db)), events)
