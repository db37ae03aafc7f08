"""Health and cold-chain log of a store, as API and pages (ANA-24, J4 step 1)."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import StoreUnderTest


def test_the_api_tells_score_parts_and_top_problems(
    pages: TestClient, store: StoreUnderTest
) -> None:
    found = pages.get(f"/api/v1/stores/{store.store_id}/health").json()
    assert 0 <= found["score"] < 85
    assert [one["part"] for one in found["parts"]] == [
        "equipment",
        "sales",
        "traffic",
        "data",
        "compliance",
    ]
    assert sum(one["weight"] for one in found["parts"]) == 100
    for one in found["parts"]:
        assert (one["score"] is None) == (one["evidence"] is None)
    first = found["problems"][0]
    assert (first["severity"], first["part"]) == ("critical", "equipment")
    assert first["alert_id"]
    assert first["action"]["zh"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_says_what_to_do_first(
    pages: TestClient, store: StoreUnderTest, language: str
) -> None:
    page = Document.of(pages.get(f"/stores/{store.store_id}/health?lang={language}").text)
    words = {
        "zh": ("先做这几件", "温度偏高", "我的任务"),
        "en": ("Do these first", "Too warm", "My tasks"),
    }
    for word in words[language]:
        assert word in page.text
    assert [one for one in page.values("action") if one.startswith("/work-orders/from-alert/")]


def test_only_who_may_see_sales_sees_the_score(store: StoreUnderTest) -> None:
    technician = signed_in(store, "technician")
    assert technician.get(f"/api/v1/stores/{store.store_id}/health").status_code == 403
    assert technician.get(f"/stores/{store.store_id}/health").status_code == 403


def test_the_log_of_a_day_is_signed_once(store: StoreUnderTest) -> None:
    """HACCP: figures of the readings, excursions with what was done, a name under it."""
    client = signed_in(store, "manager")
    url = f"/stores/{store.store_id}/cold-chain"
    day = (store.now - timedelta(days=3)).date()
    page = Document.of(client.get(f"{url}?day={day}&lang=en").text)
    assert "冷冻柜" in page.text
    assert "°C" in page.text
    signed = client.post(f"{url}/{day}?lang=en", data={"note": "all checked"})
    assert "all checked" in Document.of(signed.text).text
    assert client.post(f"{url}/{day}", data={"note": ""}).status_code == 409
    early = client.post(f"{url}/{(store.now + timedelta(days=1)).date()}", data={"note": ""})
    assert early.status_code == 409
    assert signed_in(store, "analyst").post(f"{url}/{day}", data={}).status_code == 403
