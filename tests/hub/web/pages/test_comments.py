"""Comments on the page of a record, mentions and their receipts (CHN-11)."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.hub.web.pages.test_records import english, page
from tests.hub.web.world_under_test import API, CHIEF, World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def chief(world: World) -> TestClient:
    return english(world.signed_in(CHIEF))


def test_from_a_comment_to_its_receipt(world: World, chief: TestClient) -> None:
    record = f"/archive/equipment/{world.mine.cabinet}"
    text = "Please look at the seal, @technician."
    answer = chief.post(f"{record}/comments", data={"text": text}, follow_redirects=False)
    assert answer.headers["location"] == f"{record}#comments"
    assert "@technician" in page(chief, record).text
    named = english(world.signed_in("technician"))
    mentions = page(named, "/mentions")
    assert "look at the seal" in mentions.text
    (open_it,) = [one for one in mentions.values("action") if one.startswith("/mentions/")]
    assert named.post(open_it, follow_redirects=False).headers["location"].startswith(record)
    assert "@technician · read" in page(chief, record).text
    assert "unread" not in page(named, "/mentions").text


def test_what_one_may_no_longer_read_is_not_told(world: World, chief: TestClient) -> None:
    """The technician has the first store alone."""
    elsewhere = f"/archive/equipment/{world.foreign[0].cabinet}"
    chief.post(f"{elsewhere}/comments", data={"text": "hidden words @technician"})
    named = english(world.signed_in("technician"))
    assert "hidden words" not in page(named, "/mentions").text
    assert named.post(f"{elsewhere}/comments", data={"text": "x"}).status_code == 404


def test_a_comment_is_withdrawn_by_its_author(world: World, chief: TestClient) -> None:
    record = f"/archive/regions/{world.amber.region}"
    chief.post(f"{record}/comments", data={"text": "too early"})
    (away,) = [one for one in page(chief, record).values("action") if one.endswith("/withdraw")]
    clerk = english(world.signed_in("clerk"))
    assert not [one for one in page(clerk, record).values("action") if one.endswith("/withdraw")]
    assert clerk.post(away).status_code == 404
    chief.post(away)
    assert "too early" not in page(chief, record).text


def test_comments_by_the_api(world: World) -> None:
    client = world.as_(CHIEF)
    where = f"{API}/equipment/{world.mine.cabinet}/comments"
    made = client.post(where, json={"text": "by the API"})
    assert made.status_code == 201, made.text
    assert client.get(where).json()[-1]["id"] == made.json()["id"]
    assert client.post(where, json={"text": ""}).status_code == 422
    foreign = f"{API}/equipment/{world.cobalt.stores[0].cabinet}/comments"
    assert client.get(foreign).status_code == 404
