"""Days are made for every store by its own clock; raw points go by the policy of their class."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.analytics.stores import clocks
from hub.ingest.day_keeper import CLASSES, DayKeeper, kind_of
from hub.ingest.node import Declared
from hub.ingest.registry import Registry
from hub.timeseries.daily import DailyTimeSeries
from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.port import Points
from protocols.metrics import Kind
from tests.hub.chain_under_test import ChainUnderTest

NOW = datetime(2026, 3, 10, 13, 7, tzinfo=UTC)
DAYS = 6
METRICS = ("air_temperature_c", "energy_kwh", "in_count")


class World:
    def __init__(self, chain: ChainUnderTest, folder: Path) -> None:
        self.registry = Registry(chain.db)
        store_id = chain.stores[0].id
        self.registry.approve("g", "n", chain_id=chain.id, store_id=store_id)
        (node,) = self.registry.nodes()
        names = [Declared(alias, "unit", name) for alias, name in enumerate(METRICS, 1)]
        self.registry.declare(node, names, seq=1)
        self.series = dict(zip(METRICS, sorted(node.names.values()), strict=True))
        engine = DuckDbTimeSeries(folder, self.registry.store_of, now=lambda: NOW, quiet_s=0.0)
        self.daily = DailyTimeSeries(engine, folder, now=lambda: NOW, settle_s=0.0)
        self.chain, self.engine = chain, engine
        with chain.db.system_read("test") as connection:
            self.clock = clocks(connection)[store_id]
        for back in range(DAYS):
            at_ms = int((NOW - timedelta(days=back)).timestamp() * 1000)
            ids = list(self.series.values())
            self.daily.write(Points.of(ids, [at_ms] * len(ids), [1.0 + back] * len(ids)), back + 1)

    def keeper(self, **days: int) -> DayKeeper:
        policy = {kind: days.get(kind.value, 0) for kind in CLASSES}
        return DayKeeper(
            self.chain.db, self.registry, self.daily, policy, now=lambda: NOW, work_s=60.0
        )

    def left(self, metric: str) -> int:
        return len(self.engine.read([self.series[metric]], 0, 1 << 41))


@pytest.fixture
def world(chain: ChainUnderTest, tmp_path: Path) -> Iterator[World]:
    made = World(chain, tmp_path)
    yield made
    made.daily.close()


def test_every_day_that_is_over_is_made_once(world: World) -> None:
    world.keeper().tick()
    found = world.daily.days([world.series["in_count"]], 0, 1 << 41)
    with_points = [day for day in found if day.readings]
    assert len(with_points) == DAYS - 1, "today is not over"
    starts = {int(world.clock.start_of(world.clock.day_of(NOW)).timestamp() * 1000)}
    assert starts.isdisjoint(day.start_ms for day in found)
    assert world.left("in_count") == DAYS, "the policy is for ever"


def test_every_class_goes_by_its_own_policy(world: World) -> None:
    world.keeper(gauge=2, counter=4).tick()
    assert world.left("air_temperature_c") == 3
    assert world.left("energy_kwh") == 5
    assert world.left("in_count") == DAYS
    days = world.daily.days([world.series["air_temperature_c"]], 0, 1 << 41)
    assert sum(day.readings for day in days) == DAYS - 1, "the days stay"


def test_whole_days_go_when_every_class_may(world: World) -> None:
    world.keeper(gauge=1, counter=1, state=1, event=3).tick()
    assert [world.left(name) for name in METRICS] == [2, 2, 4]


def test_nothing_goes_before_its_day_is_made(world: World) -> None:
    hurried = world.keeper(gauge=2, counter=2, state=2, event=2)
    hurried.work_s = -1.0
    hurried.tick()
    assert world.left("in_count") == DAYS


def test_an_unknown_metric_is_kept_as_a_gauge() -> None:
    assert kind_of("what_nobody_knows") is Kind.GAUGE
    assert kind_of("in_count") is Kind.EVENT
