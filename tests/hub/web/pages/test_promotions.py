"""A promotion is tried on a basket before it is published, and every line says why (MKT-04)."""

import pytest
from starlette.testclient import TestClient

from hub.archive.promotions.records import Promotion, PromotionKind
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Scope
from hub.kit.records.apply import Change, apply
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest

WATER = "2000000011004"


@pytest.fixture
def client(store: StoreUnderTest) -> TestClient:
    return signed_in(store, LOGIN.username)


def test_a_draft_is_tried_and_its_conflict_told(client: TestClient, store: StoreUnderTest) -> None:
    with store.services.db.write(Scope(store.chain_id, None)) as session:
        bind_asker(session, Asker.hub("test"))
        for code, off in (("spring", 50), ("late", 10)):
            told = {"code": code, "name": code, "kind": PromotionKind.PERCENT, "off_percent": off}
            apply(session, Promotion, Change(values=told | {"priority": off}))
    basket = {"lang": "en", "basket": f"{WATER} 2\nno-such-thing"}
    text = Document.of(client.get("/promotions", params=basket).text).text
    assert "spring: 50% off" in text
    assert "No article is called “no-such-thing”." in text
    assert "“spring” goes first; “late” does not apply to the same goods." in text
    assert "Its goods have another offer that does not combine." in text
    assert signed_in(store, "analyst").get("/promotions").status_code == 200
