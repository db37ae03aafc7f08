from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.timeseries.port import TimeSeries
from hub.timeseries.remote.influxdb import InfluxTimeSeries
from hub.timeseries.remote.victoriametrics import VictoriaTimeSeries
from tests.hub.timeseries.engine_servers import (
    Influx,
    Victoria,
    name_of,
    running_influx,
    running_victoria,
)
from tests.hub.timeseries.engine_under_test import NOON, Opener, open_duckdb


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    with running_influx(tmp_path_factory.mktemp("influx") / "server") as influx:
        yield influx


@pytest.fixture(scope="session")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victoria]:
    with running_victoria(tmp_path_factory.mktemp("victoria") / "server") as victoria:
        yield victoria


@pytest.fixture
def open_influx(influx: Influx) -> Opener:
    def open_it(folder: Path) -> TimeSeries:
        influx.create(name_of(folder))
        return InfluxTimeSeries(influx.url(name_of(folder)), folder, now=lambda: NOON)

    return open_it


@pytest.fixture
def open_victoria(victoria: Victoria) -> Opener:
    def open_it(folder: Path) -> TimeSeries:
        url = victoria.url(name_of(folder))
        return VictoriaTimeSeries(url, folder, now=lambda: NOON, read_lag_s=0.0)

    return open_it


@pytest.fixture(
    params=[
        "duckdb",
        pytest.param("influx", marks=pytest.mark.integration),
        pytest.param("victoria", marks=pytest.mark.integration),
    ]
)
def opener(request: pytest.FixtureRequest) -> Opener:
    """Every test that takes it runs on every engine."""
    if request.param == "duckdb":
        return open_duckdb
    chosen: Opener = request.getfixturevalue(f"open_{request.param}")
    return chosen


@pytest.fixture
def engine(opener: Opener, tmp_path: Path) -> Iterator[TimeSeries]:
    engine = opener(tmp_path)
    yield engine
    engine.close()
