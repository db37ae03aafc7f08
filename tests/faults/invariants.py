"""The one invariant, checked on the files that hub and agents leave behind (reliability.md).

produced = stored ∪ outbox ∪ announced gaps, no key twice, values equal, and tickets and alerts are
what a replay of the hub's journal gives in a fresh hub. The outboxes are the truth: they keep what
was acknowledged for 72 h, so every reading that was ever produced can be looked up.
"""

import argparse
import json
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import select

from agent.outbox_rows import Epoch, OutboxReader, StoredBatch, read_channels, read_epochs
from hub.analytics.tables import QuarantinedTicketRow, TicketRow
from hub.ingest.checkpoints import Checkpoints
from hub.ingest.dead_letters import DeadLetters
from hub.ingest.decode import decode
from hub.ingest.events import Events
from hub.ingest.feed import Feed
from hub.ingest.journal import Journal, JournalBase, RowKind, unsigned
from hub.ingest.journal import Row as JournalRow
from hub.ingest.registry import Registry
from hub.kit.db import Database
from hub.live import Live
from hub.timeseries.arrays import ordered
from hub.timeseries.engines import open_timeseries
from hub.timeseries.port import PointQuality, Points, TimeSeries
from protocols.reading import Quality
from protocols.sparkplug import codec
from protocols.sparkplug.sparkplug_b_pb2 import Payload
from tests.faults.replay import derived_again, later, replay
from tests.faults.verdict import SHOWN, Verdict

Key = tuple[str, int, int]  # node, epoch, batch id
Value = tuple[int, int, codec.Value, Quality]  # alias, time, value, quality
_DATA = (RowKind.NODE_DATA, RowKind.DEVICE_DATA)
_END_MS = 1 << 41


@dataclass(frozen=True, slots=True)
class Produced:
    """All that one agent ever stored. `missing` are ids whose rows the size bound took."""

    node: str
    epochs: Sequence[Epoch]
    batches: Mapping[tuple[int, int], StoredBatch]
    names: Mapping[int, tuple[str, str]]

    @classmethod
    def read(cls, node: str, outbox: Path) -> "Produced":
        with closing(sqlite3.connect(outbox)) as db:
            names = {c.alias: key for key, c in read_channels(db, outbox).items()}
            epochs = read_epochs(db, outbox)
        reader = OutboxReader(outbox)
        try:
            batches = {
                (batch.epoch, batch.id): batch
                for epoch in epochs
                for batch in reader.read(epoch, 0, epoch.next_id)
            }
        finally:
            reader.close()
        return cls(node, epochs, batches, names)


def check(hub_dir: Path, outboxes: Mapping[str, Path], timeseries_url: str = "duckdb:") -> Verdict:
    """Everything must be stopped but a remote engine. Works on a copy of the hub's folder."""
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "hub"
        shutil.copytree(hub_dir, copy)
        db = Database(f"sqlite:///{copy / 'hub.sqlite'}")
        journal = Journal(copy / "journal.sqlite")
        try:
            produced = [Produced.read(node, path) for node, path in outboxes.items()]
            registry = Registry(db)
            rows = list(rows_of(journal))
            said = [row for row in rows if row.kind != RowKind.CANARY]
            check_batches(verdict, produced, said, registry)
            with closing(open_timeseries(timeseries_url, copy, registry.store_of)) as points:
                check_points(verdict, rows, registry, points)
            check_tickets(verdict, produced, db, registry, said)
            check_replay(verdict, db, journal, Path(folder) / "fresh")
        finally:
            journal.close()
            db.close()
    return verdict


def rows_of(journal: JournalBase) -> Iterator[JournalRow]:
    after = 0
    while rows := journal.read(after):
        yield from rows
        after = rows[-1].seq


# produced = stored ∪ outbox ∪ gaps, no key twice, values equal


def check_batches(
    verdict: Verdict, produced: Sequence[Produced], rows: Sequence[JournalRow], registry: Registry
) -> None:
    stored: dict[Key, bytes] = {}
    gaps: set[Key] = set()
    for row in rows:
        node = registry.node_of(row.agent_id).node
        if row.kind in _DATA:
            key = (node, unsigned(row.epoch), row.batch_id)
            if key in stored:
                verdict.doubled += len(codec.parse(row.payload).metrics)
                verdict.fault(f"batch {key} stands twice in the journal")
            stored[key] = row.payload
        elif row.kind == RowKind.GAP:
            gap = json.loads(row.payload)
            epoch = int(gap["epoch"], 16)
            gaps |= {(node, epoch, number) for number in range(gap["first"], gap["last"] + 1)}
    both = gaps & stored.keys()
    if both:
        verdict.fault(f"announced as gaps and stored: {sorted(both)[:SHOWN]}")
    for agent in produced:
        _check_agent(verdict, agent, stored, gaps)
        _check_people(verdict, agent)
    made = {
        (agent.node, epoch.number, number)
        for agent in produced
        for epoch in agent.epochs
        for number in range(1, epoch.next_id)
    }
    if strange := (stored.keys() | gaps) - made:
        verdict.fault(f"stored but never produced: {sorted(strange)[:SHOWN]}")


def _check_agent(
    verdict: Verdict, agent: Produced, stored: Mapping[Key, bytes], gaps: set[Key]
) -> None:
    seen: Counter[tuple[int, int]] = Counter()
    for epoch in agent.epochs:
        for number in range(1, epoch.next_id):
            key = (agent.node, epoch.number, number)
            batch = agent.batches.get((epoch.number, number))
            values = _values(Payload.FromString(batch.metrics)) if batch else None
            _check_batch(verdict, key, values, stored.get(key), key in gaps)
            if values is not None:
                seen.update((alias, time_ms) for alias, time_ms, _, _ in values)
                _place(verdict, key, len(values), stored, gaps, is_acked=number <= epoch.acked)
    if again := [key for key, count in seen.items() if count > 1]:
        verdict.fault(f"{agent.node} gave {len(again)} stamps twice: {again[:SHOWN]}")


def _check_batch(
    verdict: Verdict, key: Key, values: list[Value] | None, payload: bytes | None, in_gap: bool
) -> None:
    """`values` None: the size bound took the row."""
    verdict.batches += 1
    verdict.in_gaps += in_gap
    if values is None:
        if payload is None and not in_gap:
            verdict.fault(f"batch {key} is gone from the outbox and in no gap")
    elif payload is not None and _values(codec.parse(payload)) != values:
        verdict.fault(f"batch {key} was stored with other values")


def _place(
    verdict: Verdict,
    key: Key,
    readings: int,
    stored: Mapping[Key, bytes],
    gaps: set[Key],
    *,
    is_acked: bool,
) -> None:
    """Where the readings of a batch that its outbox still holds are."""
    verdict.readings += readings
    if key in stored or key in gaps:
        return
    if is_acked:
        verdict.lost += readings
        verdict.fault(f"batch {key} was acknowledged and is nowhere: {readings} lost")
    else:
        verdict.in_outbox += readings


def _values(payload: Payload) -> list[Value]:
    return [
        (metric.alias, metric.timestamp, codec.value_of(metric), codec.quality_of(metric))
        for metric in payload.metrics
    ]


def _check_people(verdict: Verdict, agent: Produced) -> None:
    """What a door counted interval by interval is what its running total went up by."""
    order = [(e.number, number) for e in agent.epochs for number in range(1, e.next_id)]
    if not set(order) <= agent.batches.keys():
        return  # the size bound took some
    doors: dict[str, list[float]] = {}
    people: Counter[str] = Counter()
    for key in order:
        for alias, _, value, _ in _values(Payload.FromString(agent.batches[key].metrics)):
            device, metric = agent.names[alias]
            if metric == "in_count" and isinstance(value, float):
                people[device] += int(value)
            elif metric == "in_total" and isinstance(value, float):
                doors.setdefault(device, []).append(value)
    for device, totals in doors.items():
        passed = int(totals[-1] - totals[0])
        verdict.lost += max(0, passed - people[device])
        verdict.doubled += max(0, people[device] - passed)
        if passed != people[device]:
            verdict.fault(f"{agent.node}/{device} counted {people[device]} people of {passed}")


# the time series hold the journal, point for point


def check_points(
    verdict: Verdict, rows: Sequence[JournalRow], registry: Registry, timeseries: TimeSeries
) -> None:
    block, refusals = decode(rows, registry)
    for refusal in refusals:
        verdict.fault(f"journal row {refusal.row.seq} is not decoded: {refusal.error}")
    expected = ordered(block.points)
    found = timeseries.read(np.unique(expected.series).tolist(), 0, _END_MS)
    if rows and timeseries.position() != rows[-1].seq:
        verdict.fault(f"the series are at row {timeseries.position()} of {rows[-1].seq}")
    verdict.points += len(found)
    verdict.compare("points", _points(found), _points(expected))


def _points(points: Points) -> Counter[tuple[int, int, float, int]]:
    is_used = np.isin(points.quality, (PointQuality.BAD, PointQuality.STALE), invert=True)
    value = np.where(is_used, points.value, 0.0)
    columns = (points.series, points.t_ms, value, points.quality)
    return Counter(zip(*(column.tolist() for column in columns), strict=True))


# tickets and alerts


def check_tickets(
    verdict: Verdict,
    produced: Sequence[Produced],
    db: Database,
    registry: Registry,
    rows: Sequence[JournalRow],
) -> None:
    """Every ticket document of a stored batch is one row, whatever became of the hub."""
    node_of = {registry.node_of(row.agent_id).agent_id: row for row in rows}
    names = {agent: registry.node_of(row.agent_id).node for agent, row in node_of.items()}
    stored = {
        (registry.node_of(row.agent_id).node, unsigned(row.epoch), row.batch_id)
        for row in rows
        if row.kind in _DATA
    }
    expected = Counter(
        (agent.node, epoch, number, place)
        for agent in produced
        for (epoch, number), batch in agent.batches.items()
        if (agent.node, epoch, number) in stored
        for place, metric in enumerate(Payload.FromString(batch.metrics).metrics)
        if agent.names[metric.alias][1] in ("ticket", "quarantined_ticket")
    )
    found: Counter[tuple[str, int, int, int]] = Counter()
    with db.system_read("invariants") as connection:
        for table in (TicketRow, QuarantinedTicketRow):
            found.update(
                (names.get(row.agent_id, str(row.agent_id)), unsigned(row.epoch), *row[2:])
                for row in connection.execute(
                    select(table.agent_id, table.epoch, table.batch_id, table.item)
                )
            )
    verdict.tickets = expected.total()
    verdict.compare("tickets", found, expected)


def check_replay(verdict: Verdict, db: Database, journal: Journal, folder: Path) -> None:
    """Alerts, tickets and roll-ups equal those of a fresh hub that reads the journal in order."""
    with derived_again(verdict, db):
        events = Events(db, Live(), Checkpoints(folder), now=later)
        replay(Feed(journal, Registry(db), DeadLetters(db)), events)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: the invariant holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("hub", type=Path, help="data folder of a hub that does not run")
    parser.add_argument("outboxes", nargs="+", metavar="NODE=FILE", help="outbox of each agent")
    given = parser.parse_args(arguments)
    outboxes = dict(word.split("=", 1) for word in given.outboxes)
    verdict = check(given.hub, {node: Path(file) for node, file in outboxes.items()})
    sys.stdout.write("\n".join([verdict.line(), *verdict.faults]) + "\n")
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
