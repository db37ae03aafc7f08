"""What the tills say can be read back as the same ticket (EDG-05)."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.simulator.model import StoreModel
from agent.simulator.receipts import escpos, json_line
from protocols.pos.feed import TillContext, parse_json, parse_receipt
from protocols.pos.layout import load_layout
from protocols.pos.ticket import Ticket, TicketKind
from protocols.serial.codec import ReceiptFraming

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 9, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def tickets(store: Callable[..., StoreModel]) -> list[Ticket]:
    """Two weeks of trade."""
    model = store()
    model.advance(MONDAY + timedelta(days=14))
    return [event for event in model.take_events() if isinstance(event, Ticket)]


def test_the_json_line_is_the_ticket(tickets: list[Ticket]) -> None:
    for ticket in tickets:
        line = json_line(ticket)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert Ticket.model_validate(json.loads(line)) == ticket


def test_a_receipt_runs_from_initialisation_to_the_cut_in_lines_of_48_columns(
    tickets: list[Ticket],
) -> None:
    for ticket in tickets:
        data = escpos(ticket, "便民生活超市 示范店", SHANGHAI)
        assert data.startswith(b"\x1b@")
        assert data.endswith(b"\x1dVB\x00")
        assert data.count(b"\x1dV") == 1
        assert max(map(len, data.split(b"\n"))) <= 48 + 12  # commands have no width


def test_the_agent_reads_every_receipt_as_the_ticket_that_was_sold(tickets: list[Ticket]) -> None:
    layout = load_layout("retail-zh")
    for till in ("till-1", "till-2"):
        context = TillContext(till, SHANGHAI)
        for ticket in (ticket for ticket in tickets if ticket.till == till):
            data = escpos(ticket, "便民生活超市 示范店", SHANGHAI)
            (frame,) = ReceiptFraming().feed(data)
            assert frame.is_whole
            assert parse_receipt(frame.data, layout, context) == ticket
            assert parse_json(json_line(ticket), context) == ticket


def test_two_weeks_hold_every_kind_of_ticket_and_tender(tickets: list[Ticket]) -> None:
    assert {ticket.kind for ticket in tickets} == set(TicketKind)
    assert len({tender.kind for ticket in tickets for tender in ticket.tenders}) == 5
    assert any(ticket.member for ticket in tickets)
    assert any(ticket.change_cents for ticket in tickets)
    assert any(line.discount_cents for ticket in tickets for line in ticket.lines)
