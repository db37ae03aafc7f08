"""The API of record types: INT-01, SEC-06, SEC-10 as programs meet them."""

from typing import Any

import pytest

from hub.archive.catalogue import RECORD_TYPES
from hub.kit.records.declare import path_of
from tests.hub.web.world_under_test import API, CHIEF, World

MANAGER = "store_manager"


def equipment(world: World, **values: Any) -> dict[str, Any]:
    plain = {"store_id": str(world.mine.id), "code": "X-1", "name": "Oven", "type": "oven"}
    return plain | values


def url(world: World, *parts: object) -> str:
    return "/".join([API, "equipment", *map(str, parts)])


def test_a_record_lives_its_life(world: World) -> None:
    client = world.as_(MANAGER)
    answer = client.post(url(world), json=equipment(world, code="LIFE", cost_minor=128_000))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["version"], made["cost_minor"], made["currency"]) == (1, 128_000, "CNY")
    assert made["created_at"].endswith("Z")
    one = url(world, made["id"])
    assert client.get(one).json() == made

    changed = client.patch(one, json={"brand": "Haier", "version": 1, "reason": "plate read"})
    assert changed.json() | {"updated_at": 0} == made | {
        "brand": "Haier",
        "version": 2,
        "updated_at": 0,
    }
    log = client.get(f"{one}/history").json()
    assert [(step["action"], step["by"], step["reason"]) for step in log] == [
        ("update", MANAGER, "plate read"),
        ("create", MANAGER, ""),
    ]
    assert log[0]["values"] == {"brand": [None, "Haier"]}
    assert client.get(f"{one}/history?before={log[0]['seq']}").json() == log[1:]

    undone = client.post(f"{one}/history/{log[0]['seq']}/undo")
    assert undone.json()["brand"] is None
    assert client.delete(one).status_code == 204
    assert client.get(one).json()["archived_at"]
    assert client.patch(one, json={"brand": "x"}).status_code == 409
    assert client.post(f"{one}/restore").json()["archived_at"] is None


def test_a_clash_answers_409_with_both_values(world: World) -> None:
    client = world.as_(MANAGER)
    one = url(world, world.mine.cabinet)
    version = client.get(one).json()["version"]
    assert client.patch(one, json={"team": "A", "version": version}).status_code == 200
    answer = client.patch(one, json={"team": "B", "version": version})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["conflicts"] == {"team": {"now": "A", "yours": "B"}}
    assert told["version"] == version + 1


@pytest.mark.parametrize(
    ("language", "sentence"), [("zh-CN", "这一项必填。"), ("en", "This is required.")]
)
def test_what_is_wrong_is_told_by_field_in_the_readers_language(
    still_world: World, language: str, sentence: str
) -> None:
    """RFC 9457"""
    body = equipment(still_world, type="spaceship", colour="red")
    del body["name"]
    answer = still_world.as_(MANAGER).post(
        url(still_world), json=body, headers={"Accept-Language": language}
    )
    assert answer.status_code == 422
    told = answer.json()
    assert (told["status"], told["instance"]) == (422, url(still_world))
    assert told["errors"].keys() == {"name", "type", "colour"}
    assert told["errors"]["name"] == sentence


@pytest.mark.parametrize("body", ["", "null", "[]", '"x"', "{", "1e999", '{"a":' * 2000])
def test_a_body_that_is_no_record_is_refused(still_world: World, body: str) -> None:
    for method in ("POST", "PATCH"):
        path = url(still_world, *([still_world.mine.cabinet] if method == "PATCH" else []))
        headers = {"Content-Type": "application/json"}
        answer = still_world.as_(MANAGER).request(method, path, content=body, headers=headers)
        assert answer.status_code in (400, 422), (method, answer.status_code)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_name_that_is_taken_says_which_field(world: World) -> None:
    answer = world.as_(MANAGER).post(url(world), json=equipment(world, code="CAB-1"))
    assert answer.status_code == 409
    assert answer.json()["errors"].keys() == {"code"}


def test_nothing_but_declared_fields_can_be_set(world: World) -> None:
    """ASVS 15.3.3: mass assignment."""
    for name in ("id", "chain_id", "archived_at", "created_at", "__class__"):
        answer = world.as_(MANAGER).patch(url(world, world.mine.cabinet), json={name: None})
        assert answer.status_code == 422, name


def test_lists_come_in_pages(world: World) -> None:
    client = world.as_(MANAGER)
    for number in range(5):
        body = equipment(world, code=f"PAGE-{number}", type="shelf")
        assert client.post(url(world), json=body).status_code == 201
    path = f"{url(world)}?filter[type]=shelf&sort=-code&size=2"
    page = client.get(path).json()
    assert page["total"] == 5
    seen = [item["code"] for item in page["items"]]
    while page["next"]:
        page = client.get(f"{path}&cursor={page['next']}").json()
        seen += [item["code"] for item in page["items"]]
    assert seen == [f"PAGE-{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    "query", ["filter[colour]=red", "sort=colour", "size=1000000", "cursor=x", "q=" + "x" * 101]
)
def test_a_query_that_makes_no_sense_answers_422(still_world: World, query: str) -> None:
    answer = still_world.as_(MANAGER).get(f"{url(still_world)}?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"]


@pytest.mark.parametrize("seq", [0, -1, 2**63, 10**30])
def test_every_integer_of_an_address_is_bounded(still_world: World, seq: int) -> None:
    one = url(still_world, still_world.mine.cabinet)
    client = still_world.as_(MANAGER)
    assert client.get(f"{one}/history?before={seq}").status_code == 422
    assert client.post(f"{one}/history/{seq}/undo").status_code == 422


def test_a_change_is_told_to_those_who_watch_once_it_is_committed(world: World) -> None:
    before = world.services.live.last_id
    client = world.as_(MANAGER)
    client.patch(url(world, world.mine.cabinet), json={"notes": "seen"})
    client.patch(url(world, world.mine.cabinet), json={"notes": "x" * 5000})
    assert world.services.live.last_id == before + 1
    event = world.services.live._ring[-1]
    assert (event.kind, event.store_id) == ("record", world.mine.id)
    assert event.data["id"] == str(world.mine.cabinet)


def test_record_types_tell_what_one_may_do(still_world: World) -> None:
    told = {t["name"]: t for t in still_world.as_("clerk").get(f"{API}/record-types").json()}
    assert told.keys() >= {"stores", "areas", "equipment", "regions", "chains", "customers"}
    assert told.keys().isdisjoint({"suppliers", "employees", "health-profiles", "users"})
    assert told["equipment"]["can"] == ["read"]
    assert told["equipment"]["belongs_to"] == "store"
    fields = {f["name"]: f for f in told["equipment"]["fields"]}
    assert fields["setpoint_c"]["unit"] == "°C"
    assert fields["area_id"]["target"] == "areas"
    assert fields["type"]["choices"][0] == {
        "value": "cabinet",
        "label": {"zh": "冷藏柜", "en": "Cold cabinet"},
    }
    assert "users" in {t["name"] for t in still_world.as_(CHIEF).get(f"{API}/record-types").json()}


def test_openapi_is_typed_for_every_record_type(still_world: World) -> None:
    document = still_world.browser().get(f"{API}/openapi.json").json()
    schemas, paths = document["components"]["schemas"], document["paths"]
    for model in RECORD_TYPES:
        path = f"{API}/{path_of(model)}"
        assert {"get", "post"} <= paths[path].keys()
        assert {"get", "patch", "delete"} <= paths[f"{path}/{{id}}"].keys()
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert body["$ref"].endswith(f"/{model.__name__}Create")
        assert {"id", "version"} <= schemas[model.__name__]["properties"].keys()
    names = {p["name"] for p in paths[f"{API}/equipment"]["get"]["parameters"]}
    assert {"filter[type]", "filter[purchased_on][gte]", "filter[name][has]", "cursor"} <= names
    ids = [m["operationId"] for p in paths.values() for m in p.values() if "operationId" in m]
    assert len(ids) == len(set(ids))
