"""What could not be taken in: always counted, kept within bounds, never in the way of the flow."""

import threading
import time
from collections import Counter
from enum import StrEnum

from sqlalchemy import delete, func, insert, select, update

from hub.ingest.tables import DeadLetterCountRow, DeadLetterRow
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7

KEPT_BYTES = 2048  # of each payload
KEPT_ROWS = 20_000  # in the table, at most 40 MB
WAITING = 4000  # letters between two flushes, at most 8 MB
FLUSH_ROWS = 500  # in one transaction
SAMPLE_S = 60.0


class Cause(StrEnum):
    """Why a message or a row was refused."""

    MALFORMED = "malformed"  # no Sparkplug payload, or an announcement that cannot be read
    OVERSIZED = "oversized"
    FOREIGN = "foreign"  # a topic or type that no edge node may use
    REPLAYED = "replayed"  # sent again although it is stored, or recorded and played back
    QUARANTINED = "quarantined"
    SERIES_LIMIT = "series_limit"  # the store's metrics are too many: the cardinality limit
    UNKNOWN_METRIC = "unknown_metric"  # a value of a metric that no birth declared
    NOT_A_NUMBER = "not_a_number"  # NaN, infinite, or a type that is no single value
    TIME = "time"  # a stamp before 2000 or over a day ahead
    POISON = "poison"  # a row that a consumer could not take in after three tries
    FAILED = "failed"  # an error of the hub itself


# Many of one kind say no more than one: of a node one a minute is kept.
SAMPLED = frozenset((Cause.REPLAYED, Cause.QUARANTINED, Cause.UNKNOWN_METRIC))


class DeadLetters:
    """Any thread adds, one thread flushes. `counts` are since the hub was first started."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._waiting: list[dict[str, object]] = []
        self._unsaved: Counter[str] = Counter()
        self._sampled: dict[tuple[str, str], float] = {}
        with db.system_read("dead letters") as connection:
            rows = connection.execute(select(DeadLetterCountRow.cause, DeadLetterCountRow.total))
            self.counts: Counter[str] = Counter({row.cause: row.total for row in rows})

    def add(self, cause: Cause, topic: str, payload: bytes, error: str, *, count: int = 1) -> None:
        """Count it and keep its beginning; `count` values of one message are one letter."""
        with self._lock:
            self.counts[cause] += count
            self._unsaved[cause] += count
            if len(self._waiting) < WAITING and self._is_worth_keeping(cause, topic):
                self._waiting.append(
                    {
                        "id": uuid7(),
                        "at": utc_now(),
                        "cause": cause.value,
                        "topic": topic[:512],
                        "error": error[:512],
                        "size_bytes": len(payload),
                        "payload": payload[:KEPT_BYTES],
                    }
                )

    def _is_worth_keeping(self, cause: Cause, topic: str) -> bool:
        if cause not in SAMPLED:
            return True
        now = time.monotonic()
        if now - self._sampled.get((cause, topic), -SAMPLE_S) < SAMPLE_S:
            return False
        if len(self._sampled) > WAITING:
            self._sampled.clear()
        self._sampled[cause, topic] = now
        return True

    def flush(self) -> None:
        """Write what waits and forget the oldest rows beyond the bound; errors are the caller's."""
        while True:
            with self._lock:
                rows, counted = self._waiting[:FLUSH_ROWS], self._unsaved
                if not rows and not counted:
                    return
                self._unsaved = Counter()
            try:
                self._save(rows, counted)
            except Exception:
                with self._lock:
                    self._unsaved.update(counted)
                raise
            with self._lock:
                del self._waiting[: len(rows)]

    def _save(self, rows: list[dict[str, object]], counted: Counter[str]) -> None:
        table, totals = DeadLetterRow, DeadLetterCountRow
        with self._db.system("dead letters") as connection:
            if rows:
                connection.execute(insert(table), rows)
            for cause, number in counted.items():
                found = connection.execute(
                    update(totals).where(totals.cause == cause).values(total=totals.total + number)
                )
                if not found.rowcount:
                    connection.execute(insert(totals).values(cause=cause, total=number))
            kept = connection.scalar(select(func.count()).select_from(table)) or 0
            if kept > KEPT_ROWS:
                oldest = select(table.id).order_by(table.id).limit(kept - KEPT_ROWS)
                connection.execute(delete(table).where(table.id.in_(oldest)))
