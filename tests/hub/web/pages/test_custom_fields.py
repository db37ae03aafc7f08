"""A field added in a page is in every form, list, file and answer of its type (CHN-07, OPS-03)."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.hub.web.document import Document
from tests.hub.web.world_under_test import CHIEF, World, open_world

CLERK = "clerk"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def admin(world: World) -> TestClient:
    client = world.signed_in(CHIEF)
    client.headers["Sec-Fetch-Site"] = "same-origin"
    client.cookies.set("lang", "en")
    return client


def page(client: TestClient, path: str) -> Document:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:400]
    return Document.of(answer.text)


def test_an_administrator_adds_a_field_and_everybody_has_it(
    world: World, admin: TestClient
) -> None:
    made = {"of_type": "equipment", "label_zh": "承重", "label_en": "Carries", "code": "carries"}
    made |= {"kind": "decimal", "unit": "kg", "in_list": "true"}
    assert admin.post("/archive/custom-fields/new", data=made).status_code == 200
    cabinet = f"/archive/equipment/{world.mine.cabinet}"
    form = page(admin, f"{cabinet}/edit")
    (drawn,) = [one for one in form.all("input") if one.attributes.get("name") == "x_carries"]
    assert drawn.attributes["inputmode"] == "decimal"
    sent = {"x_carries": "12.5", "was.x_carries": "", "version": "1"}
    shown = admin.post(f"{cabinet}/edit", data=sent)
    assert "12.5" in shown.text
    assert "Carries" in shown.text
    assert "12.5" in admin.get("/archive/equipment?sort=-x_carries").text
    assert "amber-2" not in admin.get("/archive/equipment?filter[x_carries][gte]=12000").text
    assert world.mine.word not in admin.get("/archive/equipment?filter[x_carries][gte]=13000").text
    assert "Carries" in admin.get("/archive/equipment/filters/x_carries").text
    told = admin.get(f"/api/v1/equipment/{world.mine.cabinet}").json()
    assert told["custom"] == {"carries": 12500}
    answer = admin.patch(f"/api/v1/equipment/{world.mine.cabinet}", json={"custom": {"carries": 1}})
    assert answer.json()["custom"] == {"carries": 1}
    types = {one["name"]: one for one in admin.get("/api/v1/record-types").json()}
    (own,) = types["equipment"]["custom"]
    assert (own["name"], own["kind"], own["unit"]) == ("carries", "milli", "kg")
    export = admin.get("/api/v1/equipment/export").text
    assert "Carries (kg)" in export or "承重 (kg)" in export


def test_it_is_changed_in_the_list_and_for_many_at_once(world: World, admin: TestClient) -> None:
    made = {"of_type": "equipment", "label_zh": "楼层", "label_en": "Floor", "code": "floor"}
    made |= {"kind": "whole", "in_list": "true"}
    admin.post("/archive/custom-fields/new", data=made)
    cell = f"/archive/equipment/{world.mine.cabinet}/cells/x_floor"
    assert "Floor" in admin.get(cell).text
    told = admin.post(cell, data={"value": "3"}).json()
    assert "3" in told["html"]
    bar = page(admin, "/archive/equipment")
    assert "x_floor" in bar.values("value")
    assert 'name="value"' in admin.get("/archive/equipment/bulk/field?field=x_floor").text
    sent = {"action": "set", "field": "x_floor", "value": "4", "id": str(world.mine.cabinet)}
    assert admin.post("/archive/equipment/bulk", data=sent).status_code == 200


def test_only_who_may_define_fields_sees_them(world: World) -> None:
    assert world.signed_in(CLERK).get("/archive/custom-fields").status_code == 403
