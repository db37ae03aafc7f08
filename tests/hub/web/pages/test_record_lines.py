"""Lines in the forms of the archive: typed, corrected, removed (PRD-04, UX-01)."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.hub.web.document import Document
from tests.hub.web.pages.test_records import english, filled, page
from tests.hub.web.world_under_test import CHIEF, World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def chief(world: World) -> TestClient:
    return english(world.signed_in(CHIEF))


def send(client: TestClient, path: str, values: dict[str, str], status: int = 303) -> str:
    answer = client.post(path, data=values, follow_redirects=False)
    assert answer.status_code == status, answer.text[:2000]
    return answer.headers.get("location", "") or answer.text


def variants(client: TestClient, where: str) -> list[tuple[str, int | None]]:
    found = client.get(f"/api/v1{where.removeprefix('/archive')}").json()["variants"]
    return [(one["name"], one["price_minor"]) for one in found]


def new_product(client: TestClient, code: str, **lines: str) -> str:
    values = filled(page(client, "/archive/products/new"))
    values |= {"code": code, "name": f"Water {code}", "price_minor": "2.00"}
    values |= {f"variants.{name.replace('_', '.', 1)}": value for name, value in lines.items()}
    return send(client, "/archive/products/new", values)


def test_lines_typed_into_a_new_form_are_kept(chief: TestClient) -> None:
    """The first row was left empty; money is typed in whole units."""
    where = new_product(chief, "W-1", **{"1_name": "550 ml", "1_price_minor": "2.50"})
    assert variants(chief, where) == [("550 ml", 250)]
    shown = page(chief, where)
    assert "550 ml" in shown.text
    assert "2.50" in shown.text


def test_a_form_without_changes_changes_nothing(chief: TestClient) -> None:
    where = new_product(chief, "W-2", **{"0_name": "small", "0_price_minor": "1.20"})
    send(chief, f"{where}/edit", filled(page(chief, f"{where}/edit")))
    found = chief.get(f"/api/v1{where.removeprefix('/archive')}").json()
    assert found["version"] == 1


def test_an_emptied_row_is_removed_and_a_spare_one_added(chief: TestClient) -> None:
    where = new_product(chief, "W-3", **{"0_name": "small", "1_name": "large"})
    values = filled(page(chief, f"{where}/edit"))
    values |= {"variants.0.name": "", "variants.2.name": "huge"}
    send(chief, f"{where}/edit", values)
    assert variants(chief, where) == [("large", None), ("huge", None)]
    assert "small" in page(chief, where).text, "the history keeps it"


def test_what_is_wrong_stands_at_its_input(chief: TestClient) -> None:
    where = new_product(chief, "W-4", **{"0_name": "small"})
    values = filled(page(chief, f"{where}/edit"))
    values["variants.1.barcode"] = "6901234567893"
    again = Document.of(send(chief, f"{where}/edit", values, 422))
    wrong = [one for one in again.all("input") if one.attributes.get("aria-invalid")]
    assert [one.attributes["name"] for one in wrong] == ["variants.1.barcode"]
    assert wrong[0].attributes["value"] == "6901234567893"
    assert "check digit" in again.text
    send(chief, f"{where}/edit", filled(again) | {"variants.1.barcode": "6921168509256"})
    assert len(variants(chief, where)) == 2


def test_a_barcode_of_another_product_is_told_at_the_lines(chief: TestClient) -> None:
    new_product(chief, "W-5", **{"0_barcode": "96385074"})
    values = filled(page(chief, "/archive/products/new"))
    values |= {"code": "W-6", "name": "Copy", "variants.0.barcode": "96385074"}
    assert "This barcode is taken." in send(chief, "/archive/products/new", values, 422)


def test_every_input_of_a_line_has_a_name_of_its_own(chief: TestClient) -> None:
    """UX-13"""
    document = page(chief, "/archive/products/new")
    ids = document.values("id")
    assert len(ids) == len(set(ids))
    names = [
        one.attributes["aria-label"]
        for one in document.all("input")
        if one.attributes.get("name", "").startswith("variants.") and "aria-label" in one.attributes
    ]
    assert len(names) == len(set(names)) == 8
