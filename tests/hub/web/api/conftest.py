"""A world for the tests of the API: one that is only read, and one for each test that writes."""

from collections.abc import Iterator

import pytest

from tests.hub.web.world_under_test import World, open_world


@pytest.fixture(scope="session")
def still_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Shared: tests leave it as they found it."""
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One a module, whose tests may write."""
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made
