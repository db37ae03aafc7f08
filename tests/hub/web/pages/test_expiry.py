"""What expires soon is seen, marked down or written off in two taps; recalled (INV-23, J6.5)."""

import re
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.pages.test_stock import item_page
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest


@pytest.fixture
def client(store: StoreUnderTest) -> TestClient:
    return signed_in(store, LOGIN.username)


def test_a_lot_from_the_shelf_to_the_bin(client: TestClient, store: StoreUnderTest) -> None:
    path = item_page(client, "雨伞")
    lot = {"document": str(uuid4()), "kind": "adjust", "quantity": "5", "reason": "found"}
    for name, day in (("L-1", "2020-01-01"), ("L-2", "2099-01-01")):
        told = lot | {"document": str(uuid4()), "lot": name, "expires": day}
        assert client.post(path, data=told).status_code == 200
    assert "L-1" in client.get(path).text
    swap = {"document": str(uuid4()), "from": "L-2", "to": "L-1", "quantity": "1"}
    assert client.post(f"{path}/lot", data=swap).status_code == 200
    listed = client.get("/stock/expiry", params={"lang": "en"}).text
    assert "L-1" in listed
    assert "L-2" not in listed
    far = client.get("/stock/expiry", params={"until": "2099-01-02", "lot": "L-2", "lang": "en"})
    assert "L-2" in Document.of(far.text).text
    item = path.rpartition("/")[2]
    base = f"/stock/expiry/{store.store_id}/{item}"
    draft = client.post(f"{base}/mark-down")
    assert re.search(r"/archive/promotions/", str(draft.url))
    assert "30" in draft.text
    form = {"lot": "L-1", "document": str(uuid4())}
    assert "L-1" not in client.post(f"{base}/write-off", data=form).text
    assert client.post(f"{base}/write-off", data=form).status_code == 404
    analyst = signed_in(store, "analyst")
    assert analyst.post(f"{base}/write-off", data=form).status_code == 403
