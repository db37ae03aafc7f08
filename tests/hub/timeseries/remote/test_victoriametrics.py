"""What VictoriaMetrics leaves to its adapter: durability, its flags, its retention (TSD-10)."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from hub.errors import InvalidError
from hub.timeseries.port import Points
from hub.timeseries.remote.victoriametrics import VictoriaTimeSeries
from hub.timeseries.remote.vmflags import check_flags, parse_period
from hub.timeseries.remote.wire import EngineDownError
from tests.hub.timeseries.engine_servers import Victoria, running_victoria
from tests.hub.timeseries.engine_under_test import DAY_MS, NOON, NOON_MS, rows
from tests.servers import wait_for

FAR = 2 * NOON_MS


@pytest.fixture
def own_victoria(tmp_path: Path) -> Iterator[Victoria]:
    """A server that a test may kill."""
    with running_victoria(tmp_path / "server") as victoria:
        yield victoria


def open_engine(victoria: Victoria, folder: Path) -> VictoriaTimeSeries:
    return VictoriaTimeSeries(victoria.url(), folder, now=lambda: NOON, read_lag_s=0.0)


def batch(number: int) -> Points:
    t_ms = NOON_MS + 1000 * number + np.arange(50)
    return Points.of([1] * 50, t_ms.tolist(), [float(number)] * 50)


def kill(victoria: Victoria) -> None:
    """It is up again a second later, as any real one: its start is told in whole seconds."""
    victoria.server.kill()
    wait_for(lambda: not victoria.server.is_running, 5, "it lives")
    time.sleep(1.1)
    victoria.server.start()
    victoria.wait()


@pytest.mark.integration
def test_what_a_killed_server_lost_is_sent_again(own_victoria: Victoria, tmp_path: Path) -> None:
    """R2, R17: it acknowledged these points, then was killed before they were on disk."""
    engine = open_engine(own_victoria, tmp_path)
    for number in range(5):
        engine.write(batch(number), number + 1)
    assert (engine.position(), engine.floor()) == (5, 0)
    kill(own_victoria)
    held = len(engine.read([1], 0, FAR))
    assert held < 250, "the kill came too late to lose anything"
    engine.maintain(NOON)
    assert len(engine.read([1], 0, FAR)) == 250
    assert engine.floor() == 5
    engine.close()
    again = open_engine(own_victoria, tmp_path)
    assert again.position() == 5
    again.close()


@pytest.mark.integration
def test_the_saved_position_is_never_ahead_of_the_disk(
    own_victoria: Victoria, tmp_path: Path
) -> None:
    """R2: hub and server die at once; what the position covers is there."""
    engine = open_engine(own_victoria, tmp_path)
    engine.write(batch(0), 1)
    engine.maintain(NOON)
    engine.write(batch(1), 2)
    kill(own_victoria)
    again = open_engine(own_victoria, tmp_path)  # the first one never came to its next flush
    assert again.position() == 1
    assert len(again.read([1], NOON_MS, NOON_MS + 1000)) == 50
    again.write(batch(1), 2)
    again.close()
    assert open_engine(own_victoria, tmp_path).position() == 2


@pytest.mark.integration
def test_a_server_that_is_away_is_waited_for(own_victoria: Victoria, tmp_path: Path) -> None:
    engine = open_engine(own_victoria, tmp_path)
    own_victoria.server.stop()
    with pytest.raises(EngineDownError, match="do not answer"):
        engine.write(batch(0), 1)
    engine.maintain(NOON)
    assert engine.position() == 0
    own_victoria.server.start()
    own_victoria.wait()
    engine.write(batch(0), 1)
    assert len(engine.read([1], 0, FAR)) == 50
    engine.close()


@pytest.mark.integration
def test_points_outside_its_retention_are_counted_not_lost_in_silence(
    victoria: Victoria, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = VictoriaTimeSeries(
        victoria.url("retention"), tmp_path, now=lambda: NOON, read_lag_s=0.0
    )
    with caplog.at_level(logging.WARNING):
        engine.write(Points.of([1, 1], [NOON_MS, NOON_MS + 3 * DAY_MS], [1, 2]), 1)
    assert "1 points lie outside what VictoriaMetrics keeps" in caplog.text
    assert rows(engine.read([1], 0, FAR)) == [(1, NOON_MS, 1.0, 0)]
    engine.close()


@pytest.mark.integration
def test_a_server_that_counts_repeats_twice_is_refused(tmp_path: Path) -> None:
    with (
        running_victoria(tmp_path / "server", "-retentionPeriod=100y") as victoria,
        pytest.raises(InvalidError, match=r"dedup\.minScrapeInterval=1ms"),
    ):
        open_engine(victoria, tmp_path)


def test_a_short_retention_is_refused() -> None:
    listing = '-dedup.minScrapeInterval="1ms"\n-retentionPeriod="{}"\n'
    assert check_flags(listing.format("13")) == timedelta(days=13 * 31)
    with pytest.raises(InvalidError, match="retentionPeriod=30d; at least 31 days"):
        check_flags(listing.format("30d"))


@pytest.mark.parametrize(("text", "days"), [("1", 31), ("36h", 1.5), ("2w", 14), ("1y", 365)])
def test_a_period_is_read_as_the_server_reads_it(text: str, days: float) -> None:
    assert parse_period(text) == timedelta(days=days)


@pytest.mark.parametrize(
    "url", ["victoriametrics://", "victoriametrics://h/a/b", "victoriametrics://h/a-b"]
)
def test_a_bad_address_is_refused_before_anything_is_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="victoriametrics://host:8428/name"):
        VictoriaTimeSeries(url, tmp_path)
