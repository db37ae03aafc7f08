"""What only InfluxDB does (TSD-10): databases, retention policies, kill -9."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import InvalidError
from hub.timeseries.port import Points
from hub.timeseries.remote.influxdb import InfluxTimeSeries
from hub.timeseries.remote.wire import EngineDownError
from tests.hub.timeseries.engine_servers import Influx, running_influx
from tests.hub.timeseries.engine_under_test import NOON, NOON_MS

FAR = 2 * NOON_MS


@pytest.fixture
def own_influx(tmp_path: Path) -> Iterator[Influx]:
    """A server that a test may kill."""
    with running_influx(tmp_path / "server") as influx:
        yield influx


@pytest.mark.integration
def test_what_it_answered_survives_a_kill(own_influx: Influx, tmp_path: Path) -> None:
    """R2: position and points agree."""
    own_influx.create("shop")
    engine = InfluxTimeSeries(own_influx.url("shop"), tmp_path, now=lambda: NOON)
    for number in range(20):
        engine.write(Points.of([1], [NOON_MS + number], [number]), number + 1)
    own_influx.server.kill()
    with pytest.raises(EngineDownError, match="do not answer"):
        _ = engine.read([1], 0, FAR)
    own_influx.server.start()
    own_influx.wait()
    assert engine.read([1], 0, FAR).value.tolist() == list(range(20))
    assert engine.position() == 20
    engine.close()


@pytest.mark.integration
@pytest.mark.parametrize("database", ["none", "known/none"])
def test_a_missing_database_or_policy_is_named(
    influx: Influx, tmp_path: Path, database: str
) -> None:
    influx.create("known")
    with pytest.raises(InvalidError, match="Create it first"):
        InfluxTimeSeries(influx.url(database), tmp_path)


@pytest.mark.integration
def test_another_database_is_filled_from_the_start(influx: Influx, tmp_path: Path) -> None:
    """The position belongs to the database it was reached in."""
    for name in ("first", "second"):
        influx.create(name)
    engine = InfluxTimeSeries(influx.url("first"), tmp_path)
    engine.write(Points.of([1], [NOON_MS], [1]), 7)
    engine.close()
    other = InfluxTimeSeries(influx.url("second"), tmp_path)
    assert other.position() == 0
    other.close()


@pytest.mark.parametrize(
    "url", ["influxdb://", "influxdb://h", "influxdb://h:99999/db", 'influxdb://h/d"b']
)
def test_a_bad_address_is_refused_without_its_password(url: str, tmp_path: Path) -> None:
    hidden = url.replace("//", "//user:secret@")
    with pytest.raises(InvalidError, match="influxdb://user:password@host") as error:
        InfluxTimeSeries(hidden, tmp_path)
    assert "secret" not in str(error.value)
