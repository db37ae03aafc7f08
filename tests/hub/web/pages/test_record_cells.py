"""One value of a list, changed where it stands: saved, refused, clashed, taken back (UX-02)."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.hub.web.document import Document
from tests.hub.web.pages.test_records import english, filled, page
from tests.hub.web.world_under_test import World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def manager(world: World) -> TestClient:
    return english(world.signed_in("store_manager"))


def cell(world: World, field: str) -> str:
    return f"/archive/equipment/{world.mine.cabinet}/cells/{field}"


def version(world: World, client: TestClient) -> str:
    told = client.get(f"{cell(world, 'brand')}?shown=1").json()
    return str(told["version"])


def test_a_cell_offers_its_input_and_saves(world: World, manager: TestClient) -> None:
    drawn = Document.of(manager.get(cell(world, "type")).text)
    assert {"cabinet", "freezer"} <= {one.attributes["value"] for one in drawn.all("option")}
    seen = version(world, manager)
    told = manager.post(cell(world, "cost_minor"), data={"value": "12,800.5", "version": seen})
    assert told.status_code == 200
    answer = told.json()
    assert (answer["html"], answer["empty"]) == ("\u00a512,800.50", False)
    assert answer["said"] == "Cost saved"
    assert answer["version"] > int(seen)
    assert manager.post(answer["undo"]).status_code == 200
    assert manager.get(f"{cell(world, 'cost_minor')}?shown=1").json()["empty"] is True


def test_a_wrong_value_is_told_and_nothing_is_written(world: World, manager: TestClient) -> None:
    answer = manager.post(cell(world, "cost_minor"), data={"value": "many"})
    assert answer.status_code == 422
    assert answer.json()["error"].endswith(".")
    assert manager.post(cell(world, "name"), data={"value": " "}).status_code == 422


def test_a_clash_tells_both_values_and_the_second_enter_takes_ones_own(
    world: World, manager: TestClient
) -> None:
    seen = version(world, manager)
    manager.post(cell(world, "brand"), data={"value": "Theirs", "version": seen})
    answer = manager.post(cell(world, "brand"), data={"value": "Mine", "version": seen})
    assert answer.status_code == 409
    clash = answer.json()
    assert "\u201cTheirs\u201d" in clash["error"]
    again = {"value": "Mine", "version": clash["version"]}
    assert manager.post(cell(world, "brand"), data=again).json()["html"] == "Mine"


def test_the_same_value_again_is_no_change(world: World, manager: TestClient) -> None:
    told = manager.post(cell(world, "team"), data={"value": ""}).json()
    assert "undo" not in told


def test_who_may_not_change_gets_no_input(world: World, manager: TestClient) -> None:
    clerk = english(world.signed_in("clerk"))
    assert clerk.get(cell(world, "brand")).status_code == 403
    assert clerk.post(cell(world, "brand"), data={"value": "x"}).status_code == 403
    elsewhere = f"/archive/equipment/{world.foreign[0].cabinet}/cells/brand"
    assert manager.get(elsewhere).status_code == 404
    assert manager.post(elsewhere, data={"value": "x"}).status_code == 404


@pytest.mark.parametrize("field", ["id", "chain_id", "nothing", "notes"])
def test_only_what_fits_into_a_cell_is_edited_there(
    world: World, manager: TestClient, field: str
) -> None:
    assert manager.get(cell(world, field)).status_code == 404


def test_a_copy_starts_with_all_but_what_is_unique(world: World, manager: TestClient) -> None:
    new = page(manager, f"/archive/equipment/new?copy={world.mine.cabinet}")
    values = filled(new)
    assert (values["code"], values["serial_no"]) == ("", "")
    assert (values["type"], values["area_id"]) == ("cabinet", str(world.mine.area))
    foreign = f"/archive/equipment/new?copy={world.foreign[0].cabinet}"
    page(manager, foreign, 404)
