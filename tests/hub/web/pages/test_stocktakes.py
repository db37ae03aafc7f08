"""Stocktakes on pages and by phone: blind, scanned, pasted, recounted, posted (INV-12 … INV-22)."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from hub.archive.products.records import ProductVariant
from hub.archive.stock.models import BALANCES
from hub.archive.stocktakes.records import Stocktake
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.security.accounts import Grant, NewAccount, add_account
from hub.security.passwords import Passwords
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest

WATER = "2000000011004"


@pytest.fixture
def client(store: StoreUnderTest) -> TestClient:
    return signed_in(store, LOGIN.username)


def begin(client: TestClient, store: StoreUnderTest, part: str = "all", blind: bool = True) -> str:
    """A count of this part; its address."""
    form = {"store": str(store.store_id), "part": part} | ({"blind": "on"} if blind else {})
    answer = client.post("/stock/counts", data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def cancel(client: TestClient, path: str) -> None:
    assert client.post(f"{path}/cancel").status_code == 200


def scan(client: TestClient, path: str, **entry: object) -> dict[str, list[dict[str, object]]]:
    one = {"id": str(uuid4()), "at": utc_now().isoformat()} | entry
    url = f"/api/v1/stocktakes/{path.rpartition('/')[2]}/entries"
    answer = client.post(url, json={"entries": [one]})
    assert answer.status_code == 200, answer.text
    found: dict[str, list[dict[str, object]]] = answer.json()
    return found


def on_hand(store: StoreUnderTest, barcode: str) -> int:
    with store.services.db.system_read("test") as connection:
        item = select(ProductVariant.id).where(ProductVariant.barcode == barcode)
        held = select(BALANCES.c.on_hand_milli).where(BALANCES.c.item_id.in_(item))
        return int(connection.execute(held).scalar_one())


def test_a_blind_count_from_the_first_scan_to_the_ledger(
    client: TestClient, store: StoreUnderTest
) -> None:
    before = on_hand(store, WATER)
    path = begin(client, store)
    page = client.get(f"{path}?lang=en").text
    assert str(before // 1000) not in re.sub(r"[,\s]", "", Document.of(page).text)
    assert scan(client, path, code=WATER)["items"][0]["counted_milli"] == 1000
    told = scan(client, path, code=WATER, quantity_milli=2_000_000)["items"][0]
    assert (told["counted_milli"], told["title"]) == (2_001_000, "饮用天然水 550ml")
    assert scan(client, path, code="no such code")["refused"][0]["code"] == "no such code"
    api = f"/api/v1/stocktakes/{path.rpartition('/')[2]}"
    (line,) = client.get(f"{api}/lines", params={"show": "counted"}).json()["items"]
    assert (line["counted_milli"], line["snapshot_milli"], line["book_milli"]) == (
        2_001_000,
        None,
        None,
    )
    text = Document.of(client.post(f"{path}/review?lang=en").text).text
    assert "To be reviewed" in text
    (line,) = client.get(f"{api}/lines", params={"show": "differs"}).json()["items"]
    assert (line["snapshot_milli"], line["difference_milli"]) == (before, 2_001_000 - before)
    client.post(f"{path}/again")
    assert "recount" in client.get(f"{path}?lang=en").text
    scan(client, path, code=WATER, quantity_milli=2_500_000)
    client.post(f"{path}/review")
    assert "Posted" in client.post(f"{path}/post?lang=en").text
    assert on_hand(store, WATER) == 2_500_000
    assert client.post(f"{path}/post").status_code == 409


def test_a_pasted_list_enters_all_or_tells_every_error(
    client: TestClient, store: StoreUnderTest
) -> None:
    path = begin(client, store)
    form = {"document": str(uuid4()), "lines": f"{WATER},3\nnothing,1\n{WATER},many\n,2"}
    wrong = client.post(f"{path}/paste?lang=en", data=form)
    assert wrong.status_code == 422
    for n in (2, 3, 4):
        assert f"Line {n}:" in wrong.text
    counted = {"show": "counted"}
    lines = f"/api/v1/stocktakes/{path.rpartition('/')[2]}/lines"
    assert client.get(lines, params=counted).json()["items"] == []
    for _ in range(2):  # sent twice
        client.post(f"{path}/paste", data=form | {"lines": f"{WATER}\t3\n{WATER}，4"})
    (line,) = client.get(lines, params=counted).json()["items"]
    assert line["counted_milli"] == 7000
    cancel(client, path)


def test_who_counts_neither_decides_nor_posts(client: TestClient, store: StoreUnderTest) -> None:
    path = begin(client, store, part="class:C", blind=False)
    analyst = signed_in(store, "analyst")
    assert analyst.get(path).status_code == 200
    one = {"id": str(uuid4()), "at": utc_now().isoformat(), "code": WATER}
    api = f"/api/v1/stocktakes/{path.rpartition('/')[2]}"
    assert analyst.post(f"{api}/entries", json={"entries": [one]}).status_code == 403
    for step in ("review", "keep", "missing", "again", "cancel"):
        assert analyst.post(f"{path}/{step}", data={"keep": "count"}).status_code in (403, 409), (
            step
        )
    assert client.post(f"{path}/no-such-step").status_code == 404
    assert client.post("/stock/counts", data={"store": "x"}).status_code == 422
    cancel(client, path)
    with store.services.db.system_read("test") as connection:
        states = connection.scalars(select(Stocktake.status)).all()
    assert "counting" not in states  # other tests begin in a quiet store


def test_a_blind_count_hides_quantities_on_every_page(
    client: TestClient, store: StoreUnderTest
) -> None:
    """INV-22: from who works in the store, until the count is over."""
    grants = (Grant("stock_keeper", store.store_id),)
    keeper = NewAccount("keeper", "库管", LOGIN.password, grants, must_change=False)
    add_account(store.services.db, Passwords(), store.chain_id, keeper, Asker.hub("test"))
    own = signed_in(store, "keeper")
    (href,) = {
        one
        for one in Document.of(client.get("/stock", params={"q": WATER}).text).values("href")
        if one.startswith("/stock/0")
    }
    assert "counted blind" not in own.get("/stock", params={"q": WATER, "lang": "en"}).text
    path = begin(client, store)
    assert "counted blind" in own.get("/stock", params={"q": WATER, "lang": "en"}).text
    hidden = Document.of(own.get(f"{href}?lang=en").text).text
    assert "It is being counted blind" in hidden
    assert "On hand" not in hidden
    for page in ("/stock/on", "/stock/watch?show=all"):
        assert "饮用天然水" not in own.get(page).text
    assert "On hand" in client.get(f"{href}?lang=en").text  # head office goes on seeing it
    cancel(client, path)
    assert "On hand" in own.get(f"{href}?lang=en").text
