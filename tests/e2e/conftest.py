"""A real browser against a real hub; a request to anywhere else, or an error in a page, fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.visit import FLAGS, Visit, Visitor
from tests.e2e.web_server import Served, serve
from tests.hub.web.store_under_test import open_store


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_store(tmp_path_factory.mktemp("e2e")) as store, serve(store) as served:
        yield served


@pytest.fixture
def visitor(browser: Browser, hub: Served) -> Iterator[Visitor]:
    """`visitor.arrive(...)` opens a window of its own; all are looked through at the end."""
    everybody = Visitor(browser, hub.url)
    yield everybody
    everybody.leave()


@pytest.fixture
def desk(visitor: Visitor) -> Visit:
    """Somebody signed in, at a desk, in English."""
    return visitor.arrive(language="en")
