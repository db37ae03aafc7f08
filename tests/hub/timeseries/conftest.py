from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.timeseries.port import TimeSeries
from tests.hub.timeseries.engine_under_test import ENGINES, Opener


@pytest.fixture(params=ENGINES)
def opener(request: pytest.FixtureRequest) -> Opener:
    return ENGINES[request.param]


@pytest.fixture
def engine(opener: Opener, tmp_path: Path) -> Iterator[TimeSeries]:
    engine = opener(tmp_path)
    yield engine
    engine.close()
