"""Makes the days of every series once they are over, and lets raw points go when policy says so."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

from hub.analytics.stores import StoreClock, clocks
from hub.ingest.node import Series
from hub.ingest.registry import Registry
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.timeseries.daily import DailyTimeSeries
from hub.timeseries.edges import to_ms
from hub.timeseries.tiers import DAY_MS
from protocols.metrics import METRICS, Kind

log = logging.getLogger(__name__)

EVERY_S = 600.0
WORK_S = 5.0  # of one turn: the hub has other things to do
LOOK_BACK_DAYS = 400
OWED_AT_ONCE = 500
CLASSES = (Kind.GAUGE, Kind.STATE, Kind.COUNTER, Kind.EVENT)

Policy = Mapping[Kind, int]
"""For how many days the raw points of a class are kept; 0: for ever."""


@dataclass
class DayKeeper:
    """A chore. `policy` has every class of CLASSES."""

    db: Database
    registry: Registry
    daily: DailyTimeSeries
    policy: Policy
    now: Callable[[], datetime] = utc_now
    work_s: float = WORK_S
    _is_complete: bool = field(default=False, init=False)

    def tick(self) -> None:
        until = time.monotonic() + self.work_s
        self.daily.make_owed(OWED_AT_ONCE)
        self._is_complete = self._make_days(until)
        if self._is_complete:
            self._let_go()

    def _make_days(self, until: float) -> bool:
        """The newest days first; whether nothing is left to do."""
        with self.db.system_read("days") as connection:
            stores = clocks(connection).values()
        is_complete = True
        for back, clock in product(range(1, LOOK_BACK_DAYS + 1), stores):
            if time.monotonic() > until:
                return False
            mine = [one.id for one in self.registry.of_store(clock.store_id)]
            if not mine:
                continue
            store = self.registry.store_of_id(clock.store_id)
            is_complete &= self.daily.make_store_day(store, mine, self._span(clock, back))
        return is_complete

    def _span(self, clock: StoreClock, back: int) -> tuple[int, int]:
        """A store's day so many days ago."""
        day = clock.day_of(self.now()) - timedelta(days=back)
        start, end = clock.start_of(day), clock.start_of(day + timedelta(days=1))
        return to_ms(start), to_ms(end)

    def _let_go(self) -> None:
        """Whole days where every class may go, else the series of a class."""
        today = int(self.now().timestamp() * 1000) // DAY_MS
        ends = {kind: (today - days) * DAY_MS for kind, days in self.policy.items() if days}
        if len(ends) == len(CLASSES):
            every = min(ends.values())
            if any(self.daily.dropped_until(kind) < every for kind in ends):
                self._note(list(ends), every)
                days = self.daily.drop_days(every)
                log.info("Raw points of %d days were let go.", days)
        for kind, end_ms in ends.items():
            begin_ms = self.daily.dropped_until(kind)
            if begin_ms < end_ms and self.daily.capabilities.deletes_intervals:
                mine = [one.id for one in self._series(kind)]
                self._note([kind], end_ms)
                self.daily.delete(mine, begin_ms, end_ms)

    def _note(self, kinds: list[Kind], until_ms: int) -> None:
        """Before anything goes, so that no day is summed up from what is left."""
        for kind in kinds:
            self.daily.note_dropped(kind.value, max(until_ms, self.daily.dropped_until(kind)))

    def _series(self, kind: Kind) -> Iterator[Series]:
        for node in self.registry.nodes():
            for series in self.registry.of_store(node.store_id):
                if series.agent_id == node.agent_id and kind_of(series.metric) is kind:
                    yield series


def kind_of(metric: str) -> Kind:
    """A metric that nobody knows is kept as a gauge is."""
    known = METRICS.get(metric)
    return known.kind if known else Kind.GAUGE
