"""What was not understood can be seen, with its bytes (EDG-06)."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert
from starlette.testclient import TestClient

from hub.analytics.tables import QuarantinedTicketRow
from hub.ingest.dead_letters import Cause, DeadLetters
from hub.kit.clock import utc_now
from hub.web.pages.refused import preview_of
from tests.hub.web.conftest import signed_in
from tests.hub.web.store_under_test import StoreUnderTest

RAW = "合计 12.x0\r\n".encode("gb18030")
PAYLOAD = b"\x00\xff not protobuf"


@pytest.fixture(scope="module")
def ticket(store: StoreUnderTest) -> UUID:
    """A ticket of the till that nobody can read."""
    ticket_id = uuid4()
    row = {
        "id": ticket_id,
        "chain_id": store.chain_id,
        "store_id": store.store_id,
        "agent_id": UUID(int=1),
        "epoch": 7,
        "batch_id": 1,
        "item": 0,
        "received_at": utc_now(),
        "till": "till-1",
        "format": "escpos",
        "error": "no total",
        "raw": RAW,
    }
    with store.services.db.system("test") as connection:
        connection.execute(insert(QuarantinedTicketRow), row)
    return ticket_id


def test_a_ticket_is_shown_and_its_bytes_come_as_they_were(pages: TestClient, ticket: UUID) -> None:
    for language in ("zh", "en"):
        shown = pages.get(f"/admin/refused?lang={language}").text
        assert "till-1" in shown
        assert "no total" in shown
        assert "合计 12.x0" in shown
    assert pages.get(f"/admin/refused/tickets/{ticket}").content == RAW
    assert pages.get(f"/admin/refused/tickets/{uuid4()}").status_code == 404


def test_a_message_that_is_no_sparkplug_is_shown(pages: TestClient, store: StoreUnderTest) -> None:
    letters = DeadLetters(store.services.db)
    letters.add(Cause.MALFORMED, "spBv1.0/nobody/NDATA/x", PAYLOAD, "no Sparkplug")
    letters.flush()
    shown = pages.get("/admin/refused?lang=en").text
    assert "cannot be read" in shown
    assert PAYLOAD.hex(" ") in shown
    (address,) = {
        part.partition('"')[0] for part in shown.split('href="/admin/refused/messages/')[1:]
    }
    assert pages.get(f"/admin/refused/messages/{address}").content == PAYLOAD


def test_who_reads_agents_alone_sees_no_sales_and_no_messages(
    store: StoreUnderTest, ticket: UUID
) -> None:
    technician = signed_in(store, "technician")
    shown = technician.get("/admin/refused?lang=zh").text
    assert "所有小票都已识别" in shown
    assert "till-1" not in shown
    assert "nobody" not in shown
    assert technician.get(f"/admin/refused/tickets/{ticket}").status_code == 404


def test_bytes_that_are_no_text_are_shown_as_digits() -> None:
    assert preview_of(b"\x1b@\x00") == "1b 40 00"
    assert preview_of(b"a\nb") == "a b"
