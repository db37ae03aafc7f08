"""State is a function of the journal: other blocks, a restart or a lost checkpoint change nothing
(R17, R22)."""

import copy
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest

from agent.simulator.history import history
from agent.simulator.scenario import Scenario
from hub.detection.catalog import Catalog, SeriesRow
from hub.detection.engine import Engine
from hub.detection.equipment import LEVELS
from hub.detection.findings import Finding
from hub.detection.readings import Readings
from hub.detection.snapshot import SnapshotError, dump, load
from hub.detection.triggers import BOOK
from tests.hub.detection.watched import START_MS
from tests.hub.simulated_store import ZONE, StoreUnderTest, catalog_of

HOURS = timedelta(hours=1)


def restarted(store: StoreUnderTest) -> StoreUnderTest:
    """The same store before an engine that was loaded from a checkpoint."""
    other = copy.copy(store)
    other.model = copy.deepcopy(store.model)
    other.engine = Engine(catalog_of(sorted(store.numbers)), lambda _: ZONE)
    load(other.engine, dump(store.engine))
    return other


def assert_same_state(one: Engine, two: Engine) -> None:
    for mine, other in (
        (one.series.levels, two.series.levels),
        (one.series.books, two.series.books),
    ):
        for name in mine.dtype.names or ():
            np.testing.assert_allclose(
                mine[name].astype(float), other[name].astype(float), rtol=1e-9, err_msg=name
            )
    size = len(one.trade.slots.keys)
    assert one.trade.slots.keys == two.trade.slots.keys
    assert (one.trade.slots.count[:size] == two.trade.slots.count[:size]).all()
    assert (one.trade.slots.covered[:size] == two.trade.slots.covered[:size]).all()
    for key, profile in one.trade.profiles.items():
        np.testing.assert_allclose(profile.mean, two.trade.profiles[key].mean, rtol=1e-9)
    assert one.trade.standing == two.trade.standing


def test_state_of_a_series_is_small() -> None:
    assert LEVELS.itemsize + BOOK.itemsize <= 512


def test_blocks_of_any_size_give_the_same_state_and_findings(trained: StoreUnderTest) -> None:
    stores = [trained.begin(Scenario.FREEZER_DRIFT) for _ in range(3)]
    found: list[list[Finding]] = [
        store.run(4 * HOURS, minutes_a_block=size)
        for store, size in zip(stores, (1, 7, 60), strict=True)
    ]
    assert found[0]
    assert [(f.change, f.key, f.since_ms) for f in found[0]] == [
        (f.change, f.key, f.since_ms) for f in found[1]
    ]
    assert found[0] == found[1] == found[2]
    assert_same_state(stores[0].engine, stores[1].engine)
    assert_same_state(stores[0].engine, stores[2].engine)


def test_a_restart_changes_nothing(trained: StoreUnderTest) -> None:
    running = trained.begin(Scenario.SALES_DROP)
    running.run(HOURS)
    again = restarted(running)
    assert running.run(3 * HOURS) == again.run(3 * HOURS) != []
    assert_same_state(running.engine, again.engine)


def test_an_older_checkpoint_and_the_journal_make_the_newer_one(
    trained: StoreUnderTest,
) -> None:
    model = copy.deepcopy(trained.model)
    journal = list(history(model, model.now + 2 * HOURS))
    older = restarted(trained)
    for minute in journal[:60]:
        older.take(minute)
    newest = restarted(older)
    for minute in journal[60:]:
        newest.take(minute)
    replayed = restarted(trained)
    for minute in journal:
        replayed.take(minute)
    assert_same_state(newest.engine, replayed.engine)


def test_a_damaged_checkpoint_is_refused_and_the_engine_untouched(
    trained: StoreUnderTest,
) -> None:
    data = bytearray(dump(trained.engine))
    data[len(data) // 2] ^= 1
    engine = Engine(catalog_of(sorted(trained.numbers)), lambda _: ZONE)
    with pytest.raises(SnapshotError, match="checksum"):
        load(engine, bytes(data))
    assert (engine.series.levels["t_ms"] == -1).all()


def test_a_checkpoint_of_other_series_is_refused(trained: StoreUnderTest) -> None:
    names = sorted(trained.numbers)
    engine = Engine(catalog_of([("other", "air_temperature_c"), *names[1:]]), lambda _: ZONE)
    with pytest.raises(SnapshotError, match="other series"):
        load(engine, dump(trained.engine))


def test_the_agents_of_a_block_do_not_disturb_each_other() -> None:
    """Two stores close their quarters of an hour in one block as they do each alone."""
    both = Engine(two_stores(), lambda _: ZONE)
    apart = Engine(two_stores(), lambda _: ZONE)
    series = np.tile(np.array([0, 1], np.int32), 240)
    t_ms = START_MS + np.repeat(np.arange(240), 2) * 60_000 + (series == 1) * 7 * 60_000
    value = np.ones(480)
    readings = Readings(series, t_ms, value, np.ones(480, np.bool_))
    both.apply(readings, int(t_ms.max()))
    for number in (0, 1):
        mine = readings[series == number]
        apart.apply(mine, int(mine.t_ms.max()))
    for name in ("slot", "covered_s", "time_ms"):
        assert both.presence.agents[name].tolist() == apart.presence.agents[name].tolist()
    assert (both.trade.slots.covered == apart.trade.slots.covered).all()
    assert (both.trade.slots.count == apart.trade.slots.count).all()
    assert int(both.trade.slots.count.sum()) == 480


def two_stores() -> Catalog:
    return Catalog(
        SeriesRow(number, UUID(int=number + 1), UUID(int=number + 9), "door-1", "in_count")
        for number in (0, 1)
    )
