"""The page of a store: its parts, what each role may see of it, and its charts' data."""

from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import DAYS, StoreUnderTest


def read(client: TestClient, store: StoreUnderTest, **headers: str) -> Document:
    answer = client.get(f"/stores/{store.store_id}?lang=en", headers=headers)
    assert answer.status_code == 200
    return Document.of(answer.text)


def test_one_page_gathers_what_is_known_of_the_store(
    pages: TestClient, store: StoreUnderTest
) -> None:
    """STO-02, TSD-02: health, live values, alerts, sales, footfall and equipment."""
    page = read(pages, store)
    headings = [one.text for one in page.all("h2")]
    for heading in ("Open alerts", "Live values", "Trends", "Sales today", "Equipment"):
        assert heading in headings
    assert len([one for one in page.all("article") if "tile" in one.attributes["class"]]) == 9
    assert page.all("h1")[0].text == "上海南京西路店"
    assert "1 critical" in page.text
    assert len(page.all("figure")) == 6


def test_a_part_of_the_page_comes_alone_and_is_the_same(
    pages: TestClient, store: StoreUnderTest
) -> None:
    """Every block is reachable by the page's own address."""
    whole = read(pages, store)
    for name in ("vitals", "open_alerts", "sales"):
        part = read(pages, store, **{"HX-Request": "true", "HX-Target": name})
        assert part.elements[0].attributes["id"] == name
        assert not part.all("html", "nav")
        (same,) = [one for one in whole.elements if one.attributes.get("id") == name]
        assert part.elements[0].attributes == same.attributes


def test_doors_and_tills_tell_what_they_counted_today(
    pages: TestClient, store: StoreUnderTest
) -> None:
    """TSD-02, TSD-09: not how many ever came, nor only that a till is connected."""
    part = read(pages, store, **{"HX-Request": "true", "HX-Target": "counting"})
    tiles = [one.text for one in part.all("article")]
    assert len(tiles) == 4
    assert any("In today" in text and "Out today" in text for text in tiles)
    assert any("Sales today" in text and "¥35" in text for text in tiles)


def test_a_technician_sees_machines_but_no_money(store: StoreUnderTest) -> None:
    """SEC-08: what a role may not read is not on the page, nor in the charts' data."""
    client = signed_in(store, "technician")
    page = read(client, store)
    assert "Sales today" not in page.text
    assert "Footfall today" not in page.text
    assert "¥" not in page.text
    assert "冷冻柜" in page.text
    charts = client.get(f"/stores/{store.store_id}/charts").json()["charts"]
    assert set(charts) == {"cold", "freezer", "climate", "power"}


def test_a_store_out_of_reach_is_not_found(pages: TestClient) -> None:
    assert pages.get(f"/stores/{uuid4()}").status_code == 404
    assert pages.get("/stores/nonsense").status_code == 422


@pytest.mark.parametrize(("range_", "step_min"), [("14d", 60), ("1d", 5)])
def test_charts_share_their_buckets_and_leave_gaps_open(
    pages: TestClient, store: StoreUnderTest, range_: str, step_min: int
) -> None:
    """TSD-11: six hours without readings are null in every line."""
    answer = pages.get(f"/stores/{store.store_id}/charts?range={range_}&width=800").json()
    lines = [chart for chart in answer["charts"].values() if not chart["bars"]]
    assert {chart["step"] for chart in lines} == {step_min * 60_000}
    assert len({chart["start"] for chart in lines}) == 1
    assert all(len(line["low"]) == chart["n"] for chart in lines for line in chart["lines"])
    if range_ == "14d":
        assert all(line["mean"].count(None) >= 5 for chart in lines for line in chart["lines"])


def test_the_freezers_chart_bears_its_alert_and_the_limit_it_broke(
    pages: TestClient, store: StoreUnderTest
) -> None:
    """ALR-05."""
    charts = pages.get(f"/stores/{store.store_id}/charts?range=1d").json()["charts"]
    assert charts["freezer"]["limits"] == [{"value": -15.0}]
    assert [mark["severity"] for mark in charts["freezer"]["marks"]] == ["critical"]
    assert charts["cold"]["limits"] == charts["cold"]["marks"] == []


def test_trade_is_by_the_hour_near_and_by_the_stores_day_far(
    pages: TestClient, store: StoreUnderTest
) -> None:
    """TSD-09."""
    for range_, least, most in (("1d", 25, 26), ("14d", DAYS, DAYS + 1)):
        charts = pages.get(f"/stores/{store.store_id}/charts?range={range_}").json()["charts"]
        assert least <= len(charts["sales"]["x"]) <= most
        assert charts["sales"]["x"] == charts["footfall"]["x"]
        assert any(charts["footfall"]["lines"][0]["mean"])


@pytest.mark.parametrize("query", ["from=5&to=1", "from=0&to=9999999999999", "width=5"])
def test_a_range_that_makes_no_sense_is_refused(
    pages: TestClient, store: StoreUnderTest, query: str
) -> None:
    answer = pages.get(
        f"/stores/{store.store_id}/charts?{query}", headers={"Accept": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["status"] == 422
