"""Stock on pages: look it up, see why, correct it, and bind what no one knew (INV-01, 02, 19)."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert
from starlette.testclient import TestClient

from hub.analytics.tables import UnknownCode
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest

WATER = "2000000011004"  # 饮用天然水 550ml, 3,060 pieces on the first day


@pytest.fixture
def client(store: StoreUnderTest) -> TestClient:
    return signed_in(store, LOGIN.username)


def item_page(client: TestClient, q: str) -> str:
    """The address of the only item that these words find."""
    page = Document.of(client.get("/stock", params={"lang": "en", "q": q}).text)
    (href,) = {one for one in page.values("href") if one.startswith("/stock/0")}
    return href


@pytest.mark.parametrize("q", [WATER, "yinyong", "yytrs", "饮用天然水"])
def test_an_item_is_found_as_people_call_it(client: TestClient, q: str) -> None:
    text = Document.of(client.get(f"{item_page(client, q)}?lang=en").text).text
    assert "饮用天然水 550ml" in text
    assert "Opening balance" in text


def test_a_list_is_shown_alone_where_only_it_is_asked_for(client: TestClient) -> None:
    """What typing and live events bring."""
    headers = {"HX-Request": "true", "HX-Target": "stock_list"}
    answer = client.get("/stock", params={"lang": "en", "q": WATER}, headers=headers)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="stock_list"')


def test_a_loss_in_two_taps_counts_once_and_says_why(client: TestClient) -> None:
    """INV-02: opening the item, and the reason; a form sent twice is one document."""
    path = item_page(client, "打火机")
    form = {"document": str(uuid4()), "kind": "loss", "quantity": "2", "loss": "expired"}
    for _ in range(2):
        assert client.post(f"{path}?lang=en", data=form).status_code == 200
    text = Document.of(client.get(f"{path}?lang=en").text).text
    assert text.count("Expired") == 2  # the button, and one line of the history
    assert "448" in text  # of 450


def test_an_adjustment_needs_a_reason_and_a_number(client: TestClient) -> None:
    path = item_page(client, "口香糖")
    form = {"document": str(uuid4()), "kind": "adjust", "quantity": "-3", "reason": ""}
    assert client.post(path, data=form).status_code == 422
    for wrong in ("", "many", "0", "1e30", "nan", "0.0001"):
        told = form | {"quantity": wrong, "reason": "found"}
        assert client.post(path, data=told).status_code == 422
    assert client.post(path, data=form | {"reason": "shelf check"}).status_code == 200
    assert "shelf check" in client.get(path).text


def test_how_many_there_were_on_a_day(client: TestClient) -> None:
    path = item_page(client, "充电线")
    assert "90<small>" in client.get(f"{path}?on=2100-01-01").text
    assert "0<small>" in client.get(f"{path}?on=2020-01-01").text


def test_an_unknown_code_is_bound_by_a_person(client: TestClient, store: StoreUnderTest) -> None:
    row = {
        "chain_id": store.chain_id,
        "store_id": store.store_id,
        "code": "ZONGZI",
        "name": "粽子",
        "lines": 1,
        "quantity_milli": 1000,
        "first_at": store.now,
        "last_at": store.now,
    }
    with store.services.db.system("test") as connection:
        connection.execute(insert(UnknownCode), [row])
    assert "ZONGZI" in client.get("/stock/codes").text
    wrong = client.post("/stock/codes", data={"code": "ZONGZI", "item": "no such thing"})
    assert wrong.status_code == 422
    client.post("/stock/codes", data={"code": "ZONGZI", "item": WATER})
    assert "ZONGZI" not in client.get("/stock/codes").text
    assert client.post("/stock/codes", data={"code": "ZONGZI", "item": WATER}).status_code == 404


def test_who_only_looks_corrects_nothing(store: StoreUnderTest, client: TestClient) -> None:
    path = item_page(client, "雨伞")
    analyst = signed_in(store, "analyst")
    assert analyst.get(path).status_code == 200
    form = {"document": str(uuid4()), "kind": "loss", "quantity": "1", "loss": "lost"}
    assert analyst.post(path, data=form).status_code == 403
    assert analyst.post("/stock/codes", data={"code": "x", "item": WATER}).status_code == 403
    missing = f"/stock/{store.store_id}/{UUID(int=5)}"
    assert client.get(missing).status_code == 404
