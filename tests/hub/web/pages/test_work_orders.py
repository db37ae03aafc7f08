"""Work orders on pages: list, board, one order, the machine that a scan opens, labels."""

from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest


@pytest.fixture
def client(store: StoreUnderTest) -> TestClient:
    return signed_in(store, "manager")


def machine(client: TestClient) -> UUID:
    items = client.get("/api/v1/equipment?filter[type]=freezer").json()["items"]
    return UUID(items[0]["id"])


def reported(client: TestClient, title: str) -> str:
    """The page of an order that was reported by one tap."""
    form = {"sent_id": str(uuid4()), "title": title}
    answer = client.post(f"/machines/{machine(client)}/report?lang=en", data=form)
    assert answer.status_code == 200
    return str(answer.url.path)


def test_a_fault_in_one_tap_and_its_way_by_forms(client: TestClient) -> None:
    """STO-06, STO-12, J3 step 4 and 5: without any script too."""
    path = reported(client, "Freezer: leaks")
    client.post(f"{path}/accept")
    client.post(f"{path}/move", data={"status": "working"})
    page = Document.of(client.get(f"{path}?lang=en").text)
    boxes = [one for one in page.all("input") if one.attributes.get("name") == "item"]
    assert len(boxes) > 3
    for box in boxes:
        item = box.attributes["value"]
        client.post(f"{path}/check", data={"item": item, "done": "true"})
    client.post(f"{path}/parts", data={"name": "seal", "quantity": 2, "cost": "35.5"})
    done = client.post(f"{path}/done", data={"remedy": "new seal", "signed_by": "on site"})
    assert "¥35.50" in done.text
    text = Document.of(client.post(f"{path}/verify?lang=en").text).text
    for part in ("Verified", "new seal", "Part used: seal × 2", "on site"):
        assert part in text


def test_list_board_and_machine_show_it(client: TestClient) -> None:
    path = reported(client, "Freezer: strange noise")
    for query in ("", "&layout=board", "&show=all"):
        assert path in Document.of(client.get(f"/work-orders?lang=en{query}").text).values("href")
    shown = Document.of(client.get(f"/machines/{machine(client)}?lang=en").text)
    assert path in shown.values("href")
    assert "Mean time to repair" in shown.text


@pytest.mark.parametrize("layout", ["sheet", "tape"])
def test_labels_have_a_code_and_words_for_each_machine(client: TestClient, layout: str) -> None:
    """STO-12."""
    page = Document.of(client.get(f"/machines/labels/{layout}").text)
    number = client.get("/api/v1/equipment?size=200").json()["total"]
    assert len([one for one in page.all("svg") if one.attributes.get("role") == "img"]) == number


def test_who_only_looks_has_no_buttons(client: TestClient, store: StoreUnderTest) -> None:
    path = reported(client, "Freezer: no power")
    analyst = signed_in(store, "analyst")
    actions = Document.of(analyst.get(path).text).values("action")
    assert not [one for one in actions if one.startswith("/work-orders")]
    assert signed_in(store, LOGIN.username).get(path).status_code == 200
