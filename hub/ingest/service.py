"""Ingest as one service: broker → journal → acknowledgement → consumers, each in its thread."""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from hub.errors import BusyError
from hub.ingest.acks import Acks
from hub.ingest.block import Consumer
from hub.ingest.canary import Canary
from hub.ingest.dead_letters import Cause, DeadLetters
from hub.ingest.ears import Ears
from hub.ingest.feed import Feed
from hub.ingest.follower import Follower
from hub.ingest.inbox import Inbox
from hub.ingest.intake import COUNTED, Intake
from hub.ingest.journal import JournalBase, JournalError
from hub.ingest.node import Node
from hub.ingest.positions import load_position, row_name
from hub.ingest.registry import Registry
from hub.ingest.shards import Lease
from hub.ingest.subscriber import Subscriber
from hub.kit.db import Database
from hub.live import Event, EventKind, Live
from protocols.mqtt.options import MqttOptions

log = logging.getLogger(__name__)

SERIES_PACE_S = 0.2  # between two writes to the time-series engine
KEPT_S = 24 * 3600  # rows stay for a day at least, for an engine that must be rebuilt
MOST_JOURNAL_BYTES = 4 << 30  # beyond it, rows that all have taken in go sooner
HOUSEKEEPING_S = 2.0
IDLE_S = 0.05
RETRY_S = 1.0
STOP_S = 5.0
WRITE_ERRORS = (sqlite3.Error, SQLAlchemyError, JournalError, BusyError)


class Ingest:
    """Build it with what it serves, then `run` it as a task until it is cancelled."""

    def __init__(
        self,
        options: MqttOptions,
        journal: JournalBase,
        db: Database,
        registry: Registry,
        *,
        consumers: Sequence[Consumer],
        live: Live,
        kept_s: float = KEPT_S,
        lease: Lease | None = None,
    ) -> None:
        """With a `lease` it hears the nodes of this shard alone; the first one is the host."""
        self.registry, self._live = registry, live
        self._kept_s = kept_s
        self.journal = journal
        self.journal.start_after(_furthest(db, consumers, lease))
        self.letters = DeadLetters(db)
        self._ears = Ears(registry, lease)
        self._inbox = Inbox(self._ears.linger_s)
        self._subscriber = Subscriber(
            options, self._inbox, self._ears.filters(), is_host=self._ears.is_host
        )
        self._acks = Acks(self._subscriber.send)
        self._canary = Canary(self._subscriber.send, self._passed, self._ears.canary)
        self._intake = Intake(
            registry, self.journal, self.letters, self._acks, self._tell_state, self._canary
        )
        self.feed = Feed(self.journal, registry, self.letters)
        self._followers = [
            Follower(c, self.feed, self.letters, SERIES_PACE_S if c.name == "series" else 0.0)
            for c in consumers
        ]
        self._dropped_at = 0.0
        self._stop = threading.Event()
        self._released: list[UUID] = []
        self._trouble = ""

    async def run(self) -> None:
        """Raises when a thread ends by a bug: the process must end then."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._subscriber.run(), name="subscriber")
            tasks.create_task(self._canary.run(), name="canary")
            tasks.create_task(_in_thread("journal", self._keep_journal, self._halt))
            tasks.create_task(_in_thread("keeper", self._keep_house, self._halt))
            for follower in self._followers:
                name = f"consumer-{follower.consumer.name}"
                tasks.create_task(_in_thread(name, follower.run, follower.stop))

    def send(self, topic: str, payload: bytes) -> bool:
        """A command, from any thread; False when the broker is away."""
        return self._subscriber.send(topic, payload)

    def release(self, agent_id: UUID) -> None:
        """Take an edge node out of quarantine; what it says next is believed."""
        self._released.append(agent_id)

    def metrics(self) -> dict[str, float]:
        """Numbers for /metrics; counters but for `*_rows`, `*_messages_waiting`, `connected`."""
        numbers: dict[str, float] = {
            "connected": float(self._subscriber.is_connected),
            "journal_last_row": float(self.feed.last_seq),
            "inbox_messages_waiting": float(len(self._inbox)),
            "inbox_messages_dropped": float(self._inbox.dropped),
            "acks_sent": float(self._acks.sent),
            "rebirths_asked": float(self._acks.rebirths),
        }
        numbers |= {f"intake_{name}": float(self._intake.counts[name]) for name in COUNTED}
        numbers |= {f"dead_letters_{cause}": float(self.letters.counts[cause]) for cause in Cause}
        numbers |= {f"lag_{f.consumer.name}_rows": float(f.lag) for f in self._followers}
        numbers["journal_bytes"] = float(self.journal.size_bytes())
        return numbers | self._canary.metrics()

    def troubles(self) -> dict[str, str]:
        """What each part that does not move waits for; empty when all is well."""
        found = {f.consumer.name: f.trouble for f in self._followers if f.trouble}
        found |= {"journal": self._trouble} if self._trouble else {}
        return found | ({"canary": self._canary.trouble} if self._canary.trouble else {})

    def _passed(self) -> int:
        """The row that every consumer has taken in."""
        return min((follower.at for follower in self._followers), default=0)

    def _halt(self) -> None:
        self._stop.set()
        self._inbox.close()

    def _keep_journal(self) -> None:
        while not self._stop.is_set():
            try:
                self._intake.recover()
                self._take_in()
            except WRITE_ERRORS as error:
                self._note_trouble(f"{self.journal.place}: {error}")
                self._stop.wait(RETRY_S)
            else:
                self._note_trouble("")
                self.feed.committed(self.journal.last_seq)

    def _take_in(self) -> None:
        for arrival in self._inbox.take(IDLE_S):
            self._intake.take(arrival)
        while self._released:
            self._intake.release(self._released.pop())
        self._intake.commit()
        self._drop_old()

    def _drop_old(self) -> None:
        """A little at a time, so that no commit waits for it."""
        if time.monotonic() - self._dropped_at < self.journal.drop_every_s:
            return
        self._dropped_at = time.monotonic()
        now_ms = time.time_ns() // 1_000_000
        is_full = self.journal.size_bytes() > MOST_JOURNAL_BYTES
        before_ms = now_ms if is_full else now_ms - int(self._kept_s * 1000)
        floor = min((f.consumer.floor() for f in self._followers), default=0)
        self.journal.drop(floor, before_ms)

    def _keep_house(self) -> None:
        while not self._stop.wait(HOUSEKEEPING_S):
            for task in (self.letters.flush, self.registry.save_states, self._hear_newcomers):
                try:
                    task()
                except Exception as error:  # noqa: BLE001 boundary: SQL may be busy; next time
                    log.warning("%s was put off: %s", task.__qualname__, error)

    def _hear_newcomers(self) -> None:
        if more := self._ears.newcomers():
            self._subscriber.hear(more)

    def _tell_state(self, node: Node) -> None:
        data = {"agent_id": str(node.agent_id), "node": node.node, "state": node.state.value}
        self._live.publish(Event(EventKind.AGENT, node.store_id, data))

    def _note_trouble(self, trouble: str) -> None:
        """Logged once when it begins and once when it ends; meanwhile nothing is acknowledged."""
        if trouble and not self._trouble:
            log.error("The journal cannot be written, the agents hold their readings: %s", trouble)
        elif self._trouble and not trouble:
            log.warning("The journal can be written again.")
        self._trouble = trouble


def _furthest(db: Database, consumers: Sequence[Consumer], lease: Lease | None) -> int:
    """The last row that any consumer has results of; the journal may be an older copy."""
    with db.system_read("positions") as connection:
        in_sql = [load_position(connection, row_name(each.name, lease)) for each in consumers]
    return max((*in_sql, *(consumer.position() for consumer in consumers)), default=0)


async def _in_thread(name: str, work: Callable[[], None], stop: Callable[[], None]) -> None:
    """Run work until it ends or this task is cancelled; then it is asked to stop and waited for."""
    done: Future[None] = Future()

    def run() -> None:
        try:
            work()
            done.set_result(None)
        except BaseException as error:  # noqa: BLE001 boundary: raised again where it is awaited
            done.set_exception(error)

    done.set_running_or_notify_cancel()
    threading.Thread(target=run, name=name, daemon=True).start()
    ended = asyncio.wrap_future(done)
    try:
        await asyncio.shield(ended)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait([ended], timeout=STOP_S)
        raise
