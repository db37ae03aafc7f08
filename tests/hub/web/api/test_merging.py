"""Duplicates over the API: found, made one with all that hangs on them, parted (CUS-25)."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from hub.archive.suppliers.records import Supplier
from hub.kit.records.apply import Change, apply
from tests.hub.web.api.test_files import picture
from tests.hub.web.world_under_test import API, CHIEF, World, open_world

SUPPLIERS = f"{API}/suppliers"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def test_a_merge_takes_photos_and_comments_along_and_its_undo_brings_them_back(
    world: World,
) -> None:
    chief = world.as_(CHIEF)
    with world.amber.write() as session:
        keep, gone = (
            apply(session, Supplier, Change(values={"code": code, "name": name})).id
            for code, name in (("M-1", "Sunrise Ltd."), ("M-2", "SUNRISE"))
        )

    def attached(id: object) -> tuple[int, int]:
        files = chief.get(f"{SUPPLIERS}/{id}/files").json()
        return len(files), len(chief.get(f"{SUPPLIERS}/{id}/comments").json())

    sent = {"file": ("shop.jpg", picture(), "image/jpeg")}
    assert chief.post(f"{SUPPLIERS}/{gone}/files", files=sent).status_code == 201
    said = chief.post(f"{SUPPLIERS}/{gone}/comments", json={"text": "they are late"})
    assert said.status_code == 201
    pairs = chief.get(f"{SUPPLIERS}/duplicates").json()
    assert {str(keep), str(gone)} in [{one["one"], one["other"]} for one in pairs]

    body = {"goes": str(gone), "take": ["name"]}
    key = {"Idempotency-Key": uuid4().hex}
    made = chief.post(f"{SUPPLIERS}/{keep}/merge", json=body, headers=key)
    assert made.status_code == 200, made.text
    again = chief.post(f"{SUPPLIERS}/{keep}/merge", json=body, headers=key)
    assert again.json() == made.json(), "sent twice, it is one merge"
    assert attached(keep) == (1, 1)
    assert chief.get(f"{SUPPLIERS}/{keep}").json()["name"] == "SUNRISE"

    undo = f"{SUPPLIERS}/{keep}/merge/undo"
    assert chief.post(undo, json={"batch": str(uuid4())}).status_code == 404
    assert chief.post(undo, json=made.json()).status_code == 204
    assert (attached(keep), attached(gone)) == ((0, 0), (1, 1))
    assert chief.post(undo, json=made.json()).status_code == 404, "it is undone"


def test_whoever_leads_one_store_merges_nothing(world: World) -> None:
    manager = world.as_("store_manager")
    assert manager.get(f"{API}/customers/duplicates").status_code == 403
    body = {"goes": str(uuid4())}
    mine = world.amber.ids["customers"]
    assert manager.post(f"{API}/customers/{mine}/merge", json=body).status_code in (403, 404)
