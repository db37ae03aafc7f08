"""A store's own time: its zone and the hour its day begins at."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from hub.archive.stores.records import Store


@dataclass(frozen=True, slots=True)
class StoreClock:
    """What figures of a store need to know of it."""

    store_id: UUID
    chain_id: UUID
    zone: ZoneInfo
    day_start: time
    currency: str

    @staticmethod
    def of(store: Store) -> "StoreClock":
        zone = ZoneInfo(store.zone)
        return StoreClock(store.id, store.chain_id, zone, store.day_start, store.currency)

    def day_of(self, at: datetime) -> date:
        """The business day of an instant."""
        local = at.astimezone(self.zone)
        return local.date() - timedelta(days=local.time() < self.day_start)

    def start_of(self, day: date) -> datetime:
        """The instant at which a business day begins."""
        return datetime.combine(day, self.day_start, self.zone).astimezone(UTC)

    def hour_of(self, at: datetime) -> datetime:
        """The beginning of the store's full hour that an instant is in."""
        local = at.astimezone(self.zone)
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def clocks(connection: Connection) -> dict[UUID, StoreClock]:
    """Of every store; for ingest, which serves all chains."""
    rows = connection.execute(
        select(Store.id, Store.chain_id, Store.zone, Store.day_start, Store.currency)
    )
    return {row.id: StoreClock(*row[:2], ZoneInfo(row.zone), *row[3:]) for row in rows}
