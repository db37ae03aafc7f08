"""The same events in every process of a hub: told through PostgreSQL by NOTIFY.

What a process publishes reaches its own pages at once and those of the others a moment later. A
listener that loses its connection tells its pages to load anew, since it may have missed some.
"""

import json
import logging
import queue
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import make_url, text

from hub.kit.db import Database
from hub.live.live import Event, EventKind, Live

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

CHANNEL = "storevitals_live"
MOST_BYTES = 7900  # of one notification
STORES_AT_ONCE = 200
WAITING = 10_000
LOOK_S = 0.5
AGAIN_S = 1.0
_TELL = text("SELECT pg_notify(:channel, :payload)")

OnReadings = Callable[[Sequence[UUID]], None]


class SharedLive(Live):
    """`start` begins to tell, `listen` to hear; `close` ends both."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db
        self._origin = secrets.token_hex(4)
        self._outgoing: queue.Queue[str] = queue.Queue(WAITING)
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._tell, name="live-tell", daemon=True).start()

    def listen(self, on_readings: OnReadings) -> None:
        """Hear the other processes; `on_readings` gets the stores that have new values."""
        hear = threading.Thread(target=self._hear, args=(on_readings,), name="live-hear")
        hear.daemon = True
        hear.start()

    def publish(self, event: Event) -> None:
        self.publish_here(event)
        if event.kind is not EventKind.READING:
            data = dict(event.data)
            self._put({"k": event.kind.value, "s": event.store_id.hex, "d": data})

    def publish_here(self, event: Event) -> None:
        """To the pages of this process alone."""
        super().publish(event)

    def tell_readings(self, store_ids: Sequence[UUID]) -> None:
        """These stores have new values; who shows them looks them up."""
        for begin in range(0, len(store_ids), STORES_AT_ONCE):
            some = store_ids[begin : begin + STORES_AT_ONCE]
            self._put({"r": [store_id.hex for store_id in some]})

    def is_watched(self, store_id: UUID) -> bool:
        """Whether a page shows this store's readings now."""
        return any(store_id in (one.store_ids or ()) for one in tuple(self._subscriptions))

    def close(self) -> None:
        self._stop.set()
        super().close()

    def _put(self, told: dict[str, Any]) -> None:
        line = json.dumps(told | {"o": self._origin}, separators=(",", ":"))
        if len(line.encode()) > MOST_BYTES:
            line = json.dumps({"o": self._origin, "k": EventKind.RELOAD.value})
        try:
            self._outgoing.put_nowait(line)
        except queue.Full:
            log.warning("Other processes are told nothing: PostgreSQL takes no notifications.")

    def _tell(self) -> None:
        while not self._stop.is_set():
            try:
                line = self._outgoing.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            lines = [line]
            while len(lines) < 100 and not self._outgoing.empty():
                lines.append(self._outgoing.get_nowait())
            try:
                with self._db.system("notify") as connection:
                    for line in lines:
                        connection.execute(_TELL, {"channel": CHANNEL, "payload": line})
            except Exception as error:  # noqa: BLE001 boundary: pages of others load anew later
                log.warning("Other processes could not be told: %s", error)
                self._stop.wait(AGAIN_S)

    def _hear(self, on_readings: OnReadings) -> None:
        import psycopg  # noqa: PLC0415  # only a hub of several processes needs it

        url = make_url(self._db.url).set(drivername="postgresql")
        while not self._stop.is_set():
            try:
                with psycopg.connect(
                    url.render_as_string(hide_password=False), autocommit=True
                ) as line:
                    line.execute(f"LISTEN {CHANNEL}")
                    self._hear_on(line, on_readings)
            except psycopg.Error as error:
                log.warning("Events of other processes are not heard: %s", error)
                self.publish_here(Event(EventKind.RELOAD, UUID(int=0), {}))
                self._stop.wait(AGAIN_S)

    def _hear_on(
        self, line: "psycopg.Connection[tuple[object, ...]]", on_readings: OnReadings
    ) -> None:
        while not self._stop.is_set():
            for note in line.notifies(timeout=LOOK_S):
                try:
                    self._take(json.loads(note.payload), on_readings)
                except Exception:
                    log.exception("A notification of another process could not be taken in.")

    def _take(self, told: dict[str, Any], on_readings: OnReadings) -> None:
        if told["o"] == self._origin:
            return
        if stores := told.get("r"):
            on_readings([UUID(hex=one) for one in stores])
            return
        kind = EventKind(told["k"])
        store_id = UUID(hex=str(told.get("s", "0" * 32)))
        self.publish_here(Event(kind, store_id, told.get("d", {})))
