"""INT-15: a request that is sent twice is done once; records are changed as they were seen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from hub.archive.suppliers.records import Supplier
from hub.security.replays import KeptAnswer
from hub.security.retention import KEEPINGS
from hub.security.roles import SEEDS
from hub.settings import HubSettings
from hub.web.application import create_app
from tests.hub.chain_under_test import PASSWORD
from tests.hub.web.world_under_test import API, CHIEF, World

SUPPLIERS = f"{API}/suppliers"


def supplier() -> dict[str, str]:
    return {"code": f"S-{uuid4().hex[:10]}", "name": "North Wind"}


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


def made(world: World, **headers: str) -> Any:
    answer = world.as_(CHIEF).post(SUPPLIERS, json=supplier(), headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


def count(world: World, model: type[Any]) -> int:
    with world.amber.read() as session:
        return session.scalar(select(func.count()).select_from(select(model.id).subquery())) or 0


def test_the_same_request_gives_the_same_answer_and_is_done_once(world: World) -> None:
    client, body, once = world.as_(CHIEF), supplier(), key()
    first = client.post(SUPPLIERS, json=body, headers=once)
    before = count(world, Supplier)
    again = client.post(SUPPLIERS, json=body, headers=once)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert count(world, Supplier) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", SUPPLIERS, {"code": "other", "name": "Another body"}),
        ("PATCH", f"{SUPPLIERS}/{{id}}", {"name": "Another address"}),
    ],
)
def test_a_key_stands_for_one_request(
    world: World, method: str, path: str, body: Mapping[str, str]
) -> None:
    once = key()
    first = made(world, **once).json()
    path = path.replace("{id}", first["id"])
    refused = world.as_(CHIEF).request(method, path, json=body, headers=once)
    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.json()["detail"]


def test_a_key_is_its_senders_own(world: World) -> None:
    """Whoever guesses a key learns nothing: here it is a new request, which clashes."""
    body, once = supplier(), key()
    assert world.as_(CHIEF).post(SUPPLIERS, json=body, headers=once).status_code == 201
    other = world.as_("wide").post(SUPPLIERS, json=body, headers=once)
    assert other.status_code == 409
    assert "Idempotency-Replayed" not in other.headers


def test_what_was_refused_is_not_kept(world: World) -> None:
    client, once = world.as_(CHIEF), key()
    assert client.post(SUPPLIERS, json={"code": ""}, headers=once).status_code == 422
    kept = count(world, KeptAnswer)
    assert client.post(SUPPLIERS, json=supplier(), headers=once).status_code == 201
    assert count(world, KeptAnswer) == kept + 1


def test_actions_without_a_body_are_done_once_too(world: World) -> None:
    client, one, once = world.as_(CHIEF), made(world).json(), key()
    where = f"{SUPPLIERS}/{one['id']}"
    assert client.delete(where, headers=once).status_code == 204
    assert client.post(f"{where}/restore").status_code == 200
    assert client.delete(where, headers=once).status_code == 204  # the answer of before
    assert client.get(where).json()["archived_at"] is None


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 129])
def test_a_key_is_a_plain_word(world: World, wrong: str) -> None:
    headers = {"Idempotency-Key": wrong}
    refused = world.as_(CHIEF).post(SUPPLIERS, json=supplier(), headers=headers)
    assert refused.status_code == 422


def test_a_key_is_refused_where_nobody_would_honour_it(world: World) -> None:
    body = {"name": "till", "scopes": ["stores.read"]}
    refused = world.as_(CHIEF).post(f"{API}/auth/tokens", json=body, headers=key())
    assert refused.status_code == 422


def test_kept_answers_are_sealed_and_go_after_a_day(world: World) -> None:
    made(world, **key())
    with world.amber.read() as session:
        kept = session.scalars(select(KeptAnswer)).all()
    assert not [one for one in kept if "North Wind" in one.answer]
    assert [one.days for one in KEEPINGS if one.model is KeptAnswer] == [1]


def test_what_one_has_is_not_sent_again(world: World) -> None:
    client, first = world.as_(CHIEF), made(world)
    where = f"{SUPPLIERS}/{first.json()['id']}"
    tag = client.get(where).headers["ETag"]
    assert tag == first.headers["ETag"]
    same = client.get(where, headers={"If-None-Match": f'"0-00000000", W/{tag}'})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    changed = client.patch(where, json={"name": "South Wind"})
    other = client.get(where, headers={"If-None-Match": tag})
    assert (other.status_code, other.headers["ETag"]) == (200, changed.headers["ETag"])


def test_a_record_is_changed_as_it_was_seen_or_not_at_all(world: World) -> None:
    """412 even where other fields changed; `version` in the body would merge these."""
    client, first = world.as_(CHIEF), made(world)
    where, seen = f"{SUPPLIERS}/{first.json()['id']}", {"If-Match": first.headers["ETag"]}
    assert client.patch(where, json={"lead_time_days": 3}).status_code == 200
    stale = client.patch(where, json={"name": "Late"}, headers=seen)
    assert (stale.status_code, stale.json()["version"]) == (412, 2)
    assert client.delete(where, headers=seen).status_code == 412
    assert client.patch(where, json={"name": "Any"}, headers={"If-Match": "*"}).status_code == 200
    now = {"If-Match": client.get(where).headers["ETag"]}
    assert client.delete(where, headers=now).status_code == 204


def test_a_token_and_a_stranger_are_told_when_to_come_back(world: World) -> None:
    settings = HubSettings(
        data_dir=world.services.settings.data_dir,
        api_requests_per_minute=3,
        api_refusals_per_minute=2,
    )
    app = create_app(replace(world.services, settings=settings))
    client = TestClient(app, base_url="http://127.0.0.1:8080")
    form = {"username": SEEDS[0].code, "password": PASSWORD}
    token = client.post(f"{API}/auth/token", data=form).json()["access_token"]
    own = {"Authorization": f"Bearer {token}"}
    assert [client.get(f"{API}/auth/me", headers=own).status_code for _ in range(3)] == [200] * 3
    refused = client.get(f"{API}/auth/me", headers=own)
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["Retry-After"]) >= 20
    answers = [client.get(f"{API}/auth/me").status_code for _ in range(3)]
    assert answers == [401, 401, 429]
