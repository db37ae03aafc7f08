"""Every engine against a dictionary: random writes, rewrites, deletions, sealings, restarts."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub.timeseries.arrays import IS_COUNTED, T_END_MS, bucketise
from hub.timeseries.port import Points, TimeSeries
from tests.hub.timeseries.engine_under_test import DAY_MS, NOON, NOON_MS, Opener, open_duckdb, rows

SERIES = [1, 2, 11, 25]  # of three stores
STEP_MS = 130 * 60_000  # few, so that the same key comes again and again
START_MS = NOON_MS - 4 * DAY_MS
STEPS = (NOON_MS + 3_600_000 - START_MS) // STEP_MS

Model = dict[tuple[int, int], tuple[float, int]]
Action = Callable[[TimeSeries, Model], None]

points = st.lists(
    st.tuples(
        st.sampled_from(SERIES),
        st.integers(0, STEPS - 1),
        st.integers(-50, 50),
        st.sampled_from([0, 0, 0, 1, 2, 3, 4]),
    ),
    max_size=30,
)


def write(batch: list[tuple[int, int, int, int]]) -> Action:
    def act(engine: TimeSeries, model: Model) -> None:
        new: Model = {(s, START_MS + STEP_MS * n): (v, q) for s, n, v, q in batch}
        lines: list[tuple[int, int, float, int]] = [
            (s, START_MS + STEP_MS * n, v, q) for s, n, v, q in batch
        ]
        if not engine.capabilities.replaces:  # then a rewrite says the same
            new |= {key: model[key] for key in new.keys() & model.keys()}
            lines = [(*key, *new[key]) for key in new]
        series, t_ms, value, quality = zip(*lines, strict=True) if lines else ((), (), (), ())
        engine.write(Points.of(series, t_ms, value, quality), engine.position() + 1)
        model.update(new)

    return act


def delete(series: list[int], begin: int, length: int) -> Action:
    def act(engine: TimeSeries, model: Model) -> None:
        start_ms = START_MS + STEP_MS * begin
        end_ms = start_ms + STEP_MS * length
        if not engine.capabilities.deletes_intervals:
            start_ms, end_ms = 0, T_END_MS
        engine.delete(series, start_ms, end_ms)
        for key in [k for k in model if k[0] in series and start_ms <= k[1] < end_ms]:
            del model[key]

    return act


def maintain(hours: int) -> Action:
    def act(engine: TimeSeries, model: Model) -> None:
        engine.maintain(NOON + timedelta(hours=hours))

    return act


steps = st.integers(0, STEPS - 1)
deletions = st.builds(delete, st.lists(st.sampled_from(SERIES), unique=True), steps, steps)
actions = st.one_of(
    st.builds(write, points),
    st.builds(write, points),
    st.builds(maintain, st.integers(0, 30)),
    deletions,
    st.none(),  # a restart
)


def check(engine: TimeSeries, model: Model) -> None:
    held = engine.read(SERIES, 0, 2 * NOON_MS)
    assert rows(held) == [(*key, *model[key]) for key in sorted(model)]
    edges = np.arange(START_MS, NOON_MS, 3 * STEP_MS + 1)
    found, expected = engine.buckets(SERIES, edges), bucketise(held, SERIES, edges)
    for name in ("count", "min", "max", "sum", "mean", "first", "last"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)
    inside = (held.t_ms >= edges[0]) & (held.t_ms < edges[-1]) & IS_COUNTED[held.quality]
    assert found.count.sum() == inside.sum()


plans = st.lists(actions, max_size=12)
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(plan=plans)
def test_the_embedded_engine_holds_what_a_dictionary_would(
    tmp_path: Path, plan: list[Action | None]
) -> None:
    follow(open_duckdb, tmp_path, plan)


@pytest.mark.integration
@settings(max_examples=10, deadline=None, suppress_health_check=QUIET, phases=[Phase.generate])
@given(plan=plans)
def test_influxdb_holds_what_a_dictionary_would(
    open_influx: Opener, tmp_path: Path, plan: list[Action | None]
) -> None:
    follow(open_influx, tmp_path, plan)


@pytest.mark.integration
@settings(max_examples=10, deadline=None, suppress_health_check=QUIET, phases=[Phase.generate])
@given(plan=plans)
def test_victoriametrics_holds_what_a_dictionary_would(
    open_victoria: Opener, tmp_path: Path, plan: list[Action | None]
) -> None:
    """But for rewrites that say something else: either value may stay."""
    follow(open_victoria, tmp_path, plan)


def follow(opener: Opener, tmp_path: Path, plan: list[Action | None]) -> None:
    folder = next(f for n in count() if not (f := tmp_path / str(n)).exists())
    model: Model = {}
    engine = opener(folder)
    try:
        for action in plan:
            if action is None:
                engine.close()
                engine = opener(folder)
            else:
                action(engine, model)
        check(engine, model)
    finally:
        engine.close()
