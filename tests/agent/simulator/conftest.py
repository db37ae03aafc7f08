from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.simulator.history import history
from agent.simulator.model import StoreModel
from protocols.reading import Reading

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 9, tzinfo=SHANGHAI)

MakeStore = Callable[..., StoreModel]


@pytest.fixture(scope="session")
def store() -> MakeStore:
    """A store at the given moment, by default at midnight of Monday."""

    def make(start: datetime = MONDAY, seed: int = 7) -> StoreModel:
        return StoreModel(seed, SHANGHAI, start)

    return make


@pytest.fixture(scope="session")
def a_day(store: MakeStore) -> list[Reading]:
    """26 hours of history."""
    end = MONDAY + timedelta(hours=26)
    return [reading for minute in history(store(), end) for reading in minute]
