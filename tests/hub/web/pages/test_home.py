"""One's own overview: chosen, ordered and sized, by role to begin with (UX-09)."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from hub.security.roles import SEEDS
from hub.web.home import DEFAULTS, LEAD, TILES, Tile
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def tiles(client: TestClient) -> list[str]:
    """Ids of the parts of the overview in their order; a part without data is not there."""
    return re.findall(r'id="(vitals|stores|open_alerts|changes)"', client.get("/").text)


def sizes(client: TestClient) -> list[str]:
    return re.findall(r'class="board-(\w+)"', client.get("/").text)


def test_the_defaults_name_known_roles_and_every_tile_once() -> None:
    roles = {seed.code for seed in SEEDS}
    for held, shown in DEFAULTS:
        assert held <= roles
        assert len({tile.id for tile in shown}) == len(shown)
    assert {tile.id for tile in LEAD} == set(TILES)


def test_a_role_has_its_own_beginning(world: World) -> None:
    manager, technician = world.signed_in("store_manager"), world.signed_in("technician")
    assert tiles(manager) == ["vitals", "open_alerts", "stores", "changes"]
    assert tiles(technician) == ["open_alerts", "changes", "stores"]


def test_a_choice_is_one_s_own_and_can_be_taken_back(world: World) -> None:
    manager = english(world.signed_in("store_manager"))
    form = {"order": "changes,stores,vitals,nonsense", "show.changes": "1", "show.stores": "1"}
    form |= {"size.changes": "full", "size.stores": "narrow", "size.vitals": "full"}
    manager.post("/home", data=form | {"show.nonsense": "1", "size.nonsense": "full"})
    assert tiles(manager) == ["changes", "stores"]
    assert sizes(manager) == ["full", "narrow"]
    assert tiles(world.signed_in("store_manager")) == ["changes", "stores"], "any browser"
    assert tiles(world.signed_in("hq_manager"))[0] == "vitals", "nobody else"
    part = manager.get("/", headers={"HX-Target": "stores"}).text
    assert "<html" not in part
    assert 'id="stores"' in part
    manager.post("/home", data={"order": "changes", "default": "1"})
    assert len(tiles(manager)) == 4


def test_what_another_release_kept_does_no_harm() -> None:
    assert Tile.of("gone:wide") is None
    assert Tile.of("stores:huge") is None
    assert Tile.of("stores:wide") == LEAD[2]
