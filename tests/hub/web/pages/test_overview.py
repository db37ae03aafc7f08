"""The overview: worst first, what changed, and nothing that a role may not see."""

import re
from pathlib import Path
from uuid import uuid4

from starlette.testclient import TestClient

from hub.archive.stores.records import Store
from hub.kit.records.apply import Change, apply
from hub.kit.records.query import MAX_SIZE
from hub.live import Event, EventKind
from tests.hub.web.api.test_alerts import raise_alert
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import StoreUnderTest
from tests.hub.web.world_under_test import CHIEF, open_world


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


def test_the_worst_store_comes_first_however_many_there_are(tmp_path: Path) -> None:
    """More than a page can bear: the rest is in the archive."""
    with open_world(tmp_path) as world:
        with world.amber.write() as session:
            for number in range(MAX_SIZE + 5):
                values = {"code": f"0000{number:03}", "name": f"store {number:03}"}
                apply(session, Store, Change(values=values | {"region_id": world.amber.region}))
        raise_alert(world, world.mine.id)
        chief = world.signed_in(CHIEF)
        text = chief.get("/?lang=en").text
        assert f"50 of {MAX_SIZE + 7} stores" in text
        rows = re.findall(r'class="strong" href="/stores/([0-9a-f-]{36})"', text)
        assert rows[0] == str(world.mine.id), "by code it would be far behind"
        most = chief.get(f"/?lang=en&shown={MAX_SIZE}").text
        assert "All stores" in most
        assert "Show more" not in most
