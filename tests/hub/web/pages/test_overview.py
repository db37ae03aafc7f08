"""The overview: worst first, what changed, and nothing that a role may not see."""

import re
from uuid import uuid4

from starlette.testclient import TestClient

from hub.live import Event, EventKind
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import StoreUnderTest


def text_of(client: TestClient) -> str:
    answer = client.get("/?lang=en")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", Document.of(answer.text).text)


def test_it_says_which_store_needs_somebody_and_why(pages: TestClient) -> None:
    """UX-01: five seconds at eight in the morning."""
    text = text_of(pages)
    assert "Stores: 1 · with open alerts: 1" in text
    assert "上海南京西路店 SH001" in text
    assert "冷冻柜: too warm and 1 more" in text


def test_it_tells_what_changed_in_a_day(pages: TestClient) -> None:
    text = text_of(pages).partition("What changed")[2]
    assert text.index("too warm") < text.index("counter counts nobody")
    assert "door left open" in text
    assert "cleared" in text


def test_trade_of_all_stores_is_added_up_for_those_who_may_see_it(
    pages: TestClient, store: StoreUnderTest
) -> None:
    """TSD-09, SEC-08."""
    assert "Sales today" in text_of(pages)
    technician = text_of(signed_in(store, "technician"))
    assert "Sales today" not in technician
    assert "Footfall today" not in technician
    assert "冷冻柜: too warm" in technician


def test_a_page_made_for_many_is_made_anew_when_something_changes(store: StoreUnderTest) -> None:
    """ALR-13: all see one page for some seconds, but never less than happened."""

    mine, other, technician = (
        signed_in(store, name) for name in ("manager", "manager", "technician")
    )
    first = made_at(mine)
    assert made_at(other) == first
    assert made_at(technician) != first
    store.services.live.publish(Event(EventKind.ALERT, uuid4(), {}))
    assert made_at(mine) > first


def made_at(client: TestClient) -> str:
    page = Document.of(client.get("/?lang=en").text)
    (told,) = (one for one in page.all("span") if one.attributes.get("class") == "as-of")
    return told.attributes["title"]
