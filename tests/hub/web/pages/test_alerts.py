"""The list of alerts and the page of one (ALR-05, ALR-07)."""

import re
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document, Element
from tests.hub.web.store_under_test import StoreUnderTest


def rows(client: TestClient, query: str = "") -> list[Element]:
    page = Document.of(client.get(f"/alerts?lang=en{query}").text)
    return [one for one in page.elements if "data-alert" in one.attributes]


def freezer(client: TestClient) -> UUID:
    return UUID(rows(client, "&severity=critical")[0].attributes["data-alert"])


def test_the_worst_comes_first_with_cause_measure_and_life(pages: TestClient) -> None:
    first, second = rows(pages)
    assert "冷冻柜: too warm" in first.text
    for part in ("Now −12.4 °C", "Cause Lost refrigerant", "Do Check that the door", "for 34 min"):
        assert part in re.sub(r"\s+", " ", first.text)
    assert "counter counts nobody" in second.text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2),
        ("&status=all", 3),
        ("&status=raised", 2),
        ("&severity=critical", 1),
        ("&severity=low", 0),
        ("&severity=nonsense", 2),
        ("&store=nonsense", 2),
        ("&store=00000000-0000-7000-8000-000000000000", 0),
        ("&status=nonsense", 2),
    ],
)
def test_filters_are_in_the_address(pages: TestClient, query: str, count: int) -> None:
    assert len(rows(pages, query)) == count


def test_an_empty_list_says_what_to_do_next(pages: TestClient) -> None:
    page = Document.of(pages.get("/alerts?lang=en&severity=low").text)
    assert "No alert matches" in page.text
    assert "/alerts?status=all" in page.values("href")


def test_the_trend_of_the_value_stands_beside_its_limit(pages: TestClient) -> None:
    page = Document.of(pages.get("/alerts").text)
    assert [one.attributes["class"] for one in page.all("line")] == ["spark-limit"]


def test_one_alert_tells_its_history_and_earlier_cases(pages: TestClient) -> None:
    page = Document.of(pages.get(f"/alerts/{freezer(pages)}?lang=en").text)
    assert "What to do" in page.text
    for part in ("Raised", "Measure the goods", "call refrigeration service", "Done, close it"):
        assert part in page.text


def test_the_evidence_is_a_chart_with_its_limit(pages: TestClient) -> None:
    """ALR-06."""
    answer = pages.get(f"/alerts/{freezer(pages)}/charts?width=600").json()
    chart = answer["charts"]["evidence"]
    assert chart["limits"] == [{"value": -15.0}]
    assert chart["n"] == len(chart["lines"][0]["mean"])


def test_an_alert_without_a_series_has_no_chart(pages: TestClient) -> None:
    (counter,) = [one for one in rows(pages) if "counter" in one.text]
    page = Document.of(pages.get(f"/alerts/{counter.attributes['data-alert']}").text)
    assert not page.all("figure")
    assert pages.get(f"/alerts/{counter.attributes['data-alert']}/charts").status_code == 404


def test_acknowledge_comment_and_undo_leave_their_lines(store: StoreUnderTest) -> None:
    """Without any script too: forms that come back to the page."""
    client = signed_in(store, "manager")
    url = f"/alerts/{freezer(client)}"
    assert client.post(f"{url}/acknowledge").status_code == 200
    assert client.post(f"{url}/comment", data={"note": "门封条坏了"}).status_code == 200
    assert client.post(f"{url}/unacknowledge").status_code == 204
    text = Document.of(client.get(url).text).text
    for line in ("Acknowledged", "Note: 门封条坏了", "Note: Took the acknowledgement back."):
        assert line in text
    again = client.post(f"{url}/unacknowledge", headers={"Accept": "application/json"})
    assert again.status_code == 409


def test_nobody_takes_back_what_somebody_else_acknowledged(store: StoreUnderTest) -> None:
    manager, technician = signed_in(store, "manager"), signed_in(store, "technician")
    url = f"/alerts/{freezer(manager)}"
    manager.post(f"{url}/acknowledge")
    refused = technician.post(f"{url}/unacknowledge", headers={"Accept": "application/json"})
    assert refused.status_code == 409
    assert manager.post(f"{url}/unacknowledge").status_code == 204


def test_who_may_only_read_has_no_buttons_and_is_refused(store: StoreUnderTest) -> None:
    """SEC-08."""
    analyst = signed_in(store, "analyst")
    page = Document.of(analyst.get(f"/alerts/{freezer(analyst)}").text)
    assert not [one for one in page.values("action") if one.startswith("/alerts")]
    assert analyst.post(f"/alerts/{freezer(analyst)}/acknowledge").status_code == 403


def test_the_number_in_the_menu_is_that_of_open_alerts(pages: TestClient) -> None:
    assert pages.get("/alerts/count").json() == {"open": 2}
