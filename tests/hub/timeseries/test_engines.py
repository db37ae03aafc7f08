from pathlib import Path

import pytest

from hub.errors import InvalidError
from hub.timeseries.engines import open_timeseries
from hub.timeseries.port import Points


def test_the_default_keeps_its_files_in_the_data_dir(tmp_path: Path) -> None:
    engine = open_timeseries("duckdb:", tmp_path)
    engine.write(Points.of([1], [1_770_000_000_000], [1]), 1)
    engine.close()
    assert (tmp_path / "timeseries" / "hot.duckdb").exists()


@pytest.mark.parametrize("url", ["sqlite:", "duckdb:///elsewhere", "", "influx://h/db"])
def test_an_unknown_engine_is_refused_by_name(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidError, match=r"no time-series engine .* Known: duckdb:"):
        open_timeseries(url, tmp_path)
