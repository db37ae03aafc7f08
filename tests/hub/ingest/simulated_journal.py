"""A journal filled by the simulated store: blocks as the feed gives them, cut anywhere."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import insert

from agent.simulator.history import history
from agent.simulator.model import StoreModel
from hub.archive.equipment.records import Equipment
from hub.ingest.block import Block, NodeEvent, NodeEventKind, TextEvent
from hub.ingest.tables import SeriesRow
from hub.kit.records.apply import Change, apply
from hub.timeseries.port import Points
from protocols.reading import Reading
from tests.hub.chain_under_test import ChainUnderTest
from tests.hub.simulated_store import EQUIPMENT, TUESDAY_11H, ZONE

AGENT = UUID(int=2)


@dataclass(frozen=True)
class Row:
    """One message: the readings of a minute, or something about the node."""

    readings: tuple[Reading, ...]
    received_at: datetime
    node: NodeEventKind | None = None


@dataclass
class JournalUnderTest:
    """Rows 1, 2, …; `blocks` cuts them where it is told."""

    chain: ChainUnderTest
    model: StoreModel
    numbers: dict[tuple[str, str], int]
    rows: list[Row] = field(default_factory=list)

    @property
    def store_id(self) -> UUID:
        return self.chain.stores[0].id

    def live(self, time: timedelta, delay: timedelta = timedelta(milliseconds=400)) -> None:
        """The store goes on; each minute is received a moment later."""
        for minute in history(self.model, self.model.now + time):
            self.rows.append(Row(tuple(minute), minute[-1].time + delay))

    def backlog(self, time: timedelta, later: timedelta = timedelta()) -> None:
        """The store goes on unheard; all of it arrives at the end or later, oldest first."""
        minutes = list(history(self.model, self.model.now + time))
        self.rows += [Row(tuple(minute), self.model.now + later) for minute in minutes]

    def say(self, kind: NodeEventKind, at: datetime) -> None:
        self.rows.append(Row((), at, kind))

    def blocks(self, sizes: Iterator[int], after: int = 0) -> Iterator[Block]:
        """Blocks of so many rows each, from the row after `after` on."""
        while after < len(self.rows):
            last = min(after + next(sizes), len(self.rows))
            yield self.block(after, last)
            after = last

    def block(self, after: int, last: int) -> Block:
        columns: list[tuple[int, int, float, int]] = []
        texts: list[TextEvent] = []
        nodes: list[NodeEvent] = []
        for seq in range(after + 1, last + 1):
            row = self.rows[seq - 1]
            received_ms = int(row.received_at.timestamp() * 1000)
            if row.node is not None:
                nodes.append(NodeEvent(seq, AGENT, self.store_id, row.node, received_ms, ""))
            for index, reading in enumerate(row.readings):
                t_ms = int(reading.time.timestamp() * 1000)
                if isinstance(reading.value, str):
                    texts.append(self._text(seq, index, reading, t_ms))
                elif reading.value is not None:
                    number = self.numbers[reading.device, reading.metric]
                    columns.append((number, t_ms, reading.value, received_ms))
        series, t_ms_all, values, received = zip(*columns, strict=True) if columns else ([],) * 4
        points = Points.of(series, t_ms_all, values)
        return Block(
            after + 1,
            last,
            points,
            np.zeros(len(points), np.bool_),
            np.array(received, np.int64),
            tuple(texts),
            tuple(nodes),
        )

    def _text(self, seq: int, index: int, reading: Reading, t_ms: int) -> TextEvent:
        assert isinstance(reading.value, str)
        device, metric = reading.device, reading.metric
        place = (seq, AGENT, 99, seq, index, self.store_id)
        return TextEvent(*place, device, metric, t_ms, reading.value, False)


def journal_under_test(
    chain: ChainUnderTest, days: float, end: datetime = TUESDAY_11H
) -> JournalUnderTest:
    """A store `days` before `end`, known to the registry and the archive; no row yet."""
    model = StoreModel(1, ZONE, end - timedelta(days=days))
    probe = copy.deepcopy(model)
    found = (r for minute in history(probe, probe.now + timedelta(minutes=2)) for r in minute)
    names = sorted({(r.device, r.metric) for r in found if not isinstance(r.value, str)})
    numbers = {name: number for number, name in enumerate(names, 1)}
    store_id = chain.stores[0].id
    with chain.db.system("test") as connection:
        connection.execute(
            insert(SeriesRow),
            [
                {
                    "id": number,
                    "chain_id": chain.id,
                    "store_id": store_id,
                    "agent_id": AGENT,
                    "device": device,
                    "metric": metric,
                }
                for (device, metric), number in numbers.items()
            ],
        )
    _register(chain, store_id)
    return JournalUnderTest(chain, model, numbers)


def _register(chain: ChainUnderTest, store_id: UUID) -> None:
    """The archive's rows of the cold equipment, with their setpoints."""
    with chain.write() as session:
        cabinet = session.get_one(Equipment, chain.stores[0].cabinet)
        setpoint = {"setpoint_c": 4.0}
        apply(
            session,
            Equipment,
            Change(record_id=cabinet.id, version=cabinet.version, values=setpoint),
        )
        for number, (device, (kind, degrees)) in enumerate(EQUIPMENT.items()):
            if device == "cabinet-1":
                continue
            values = {
                "store_id": store_id,
                "code": f"COLD-{number}",
                "name": device,
                "type": kind,
                "device_id": device,
                "setpoint_c": degrees,
            }
            apply(session, Equipment, Change(values=values))


def totals(readings: Sequence[Reading]) -> dict[str, float]:
    """The sum of each metric that counts."""
    sums: dict[str, float] = {}
    for reading in readings:
        if reading.metric in ("in_count", "out_count") and isinstance(reading.value, float):
            sums[reading.metric] = sums.get(reading.metric, 0) + reading.value
    return sums
