"""Practice mode: the same roles on demo data, marked, resettable, and nothing goes out (UX-11)."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from hub.alerts.notices.courier import Courier
from hub.alerts.notices.links import Links
from hub.alerts.notices.models import ChannelKind
from hub.alerts.notices.outbox import Way
from hub.alerts.notices.services import AllowedHosts, Letter
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import API, World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def manager(world: World) -> TestClient:
    """A store manager who has entered practice mode."""
    browser = english(world.signed_in("store_manager"))
    assert browser.post("/practice").status_code == 200
    return browser


def names(client: TestClient, kind: str) -> list[str]:
    return [one["name"] for one in client.get(f"{API}/{kind}").json()["items"]]


def practice_chain(client: TestClient) -> UUID:
    return UUID(client.get(f"{API}/chains").json()["items"][0]["id"])


def test_one_sees_demo_data_alone_with_the_same_roles(world: World, manager: TestClient) -> None:
    page = manager.get("/")
    assert "Nothing here is real" in page.text
    assert "amber" not in page.text
    assert names(manager, "stores") == ["练习店"]
    assert manager.get("/admin/people").status_code == 403
    assert manager.get("/stock").status_code == 200
    file = manager.get("/archive/suppliers/export?format=csv")
    assert "practice-suppliers" in file.headers["content-disposition"]


def test_leaving_brings_the_real_session_back(world: World, manager: TestClient) -> None:
    manager.post("/practice/leave")
    assert "Nothing here is real" not in manager.get("/").text
    assert names(manager, "stores") == ["amber-1"]


def test_a_reset_puts_everything_back_and_others_out(world: World, manager: TestClient) -> None:
    clerk = english(world.signed_in("clerk"))
    clerk.post("/practice")
    assert practice_chain(clerk) == practice_chain(manager), "one chain for all of the company"
    store = manager.get(f"{API}/stores").json()["items"][0]
    change = {"version": store["version"], "name": "Mine"}
    assert manager.patch(f"{API}/stores/{store['id']}", json=change).status_code == 200
    before = practice_chain(manager)
    manager.post("/practice/reset")
    assert names(manager, "stores") == ["练习店"]
    assert practice_chain(manager) != before
    assert clerk.get(f"{API}/stores").status_code == 401
    manager.post("/practice/leave")
    assert names(manager, "stores") == ["amber-1"]


def test_practice_is_entered_from_the_real_data_alone(manager: TestClient) -> None:
    assert manager.post("/practice").status_code == 403


def test_no_message_leaves_a_practice_chain(world: World, manager: TestClient) -> None:
    """The way is never even unsealed: it could not be sent."""
    services = world.services
    courier = Courier(services.db, services.vault, Links(services.vault, ""), AllowedHosts.of(""))
    way = Way(world.mine.id, ChannelKind.WECOM, "never opened", "")
    try:
        courier.deliver(practice_chain(manager), way, Letter("t", "b"))
        with pytest.raises(Exception, match=r".+"):
            courier.deliver(world.amber.id, way, Letter("t", "b"))
    finally:
        courier.close()
