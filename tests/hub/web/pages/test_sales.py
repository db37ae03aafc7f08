"""Receipts, repairs and the close of the day on pages (SAL-01, SAL-05, SAL-18, EDG-06, TSD-09)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from hub.analytics import tickets
from hub.analytics.closing import DayClose
from hub.analytics.stores import clocks
from hub.analytics.tables import QuarantinedTicketRow, TicketRow
from hub.analytics.tickets import Document, Place
from protocols.pos.ticket import Tender, TenderKind, TicketKind
from tests.hub.analytics.conftest import ticket
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document as Page
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest

TILL = "till-9"


@pytest.fixture
def client(store: StoreUnderTest) -> TestClient:
    return signed_in(store, LOGIN.username)


def rung_up(store: StoreUnderTest) -> str:
    """Two sales and a return on a day long ago, and one that nobody understands; the day."""
    at = store.now - timedelta(days=200)
    with store.services.db.system("test") as connection:
        known = clocks(connection)
        day = known[store.store_id].day_of(at)
        one = ticket("9001", 1250, at, till=TILL, day=day)
        cash = (Tender(kind=TenderKind.CASH, amount_cents=2000),)
        two = ticket("9002", 1630, at, till=TILL, day=day)
        two = two.model_copy(update={"tenders": cash, "change_cents": 370})
        back = ticket("9003", 1250, at, till=TILL, day=day, kind=TicketKind.RETURN)
        back = back.model_copy(update={"original_day": day, "original_number": "9001"})
        texts = [x.to_json() for x in (one, two, back)]
        texts.append(
            ticket("9004", 990, at, till="till-8", day=day).to_json().replace("990", '"?"', 1)
        )
        agent = uuid4()
        documents = [
            Document(Place(agent, 1, n, 0), store.store_id, TILL, is_quarantined=False, text=text)
            for n, text in enumerate(texts)
        ]
        batch = tickets.read(connection, documents, known, at)
        tickets.write(connection, batch, known)
    return day.isoformat()


@pytest.fixture(scope="module")
def day(store: StoreUnderTest) -> str:
    return rung_up(store)


def test_a_receipt_is_found_and_a_wrong_one_repaired(
    client: TestClient, store: StoreUnderTest, day: str
) -> None:
    address = {"store": str(store.store_id), "on": day, "lang": "en"}
    page = Page.of(client.get("/sales", params=address).text)
    assert "16.30" in page.text
    (href,) = {one.attributes["href"] for one in page.all("a") if one.text.strip() == "9001"}
    text = Page.of(client.get(f"{href}?lang=en").text).text
    assert "1 returned" in text
    assert "9003" in text
    days = {"store": str(store.store_id), "start": day, "end": day, "q": "9001"}
    (head,) = client.get("/api/v1/tickets", params=days).json()["items"]
    told = client.get(f"/api/v1/tickets/{head['id']}").json()
    assert (told["lines"][0]["returned_milli"], len(told["later_ids"])) == (1000, 1)

    with store.services.db.system_read("test") as connection:
        wanted = select(QuarantinedTicketRow.id, QuarantinedTicketRow.raw)
        row = connection.execute(wanted.where(QuarantinedTicketRow.till == TILL)).one()
    assert "Repair it" in client.get("/sales/quarantine?lang=en").text
    raw = bytes(row.raw).decode()
    repair = f"/sales/quarantine/{row.id}?lang=en"
    assert client.post(repair, data={"ticket": raw}).status_code == 422
    mended = {"ticket": raw.replace('"?"', "990", 1)}
    assert client.post(repair, data=mended).status_code == 200
    assert client.post(repair, data=mended).status_code == 404
    with store.services.db.system_read("test") as connection:
        counted = select(func.count()).where(TicketRow.till == "till-8")
        assert connection.scalar(counted) == 1


def test_a_day_is_closed_by_a_blind_count(
    client: TestClient, store: StoreUnderTest, day: str
) -> None:
    address = {"store": str(store.store_id), "on": day, "lang": "en"}
    form = Page.of(client.get("/sales/close", params=address).text)
    assert "16.30" not in form.text  # blind
    told = {"store": str(store.store_id), "on": day, "till": TILL, "document": str(uuid4())}
    told |= {"opening": "100", "cash": "115", "wechat": "0", "till_total": "16.30"}
    for _ in range(2):
        done = client.post("/sales/close?lang=en", data=told)
    path = f"/sales/close/{told['document']}?lang=en"
    text = Page.of(client.get(path).text).text
    assert done.status_code == 200
    assert "the same to the cent" in text
    assert "Why does it differ?" in text  # 116.30 in the drawer, 115 counted
    client.post(path, data={"reason": "wrong change"})
    assert "wrong change" in client.get(path).text
    assert client.post(path, data={"reason": "another"}).status_code == 409
    with store.services.db.system_read("test") as connection:
        kept = connection.execute(select(DayClose)).one()
    assert kept.expected == {"cash": 11630, "wechat": 0}
    assert kept.difference_cents == -130


def test_who_may_neither_read_nor_close(client: TestClient, store: StoreUnderTest) -> None:
    analyst = signed_in(store, "analyst")
    assert analyst.get("/sales").status_code == 200
    assert analyst.get("/sales/close").status_code == 403
    form = {"store": str(store.store_id), "document": str(uuid4()), "on": "2020-01-01"}
    assert analyst.post("/sales/close", data=form).status_code == 403
    assert client.post("/sales/close", data=form).status_code == 422  # no receipts of that day
    assert client.post("/sales/close", data=form | {"cash": "much"}).status_code == 422
    assert client.get(f"/sales/receipts/{UUID(int=9)}").status_code == 404


def test_the_file_has_the_rows_of_the_page(
    client: TestClient, store: StoreUnderTest, day: str
) -> None:
    """ANA-13: articles by class; what is exported equals what is on the screen."""
    address = {"store": str(store.store_id), "days": "366", "abc": "A", "lang": "en"}
    page = Page.of(client.get("/sales/articles", params=address).text)
    answer = client.get("/sales/articles/file", params=address)
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Code,Article,Quantity,Revenue")
    assert len(lines) > 1
    for line in lines[1:]:
        assert line.split(",")[1] in page.text
        assert line.split(",")[3] in page.text
