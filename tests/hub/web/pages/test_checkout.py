"""A sale by hand, from the scan to the return, on pages (SAL-05, SAL-10, SAL-11, SAL-14, J7.5)."""

from uuid import uuid4

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from hub.analytics.selling.models import TicketDetail, TicketNote
from hub.analytics.tables import TicketRow
from hub.archive.customers.records import Customer, Member
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Scope
from hub.kit.records.apply import Change, apply
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest

WATER = "2000000011004"  # 2.00


class Till:
    """The checkout of one store, in English."""

    def __init__(self, store: StoreUnderTest) -> None:
        self.store = store
        self.client = signed_in(store, LOGIN.username)
        self.client.get("/sales/new?lang=en")
        self.path = f"/sales/new/{store.store_id}"

    def text(self, **query: str) -> str:
        answer = self.client.get("/sales/new", params={"store": str(self.store.store_id)} | query)
        return Document.of(answer.text).text

    def post(self, step: str, **form: str) -> str:
        answer = self.client.post(f"{self.path}/{step}", data=form)
        assert answer.status_code == 200, answer.text
        return Document.of(answer.text).text

    def value(self, name: str) -> str:
        page = Document.of(self.client.get("/sales/new").text)
        (field,) = [x for x in page.all("input") if x.attributes.get("name") == name][:1]
        return field.attributes["value"]

    def pay(self, **form: str) -> str:
        return self.post("pay", basket=self.value("basket"), **form)

    def newest(self) -> TicketRow:
        with self.store.services.db.read(Scope(self.store.chain_id, None)) as session:
            wanted = select(TicketRow).where(TicketRow.till == "hub").order_by(TicketRow.id.desc())
            found = session.scalars(wanted.limit(1)).one()
            session.expunge(found)
            return found


@pytest.fixture
def till(store: StoreUnderTest) -> Till:
    return Till(store)


def test_three_steps_from_the_scan_to_the_receipt(till: Till) -> None:
    """SAL-10: a scan, one tender; a line taken out is told with the receipt."""
    till.post("scan", code=f"3*{WATER}")
    text = till.post("scan", code="打火机")  # words that one article has
    assert "饮用天然水 550ml" in text
    key = till_key(till)
    till.post(f"lines/{key}", remove="1", title="打火机")
    assert "Paid" in till.pay(cash="10", lang="en")
    ticket = till.newest()
    assert (ticket.total_cents, ticket.change_cents) == (600, 400)
    receipt = Document.of(till.client.get(f"/sales/receipts/{ticket.id}?lang=en").text).text
    assert "Line taken out" in receipt


def test_a_basket_waits_while_the_next_customer_pays(till: Till) -> None:
    till.post("scan", code=WATER)
    assert "Mrs Li" in till.post("hold", name="Mrs Li")
    held = Document.of(till.client.get("/sales/new").text)
    (recall,) = [
        x.attributes["action"]
        for x in held.all("form")
        if "/recall/" in x.attributes.get("action", "")
    ]
    till.client.post(recall)
    assert "2.00" in till.text()
    assert (
        "Say why"
        in till.client.post(
            f"{till.path}/lines/{till_key(till)}", data={"quantity": "1", "price": "1"}
        ).text
    )
    till.post("drop")


def till_key(till: Till) -> str:
    page = Document.of(till.client.get("/sales/new").text)
    return next(
        x.attributes["action"].rpartition("/")[2]
        for x in page.all("form")
        if "/lines/" in x.attributes.get("action", "")
    )


def test_typing_finds_and_unknown_codes_are_told(till: Till) -> None:
    found = till.client.get(f"{till.path}/found", params={"code": "yinyong"})
    assert "饮用天然水" in found.text
    assert "No article is called" in till.post("scan", code="nothing-like-it", lang="en")


def test_a_return_goes_by_the_receipt_and_a_void_by_its_day(till: Till) -> None:
    till.post("scan", code=f"2*{WATER}")
    till.pay(all="wechat")
    ticket = till.newest()
    listed = till.client.get("/sales/back", params={"number": ticket.number}).text
    assert str(ticket.id) in listed
    path = f"/sales/back/{ticket.id}"
    back = {"store": str(till.store.store_id), "back-0": "1", "to-0": "stock"}
    assert till.client.post(path, data=back).status_code == 422  # says no reason
    assert till.client.post(path, data=back | {"why": "x", "back-0": "3"}).status_code == 409
    text = Document.of(till.client.post(path, data=back | {"why": "leaks"}).text).text
    assert "2.00" in text
    till.pay()
    done = till.newest()
    assert (done.kind, done.total_cents, done.original_number) == ("return", -200, ticket.number)
    void = {"why": "wrong", "document": str(uuid4())}
    refused = till.client.post(f"/sales/receipts/{ticket.id}/void", data=void)
    assert refused.status_code == 409  # something of it came back
    till.post("scan", code=WATER)
    till.pay(all="cash")
    voided = till.client.post(f"/sales/receipts/{till.newest().id}/void", data=void)
    assert voided.status_code == 200
    assert till.newest().kind == "void"


def test_a_receipt_finds_its_customer_late_and_once(till: Till) -> None:
    with till.store.services.db.write(Scope(till.store.chain_id, None)) as session:
        bind_asker(session, Asker.hub("test"))
        ids = []
        for n in "12":
            one = apply(session, Customer, Change(values={"name": f"客{n}"}))
            apply(session, Member, Change(values={"number": f"C-{n}", "customer_id": one.id}))
            ids.append(one.id)
    till.post("scan", code=WATER)
    till.pay(all="cash")
    path = f"/sales/receipts/{till.newest().id}/details"
    assert till.client.post(path, data={"customer": "nobody"}).status_code == 422
    told = {"customer": "C-1", "invoice": "24110000", "buyer": "某公司"}
    assert "24110000" in till.client.post(path, data=told).text
    assert till.client.post(path, data={"customer": "C-2"}).status_code == 409
    with till.store.services.db.read(Scope(till.store.chain_id, None)) as session:
        detail = session.scalars(
            select(TicketDetail).where(TicketDetail.ticket_id == till.newest().id)
        ).one()
        assert (detail.customer_id, detail.invoice_number) == (ids[0], "24110000")
        assert session.scalars(select(TicketNote)).first() is not None


def test_who_may_not_sell(store: StoreUnderTest) -> None:
    analyst: TestClient = signed_in(store, "analyst")
    assert analyst.get("/sales/new").status_code == 403
    assert (
        analyst.post(f"/sales/new/{store.store_id}/scan", data={"code": WATER}).status_code == 403
    )
    assert analyst.get("/sales/back").status_code == 403
