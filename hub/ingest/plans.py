"""The promotions of stores for the detectors, asked of the archive every quarter of an hour."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select

from hub.archive.promotions.reading import promotions_of
from hub.archive.promotions.records import Promotion
from hub.detection.planned import Planned
from hub.detection.slots import WEEKS
from hub.kit.db import Database

KEPT_FOR = timedelta(minutes=15)
AHEAD = timedelta(days=1)
V = TypeVar("V")


class Plans:
    """Belongs to one thread."""

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        self._db, self._now = db, now
        self._kept: dict[Hashable, tuple[datetime, object]] = {}

    def of(self, chain_id: UUID, store_id: UUID) -> Sequence[Planned]:
        """What ran in a store as far back as its counters learn, and what begins within a day."""
        if not self._recent(chain_id, lambda: self._has_any(chain_id)):
            return ()
        return self._recent(store_id, lambda: self._read(chain_id, store_id))

    def _recent(self, key: Hashable, read: Callable[[], V]) -> V:
        at, value = self._kept.get(key, (None, None))
        if at is None or not at <= self._now() < at + KEPT_FOR:
            value = read()
            self._kept[key] = (self._now(), value)
        return value  # type: ignore[return-value]  # each key is read by one function

    def _has_any(self, chain_id: UUID) -> bool:
        table = Promotion.__table__
        with self._db.system_read("plans") as connection:
            counted = select(func.count()).select_from(table).where(table.c.chain_id == chain_id)
            return bool(connection.scalar(counted))

    def _read(self, chain_id: UUID, store_id: UUID) -> Sequence[Planned]:
        now = self._now()
        runs = promotions_of(
            self._db, chain_id, store_id, now - timedelta(weeks=WEEKS), now + AHEAD
        )
        return tuple(
            Planned(int(run.start.timestamp() * 1000), int(run.end.timestamp() * 1000), run.factor)
            for run in runs
        )
