from pathlib import Path

import pytest

from hub.errors import InvalidError
from hub.timeseries.engines import open_timeseries
from hub.timeseries.port import Points
from tests.hub.timeseries.engine_servers import Influx, Victoria


def test_the_default_keeps_its_files_in_the_data_dir(tmp_path: Path) -> None:
    engine = open_timeseries("duckdb:", tmp_path)
    engine.write(Points.of([1], [1_770_000_000_000], [1]), 1)
    engine.close()
    assert (tmp_path / "timeseries" / "hot.duckdb").exists()


@pytest.mark.parametrize("url", ["sqlite:", "duckdb:///elsewhere", "", "influx://h/db"])
def test_an_unknown_engine_is_refused_by_name(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidError, match=r"no time-series engine .* Known: duckdb:"):
        open_timeseries(url, tmp_path)


@pytest.mark.integration
def test_a_url_opens_the_server_it_names(
    influx: Influx, victoria: Victoria, tmp_path: Path
) -> None:
    influx.create("by-url")
    for url in (influx.url("by-url/autogen"), victoria.url()):
        engine = open_timeseries(url, tmp_path)
        assert engine.position() == 0
        engine.write(Points.of([1], [1_770_000_000_000], [1]), 1)
        engine.close()
        again = open_timeseries(url, tmp_path)
        assert again.position() == 1
        again.close()
