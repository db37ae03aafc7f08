"""The trained store that the tests of the detectors begin with."""

from datetime import timedelta

import pytest

from tests.hub.simulated_store import StoreUnderTest, store_under_test


@pytest.fixture(scope="session")
def trained() -> StoreUnderTest:
    """A store after two weeks of normal life, Tuesday 11:00; take copies by `begin`."""
    store = store_under_test(seed=1, days=14)
    store.run(timedelta(days=14), minutes_a_block=60)
    return store
