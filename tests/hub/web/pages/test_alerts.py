"""The list of alerts and the page of one (ALR-05, ALR-07)."""

import re
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from hub.web.pages.alerts import shelf_end
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document, Element
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest


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
    assert client.post(f"/api/v1{url}/undo").status_code == 200
    text = Document.of(client.get(url).text).text
    for line in ("Acknowledged", "Note: 门封条坏了", "Took the acknowledgement back"):
        assert line in text
    assert client.post(f"/api/v1{url}/undo").status_code == 409


def test_nobody_takes_back_what_somebody_else_acknowledged(store: StoreUnderTest) -> None:
    manager, technician = signed_in(store, "manager"), signed_in(store, "technician")
    alert_id = freezer(manager)
    manager.post(f"/alerts/{alert_id}/acknowledge")
    assert technician.post(f"/api/v1/alerts/{alert_id}/undo").status_code == 409
    assert manager.post(f"/api/v1/alerts/{alert_id}/undo").status_code == 200


def test_shelving_and_assigning_by_form(store: StoreUnderTest) -> None:
    client = signed_in(store, "manager")
    url = f"/alerts/{freezer(client)}"
    wrong = client.post(f"{url}/shelve", data={"until": "never", "reason": "x"})
    assert wrong.status_code == 422
    client.post(f"{url}/shelve", data={"until": "1h", "reason": "等配件"})
    text = Document.of(client.get(f"{url}?lang=en").text).text
    assert "Shelved: 等配件" in text
    assert "it comes back by itself" in text
    client.post(f"{url}/unshelve")
    page = Document.of(client.get(f"{url}?lang=en").text)
    person = page.all("option")[0]
    client.post(f"{url}/assign", data={"user_id": person.attributes["value"]})
    assert f"Assigned: {person.text.strip()}" in Document.of(client.get(url).text).text
    client.post(f"/api/v1{url}/undo")


@pytest.mark.parametrize(
    ("key", "end"),
    [
        ("1h", "2026-03-17 22:30"),
        ("morning", "2026-03-18 08:00"),
        ("monday", "2026-03-23 08:00"),
        ("week", "2026-03-24 21:30"),
    ],
)
def test_the_shelf_ends_by_the_clock_of_the_store(key: str, end: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    now = datetime(2026, 3, 17, 13, 30, tzinfo=UTC)
    assert shelf_end(key, now, zone).astimezone(zone).strftime("%Y-%m-%d %H:%M") == end


def test_the_play_book_takes_the_words_of_the_chain(store: StoreUnderTest) -> None:
    """ALR-05: alerts, pages and API say them; emptied, they are the old ones again."""
    client = signed_in(store, LOGIN.username)
    words = {"cause_zh": "风幕机没开。", "measure_en": "Start the air curtain.\nCall the landlord."}
    client.post("/alerts/playbook/temperature-high", data=words)
    page = Document.of(client.get(f"/alerts/{freezer(client)}?lang=en").text)
    assert [one.text for one in page.all("li") if "air curtain" in one.text]
    assert "风幕机没开。" in client.get("/alerts/playbook?lang=zh").text
    client.post("/alerts/playbook/temperature-high", data=dict.fromkeys(words, ""))
    assert "air curtain" not in client.get("/alerts/playbook?lang=en").text
    assert client.post("/alerts/playbook/nonsense", data=words).status_code == 404


def test_the_noisy_rules_of_a_month(pages: TestClient) -> None:
    """ALR-15."""
    text = Document.of(pages.get("/alerts/quality?lang=en").text).text
    assert "Door left open" in text
    assert "Noise" in text


def test_who_may_only_read_has_no_buttons_and_is_refused(store: StoreUnderTest) -> None:
    """SEC-08."""
    analyst = signed_in(store, "analyst")
    page = Document.of(analyst.get(f"/alerts/{freezer(analyst)}").text)
    assert not [one for one in page.values("action") if one.startswith("/alerts")]
    assert analyst.post(f"/alerts/{freezer(analyst)}/acknowledge").status_code == 403


def test_the_number_in_the_menu_is_that_of_open_alerts(pages: TestClient) -> None:
    assert pages.get("/alerts/count").json() == {"open": 2}
