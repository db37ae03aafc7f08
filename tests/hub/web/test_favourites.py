"""Pages at hand and the page a day begins with, by person and by role (UX-09)."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from hub.security.roles import SEEDS
from hub.web.favourites import DEFAULTS, MAX, STARTS
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def start(client: TestClient) -> str:
    return client.get("/start", follow_redirects=False).headers["location"]


def star(client: TestClient, href: str, title: str = "A page") -> int:
    return client.post("/favourites", data={"href": href, "title": title}).status_code


def test_the_defaults_name_known_roles_and_pages() -> None:
    roles = {seed.code for seed in SEEDS}
    assert all(held <= roles and page in STARTS for held, page in DEFAULTS)


def test_a_role_begins_where_its_work_is(world: World) -> None:
    assert start(world.signed_in("store_manager")) == "/"
    assert start(world.signed_in("clerk")) == "/tasks"
    assert start(world.signed_in("technician")) == "/work-orders?show=mine"


def test_a_page_is_kept_at_hand_in_every_browser_until_it_is_taken_away(world: World) -> None:
    manager = english(world.signed_in("store_manager"))
    page = "/archive/equipment?q=door"
    assert star(manager, page, "Doors of\n ours") == 200
    again = english(world.signed_in("store_manager"))
    for shown in (again.get("/alerts").text, again.get("/palette").text):
        assert "Doors of ours" in shown
    assert 'aria-label="Remove from favourites"' in again.get(page).text
    assert "Doors of ours" not in world.signed_in("hq_manager").get("/alerts").text
    again.post("/home", data={"order": "stores", "default": "1", "start": page})
    assert start(manager) == page, "a page at hand may be the first"
    star(manager, page)
    assert "Doors of ours" not in manager.get("/alerts").text
    assert start(manager) == "/", "what is no longer at hand is not where the day begins"


def test_only_so_many_and_only_pages_of_the_hub(world: World) -> None:
    clerk = world.signed_in("clerk")
    for number in range(MAX):
        assert star(clerk, f"/alerts?page={number}") in (200, 403)
    assert star(clerk, "/alerts?page=99") == 422
    star(world.signed_in("hq_analyst"), "https://elsewhere.example/")
    assert "elsewhere" not in world.signed_in("hq_analyst").get("/alerts").text


def test_who_signs_in_without_a_wish_goes_to_the_own_first_page(world: World) -> None:
    form = {"username": "clerk", "password": "correct horse"}
    answer = world.browser().post("/login", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/start"
    wished = world.browser().post(
        "/login", data={**form, "next": "/alerts"}, follow_redirects=False
    )
    assert wished.headers["location"] == "/alerts"
