"""INT-15: tokens, webhooks, their log and the API's documents on pages of the hub itself."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from hub.alerts.notices.services import AllowedHosts
from hub.webhooks.sending import Dispatcher
from tests.hub.web.store_under_test import StoreUnderTest

PAGE = "/admin/interfaces"


@contextmanager
def dispatcher(store: StoreUnderTest) -> Iterator[Dispatcher]:
    made = Dispatcher(store.services.db, store.services.vault, AllowedHosts())
    yield made
    made.close()


@pytest.fixture
def hook(store: StoreUnderTest, pages: TestClient) -> Iterator[str]:
    """One that no longer takes anything, gone again after the test."""
    body = {"name": "ERP", "url": "https://127.0.0.1/x", "secret": "s" * 24, "is_active": True}
    made = pages.post("/api/v1/webhooks", json=body)
    assert made.status_code == 201, made.text
    one = f"/api/v1/webhooks/{made.json()['id']}"
    yield str(made.json()["id"])
    assert pages.delete(one).status_code == 204


def test_a_test_event_is_sent_seen_in_the_log_and_sent_again(
    store: StoreUnderTest, pages: TestClient, hook: str
) -> None:
    sent = pages.post(f"{PAGE}/{hook}/ping", follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}?hook={hook}")
    with dispatcher(store) as one:
        one.tick()
    page = pages.get(PAGE, params={"hook": hook, "lang": "en"}).text
    assert "webhooks.ping" in page
    assert "HUB_NOTICE_HOSTS" in page  # why it was not sent, and what to do
    assert pages.patch(f"/api/v1/webhooks/{hook}", json={"is_active": False}).status_code == 200
    (row,) = pages.get(f"/api/v1/webhooks/{hook}/deliveries").json()["items"]
    early = pages.post(f"{PAGE}/{hook}/{row['id']}/replay", follow_redirects=False)
    assert early.status_code == 409
    nothing = pages.get(PAGE, params={"hook": hook, "state": "failed", "lang": "zh"}).text
    assert "还没有推送" in nothing


def test_without_a_webhook_the_page_says_what_one_is_for(pages: TestClient) -> None:
    page = pages.get(PAGE, params={"lang": "zh"}).text
    assert "还没有推送订阅" in page
    assert 'href="/archive/webhooks/new"' in page


@pytest.mark.parametrize(
    ("part", "there"),
    [("stores", "/api/v1/stores/{id}/timeline"), ("webhooks", "Idempotency-Key")],
)
def test_the_documents_are_on_the_hub_itself(pages: TestClient, part: str, there: str) -> None:
    page = pages.get(f"{PAGE}/docs", params={"part": part}).text
    assert there in page
    assert "https://" not in page.replace("https://example.com", "")


def test_a_part_that_is_not_there_is_not_found(pages: TestClient) -> None:
    assert pages.get(f"{PAGE}/docs", params={"part": "nonsense"}).status_code == 404
