"""The store under test and its pages, made once for all tests of the pages: they only read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hub.web.application import create_app
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest, open_store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreUnderTest]:
    folder: Path = tmp_path_factory.mktemp("store")
    with open_store(folder) as made:
        yield made


@pytest.fixture(scope="session")
def pages(store: StoreUnderTest) -> TestClient:
    """A browser without a screen, signed in as the demo's manager of everything."""
    return signed_in(store, LOGIN.username)


def signed_in(store: StoreUnderTest, username: str) -> TestClient:
    client = TestClient(create_app(store.services), base_url="http://127.0.0.1:8080")
    form = {"username": username, "password": LOGIN.password}
    assert client.post("/login", data=form, follow_redirects=False).status_code == 303
    return client
