"""The consumer "events": tickets, footfall, detectors and alerts, committed with its position.

Detector state lives in memory. A checkpoint of it is written every half minute with its journal
position; after a start the journal is taken in again from there. Rows up to the position in SQL
only bring the state up to date, so nothing is told, counted or written twice.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from hub.alerts.announce import announce
from hub.alerts.raising import Raising, Told
from hub.alerts.reconcile import reconcile
from hub.analytics import footfall, tickets
from hub.analytics.footfall import SlotCount
from hub.analytics.tickets import Batch, Document, Place, Sold
from hub.detection.catalog import Catalog
from hub.detection.engine import Engine
from hub.detection.findings import Finding
from hub.detection.planned import Planned
from hub.detection.readings import FRESH_MS, FUTURE_MS, Readings
from hub.detection.slots import SLOT_MS, SLOTS, StreamKey
from hub.detection.snapshot import SnapshotError, dump, load
from hub.detection.standing import standing
from hub.ingest.block import Block, NodeEventKind, TextEvent
from hub.ingest.checkpoints import CheckpointStore
from hub.ingest.plans import Plans
from hub.ingest.positions import load_position, row_name, save_position
from hub.ingest.shards import Lease
from hub.ingest.watch import Watch, load_watch
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.live import Event, EventKind, Live
from hub.timeseries.port import PointQuality
from protocols.pos.ticket import TicketKind

log = logging.getLogger(__name__)

FLUSH_S = 1.0  # roll-ups and position; findings and tickets are committed at once
CHECKPOINT_S = 30.0
TICKETS_AT_ONCE = 100  # a page's write waits for so many at most
RECONCILE_S = 15.0
AGENTS_S = 1.0
WATCH_S = 10.0
BEHIND = timedelta(seconds=30)  # further behind, the hub's clock says nothing about agents
IDLE_S = 2.0
TICKETS = frozenset(("ticket", "quarantined_ticket"))


class Events:
    """All calls come from one thread; what `apply` takes in is durable within a second."""

    name = "events"

    def __init__(
        self,
        db: Database,
        live: Live,
        checkpoints: CheckpointStore,
        now: Callable[[], datetime] = utc_now,
        *,
        lease: Lease | None = None,
    ) -> None:
        """With a `lease` it is about the stores of this shard alone."""
        self._db, self._live, self._now = db, live, now
        self._checkpoints, self._lease = checkpoints, lease
        self._row = row_name(self.name, lease)
        self._watch, self._plans = Watch(Catalog(())), Plans(db, now)
        self._engine = Engine(self._watch.catalog, self._zone_of, self._planned_of)
        self._findings: list[Finding] = []
        self._tickets: list[Batch] = []
        self._received_at = self._started_at = now()
        self._applied = time.monotonic()
        self._flushed = self._saved = 0.0
        self._reconciled = self._agents_seen = self._watched = 0.0
        with db.system_read("events") as connection:
            self._committed = load_position(connection, self._row)
        self._refresh()
        self._taken = self._start = self._kept = self._restore()

    def position(self) -> int:
        """Where the state in memory began: rows from there on bring it up to date."""
        return self._start

    def floor(self) -> int:
        """The older checkpoint, so that the newer one may be lost."""
        positions = self._checkpoints.positions()
        return positions[-1] if positions else 0

    @property
    def engine(self) -> Engine:
        """For tests and numbers; belongs to the consumer's thread."""
        return self._engine

    def apply(self, block: Block) -> None:
        if block.last_seq > self._taken:
            self._take(block)
            self._taken = block.last_seq
        if len(block.received_ms):
            self._received_at = _instant(int(block.received_ms.max()))
        is_due = time.monotonic() - self._flushed >= FLUSH_S
        if self._findings or self._tickets or is_due:
            self.flush()
        self._applied = time.monotonic()

    def tick(self) -> None:
        now = time.monotonic()
        if now - self._flushed >= FLUSH_S and self._taken > self._committed:
            self.flush()
        if now - self._saved >= CHECKPOINT_S and self._taken > self._kept:
            self.save()
        if now - self._watched >= WATCH_S:
            self._refresh()
        if not self._is_current():
            return
        if now - self._agents_seen >= AGENTS_S:
            self._agents_seen = now
            self._tell(self._engine.tick(_ms(self._now()), _ms(self._started_at)))
        if now - self._reconciled >= RECONCILE_S:
            self._reconciled = now
            self._reconcile()

    def save(self) -> None:
        """Write a checkpoint of the state at the committed position."""
        if self._committed == self._taken:
            self._checkpoints.save(self._committed, dump(self._engine))
            self._kept, self._saved = self._committed, time.monotonic()

    def _is_current(self) -> bool:
        """Whether what arrived has been taken in, so that silence means silence.

        After a restart the state is a checkpoint's until the rows since then came again: what it
        does not know of yet may well be so.
        """
        if self._taken < self._committed:
            return False
        is_idle = time.monotonic() - self._applied >= IDLE_S
        return is_idle or self._now() - self._received_at < BEHIND

    # taking in

    def _take(self, block: Block) -> None:
        points = block.points
        if len(points) and not self._watch.catalog.knows(points.series).all():
            self._refresh()
        for node in block.nodes:
            if node.kind in (NodeEventKind.BIRTH, NodeEventKind.DEATH):
                is_alive = node.kind is NodeEventKind.BIRTH
                self._engine.hear(node.agent_id, node.t_ms, is_alive)
        self._take_texts(block.texts)
        if not len(points):
            return
        found = self._engine.apply(self._readings(block), int(block.received_ms.max()))
        if block.last_seq > self._committed:
            self._findings += found

    def _readings(self, block: Block) -> Readings:
        """What the detectors take: counted points of known series, none from the future."""
        points, received_ms = block.points, block.received_ms
        is_taken = points.is_counted & self._watch.catalog.knows(points.series)
        is_taken &= points.t_ms <= received_ms + FUTURE_MS
        is_sure = points.quality != PointQuality.ESTIMATED
        is_fresh = is_sure & (received_ms - points.t_ms <= FRESH_MS)
        readings = Readings(points.series, points.t_ms, points.value, is_fresh)
        return readings if is_taken.all() else readings[is_taken]

    def _take_texts(self, texts: Sequence[TextEvent]) -> None:
        documents = [_document(text) for text in texts if text.metric in TICKETS]
        if not documents:
            return
        with self._db.system_read("tickets") as connection:
            batch = tickets.read(connection, documents, self._watch.clocks, self._now())
        for document, ticket in batch.counted:
            if ticket.kind is TicketKind.SALE:
                place, till = document.place, document.device
                key = StreamKey(place.agent_id, document.store_id, till, True)
                self._engine.count_tickets(key, _ms(ticket.at))
        if batch.rows or batch.refused:
            self._tickets.append(batch)

    # writing

    def flush(self) -> None:
        """Everything so far and the position; then the world may know.

        Of many tickets most are written before, a hundred in a transaction: they come in once
        wherever the hub stops, and whoever else writes is let in between.
        """
        if self._taken <= self._committed and not self._findings:
            self._engine.trade.slots.dirty.clear()
            self._flushed = time.monotonic()
            return
        now = self._now()
        position = max(self._taken, self._committed)
        slots = self._dirty_slots()
        parts = [part for batch in self._tickets for part in batch.parts(TICKETS_AT_ONCE)]
        sold: list[Sold] = []
        for part in parts[:-1]:
            with self._db.system("tickets") as connection:
                sold += tickets.write(connection, part, self._watch.clocks)
        with self._db.system("events") as connection:
            for part in parts[-1:]:
                sold += tickets.write(connection, part, self._watch.clocks)
            footfall.write(connection, slots)
            told = Raising(connection, self._watch.chains).post(self._findings, now)
            save_position(connection, self._row, position, now)
        self._committed = position
        self._findings, self._tickets = [], []
        self._engine.trade.slots.dirty.clear()
        self._flushed = time.monotonic()
        self._publish(told, sold, slots)

    def _tell(self, findings: list[Finding]) -> None:
        """Findings of the clock, not of the journal."""
        if findings:
            self._findings += findings
            self.flush()

    def _reconcile(self) -> None:
        if self._taken > self._committed or self._findings:
            return
        with self._db.system("reconcile alerts") as connection:
            chains = self._watch.chains
            told = reconcile(connection, standing(self._engine), chains, self._now())
        announce(self._live, told)

    def _dirty_slots(self) -> list[SlotCount]:
        """Slots of doors that changed, as they are now."""
        slots, clocks = self._engine.trade.slots, self._watch.clocks
        found = []
        for stream, slot in slots.dirty:
            key = slots.keys[stream]
            clock = clocks.get(key.store_id)
            if key.is_till or clock is None or slot <= slots.newest[stream] - SLOTS:
                continue
            cell = slot % SLOTS
            entries, exits = (int(count) for count in slots.count[stream, :, cell])
            share = float(slots.share(stream, np.array([cell]))[0])
            start_at = _instant(slot * SLOT_MS)
            found.append(
                SlotCount(clock.chain_id, key.store_id, key.device, start_at, entries, exits, share)
            )
        return found

    def _publish(
        self, told: Sequence[Told], sold: Sequence[Sold], slots: Sequence[SlotCount]
    ) -> None:
        announce(self._live, told)
        recent = self._now() - timedelta(milliseconds=FRESH_MS)
        for sale in sold:
            if sale.newest_at >= recent:
                data = {
                    "tickets": sale.tickets,
                    "revenue_cents": sale.revenue_cents,
                    "currency": sale.currency,
                    "at": sale.newest_at.isoformat(),
                }
                self._live.publish(Event(EventKind.SALE, sale.store_id, data))
        newest: dict[UUID, datetime] = {}
        for slot in slots:
            newest[slot.store_id] = max(slot.start_at, newest.get(slot.store_id, slot.start_at))
        for store_id, start_at in newest.items():
            if start_at >= recent - timedelta(milliseconds=SLOT_MS):
                data = {"slot": start_at.isoformat()}
                self._live.publish(Event(EventKind.FOOTFALL, store_id, data))

    # state

    def _restore(self) -> int:
        """Load the newest usable checkpoint; its position, or 0 to begin with the journal."""
        for position in self._checkpoints.positions():
            if position > self._committed:
                self._checkpoints.drop(position)  # of a database that was since restored
        for position, data in self._checkpoints.newest_first(self._committed):
            try:
                load(self._engine, data)
            except (SnapshotError, ValueError, KeyError) as error:
                log.warning("Checkpoint %d cannot be used: %s", position, error)
                self._checkpoints.drop(position)
            else:
                return position
        return 0

    def _refresh(self) -> None:
        self._watched = time.monotonic()
        with self._db.system_read("watch") as connection:
            watch = load_watch(connection, self._watch, self._lease)
        if watch is not self._watch:
            self._watch = watch
            self._engine.use(watch.catalog)

    def _zone_of(self, store_id: UUID) -> ZoneInfo:
        return self._watch.zone_of(store_id)

    def _planned_of(self, store_id: UUID) -> Sequence[Planned]:
        chain_id = self._watch.chains.get(store_id)
        return self._plans.of(chain_id, store_id) if chain_id else ()


def _document(text: TextEvent) -> Document:
    place = Place(text.agent_id, text.epoch, text.batch_id, text.index)
    is_quarantined = text.metric != "ticket"
    return Document(place, text.store_id, text.device, is_quarantined, text.text)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
