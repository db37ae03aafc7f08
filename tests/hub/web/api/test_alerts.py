"""/alerts: life of an alert over HTTP, by role and scope (ALR-05, ALR-07)."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from hub.alerts.families import STORM_WINDOW
from hub.alerts.models import Alert
from hub.alerts.raising import Raising
from hub.detection.findings import Rule, Severity
from hub.kit.clock import utc_now
from tests.hub.alerts.findings import finding
from tests.hub.web.world_under_test import API, World

MANAGER = "store_manager"


def raise_alert(world: World, store_id: UUID, **given: Any) -> str:
    """A new open alert of a source of its own, no part of a storm; its id."""
    chains = {world.mine.id: world.amber.id, world.amber.stores[1].id: world.amber.id}
    source = given.pop("source", f"{uuid4().hex[:8]}/air_temperature_c")
    with world.amber.db.system("test") as connection:
        found = finding(store_id, source=source, **given)
        before = utc_now() - STORM_WINDOW - timedelta(seconds=1)
        connection.execute(update(Alert).where(Alert.raised_at > before).values(raised_at=before))
        (told,) = Raising(connection, chains).post([found], utc_now())
    return str(told.alert_id)


def test_one_alert_says_what_why_and_what_to_do(world: World) -> None:
    alert = raise_alert(world, world.mine.id, severity=Severity.HIGH)
    found = world.as_(MANAGER).get(f"{API}/alerts/{alert}").json()
    assert (found["rule"], found["severity"], found["status"]) == (
        "temperature-high",
        "high",
        "raised",
    )
    assert found["title"] == {"zh": "温度偏高", "en": "Too warm"}
    assert found["says"]["en"] == "Now -11.2 °C, usually -20.1 °C, limit -15 °C."
    assert found["measure"][0]["zh"]
    assert found["evidence"]["limit"] == -15.0
    assert [line["kind"] for line in found["history"]] == ["raised"]
    assert found["raised_at"].endswith("Z")


def test_its_life_by_http(world: World) -> None:
    one = f"{API}/alerts/{raise_alert(world, world.mine.id)}"
    client = world.as_(MANAGER)
    assert client.post(f"{one}/acknowledge").json()["status"] == "acknowledged"
    assert client.post(f"{one}/acknowledge", json={"note": "again"}).status_code == 200
    given = {"user_id": str(uuid4()), "note": "please"}
    assert client.post(f"{one}/assign", json=given).json()["assigned_to"] == given["user_id"]
    assert client.post(f"{one}/comment", json={"note": "Part ordered."}).status_code == 200
    until = (utc_now() + timedelta(hours=2)).isoformat()
    shelved = client.post(f"{one}/shelve", json={"until": until, "reason": "part ordered"})
    assert shelved.json()["status"] == "shelved"
    done = client.post(f"{one}/resolve", json={"note": "Fan replaced."}).json()
    assert (done["status"], done["is_open"]) == ("resolved", False)
    assert [line["kind"] for line in done["history"]] == [
        "raised",
        "acknowledged",
        "assigned",
        "commented",
        "shelved",
        "resolved",
    ]
    assert client.post(f"{one}/assign", json=given).status_code == 409


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("comment", {"note": ""}),
        ("comment", {}),
        ("assign", {"user_id": "nobody"}),
        ("shelve", {"until": "2020-01-01T00:00:00Z", "reason": "past"}),
        ("shelve", {"until": "2999-01-01T00:00:00", "reason": "no zone"}),
        ("acknowledge", {"note": "x" * 2001}),
    ],
)
def test_wrong_values_are_refused(world: World, action: str, body: dict[str, str]) -> None:
    one = f"{API}/alerts/{raise_alert(world, world.mine.id)}"
    answer = world.as_(MANAGER).post(f"{one}/{action}", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_other_stores_alerts_are_not_there(world: World) -> None:
    other = f"{API}/alerts/{raise_alert(world, world.amber.stores[1].id)}"
    client = world.as_(MANAGER)
    assert client.get(other).status_code == 404
    assert client.post(f"{other}/acknowledge").status_code == 404
    listed = client.get(f"{API}/alerts", params={"filter[status]": "all"}).json()
    assert {one["store_id"] for one in listed["items"]} <= {str(world.mine.id)}


def test_who_may_only_look_may_not_touch(world: World) -> None:
    one = f"{API}/alerts/{raise_alert(world, world.mine.id)}"
    clerk = world.as_("clerk")
    assert clerk.get(one).status_code == 200
    assert clerk.post(f"{one}/acknowledge").status_code == 403


def test_lists_filter_and_page(world: World) -> None:
    client = world.as_(MANAGER)
    made = [
        raise_alert(world, world.mine.id, rule=Rule.PAPER_OUT, severity=Severity.LOW)
        for _ in range(5)
    ]
    asked = {"filter[rule]": "paper-out", "filter[severity]": "low,medium", "size": "2"}
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"{API}/alerts", params=asked | {"cursor": cursor}).json()
        assert page["total"] == 5
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "asked",
    [
        {"filter[status]": "gone"},
        {"filter[severity]": "awful"},
        {"filter[rule]": "no-such-rule"},
        {"filter[colour]": "red"},
        {"filter[store_id]": "7"},
        {"cursor": "nonsense"},
        {"size": "100000"},
    ],
)
def test_a_wrong_question_is_answered_with_what_is_wrong(
    world: World, asked: dict[str, str]
) -> None:
    answer = world.as_(MANAGER).get(f"{API}/alerts", params=asked)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == list(asked)


def test_free_text_finds_store_trouble_and_source(world: World) -> None:
    """ALR-07: in both languages."""
    alert = raise_alert(world, world.mine.id, source="icebox/paper_out", rule=Rule.PAPER_OUT)
    client = world.as_(MANAGER)
    for wanted in ("缺纸", "paper OUT", "icebox"):
        found = client.get(f"{API}/alerts", params={"q": wanted}).json()["items"]
        assert alert in [one["id"] for one in found], wanted
    stores = {
        one["store_id"]
        for one in client.get(f"{API}/alerts", params={"q": world.mine.word}).json()["items"]
    }
    assert stores == {str(world.mine.id)}
    assert client.get(f"{API}/alerts", params={"q": "100%"}).json()["items"] == []


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("acknowledge", None),
        ("assign", {}),
        ("shelve", {"until": "2999-01-01T00:00:00Z", "reason": "waiting for a part"}),
        ("resolve", {"note": "done"}),
    ],
)
def test_every_act_can_be_taken_back(world: World, act: str, body: dict[str, str] | None) -> None:
    alert = raise_alert(world, world.mine.id)
    client = world.as_(MANAGER)
    assert client.post(f"{API}/alerts/{alert}/{act}", json=body).status_code == 200
    undone = client.post(f"{API}/alerts/{alert}/undo").json()
    assert (undone["status"], undone["is_open"], undone["acknowledged_at"]) == (
        "raised",
        True,
        None,
    )
    kind = "unacknowledged" if act == "acknowledge" else "undone"
    assert [line["kind"] for line in undone["history"]][-1] == kind
    assert client.post(f"{API}/alerts/{alert}/undo").status_code == 409


def test_a_vote_can_be_changed_and_is_for_those_who_act(world: World) -> None:
    alert = raise_alert(world, world.mine.id)
    url = f"{API}/alerts/{alert}/vote"
    for useful in (True, False):
        assert world.as_(MANAGER).post(url, json={"is_useful": useful}).status_code == 204
    assert world.as_("clerk").post(url, json={"is_useful": True}).status_code == 403
