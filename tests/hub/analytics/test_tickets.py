"""Tickets are kept once and counted once; what is not understood is kept whole (EDG-06, C1)."""

import base64
from collections.abc import Sequence

from sqlalchemy import func, select

from hub.analytics import tickets
from hub.analytics.tables import (
    QuarantinedTicketRow,
    SalesHour,
    TicketLineRow,
    TicketRow,
    TicketTenderRow,
)
from protocols.pos.ticket import QuarantinedTicket, TicketKind
from tests.hub.analytics.conftest import AT, Register, ticket


def rows(register: Register) -> Sequence[TicketRow]:
    with register.chain.read() as session:
        return session.scalars(select(TicketRow).order_by(TicketRow.batch_id)).all()


def hours(register: Register) -> list[tuple[int, int]]:
    with register.chain.read() as session:
        found = session.scalars(select(SalesHour).order_by(SalesHour.start_at))
        return [(row.revenue_cents, row.tickets) for row in found]


def test_a_ticket_is_kept_with_lines_and_tenders(register: Register) -> None:
    sold, counted = register.ring_up(ticket(cents=1250))
    assert [(one.tickets, one.revenue_cents) for one in sold] == [(1, 1250)]
    assert counted == 1
    (row,) = rows(register)
    assert (row.number, row.total_cents, row.quantity_milli) == ("0001", 1250, 1000)
    with register.chain.read() as session:
        (line,) = session.scalars(select(TicketLineRow))
        (tender,) = session.scalars(select(TicketTenderRow))
    assert (line.name, line.amount_cents) == ("鲜牛奶", 1250)
    assert (tender.kind, tender.amount_cents) == ("wechat", 1250)


def test_the_same_place_again_is_the_same_row(register: Register) -> None:
    document = register.document(ticket().to_json())
    assert register.send(document)[0][0].revenue_cents == 1250
    sold, counted = register.send(document)
    assert (sold, counted) == ([], 1)  # a replay counts it for the detectors again
    assert len(rows(register)) == 1
    assert hours(register) == [(1250, 1)]


def test_the_same_ticket_sent_again_is_kept_and_counted_once(register: Register) -> None:
    register.ring_up(ticket())
    sold, counted = register.ring_up(ticket(), ticket())
    assert (sold, counted) == ([], 0)
    assert [row.is_repeat for row in rows(register)] == [False, True, True]
    assert hours(register) == [(1250, 1)]


def test_repeats_within_one_batch_are_seen_too(register: Register) -> None:
    _, counted = register.ring_up(ticket(), ticket(), ticket("0002"))
    assert counted == 2
    assert hours(register) == [(2500, 2)]


def test_a_number_used_again_for_something_else_counts_and_is_flagged(register: Register) -> None:
    register.ring_up(ticket(cents=1250))
    register.ring_up(ticket(cents=800))
    assert [(row.is_repeat, row.is_conflict) for row in rows(register)] == [
        (False, False),
        (False, True),
    ]
    assert hours(register) == [(2050, 2)]


def test_returns_and_voids_lower_the_revenue(register: Register) -> None:
    register.ring_up(
        ticket("0001", 1000),
        ticket("0002", 500),
        ticket("0003", 500, kind=TicketKind.VOID),
        ticket("0004", 300, kind=TicketKind.RETURN),
    )
    assert hours(register) == [(700, 1)]


def test_the_roll_up_equals_the_tickets_to_the_cent(register: Register) -> None:
    amounts = [199 * n % 977 + 1 for n in range(1000)]
    register.ring_up(*(ticket(f"{n:04d}", cents) for n, cents in enumerate(amounts)))
    assert hours(register) == [(sum(amounts), 1000)]
    assert sum(row.total_cents for row in rows(register)) == sum(amounts)


def test_what_is_no_ticket_goes_to_the_quarantine_with_its_bytes(register: Register) -> None:
    raw = b"\x1b@\xff till on fire"
    kept = QuarantinedTicket(
        till="till-1",
        received_at=AT,
        format="escpos",
        error="no total",
        raw=base64.b64encode(raw).decode(),
    )
    broken = '{"till": "till-1", "total_cents": 1'
    sold, counted = register.send(
        register.document(kept.model_dump_json(), is_quarantined=True),
        register.document(broken),
        register.document(ticket().to_json()),
    )
    assert (len(sold), counted) == (1, 1)
    with register.chain.read() as session:
        found = session.scalars(
            select(QuarantinedTicketRow).order_by(QuarantinedTicketRow.batch_id)
        ).all()
    assert [row.raw for row in found] == [raw, broken.encode()]
    assert found[0].error == "no total"


def test_many_are_written_in_parts_that_count_once(register: Register) -> None:
    """A backlog lets others write between its parts; what was written before a stop stays once."""
    documents = [register.document(ticket(f"{n:04}").to_json()) for n in range(5)]
    documents.append(register.document("{", is_quarantined=False))
    clocks = {register.store_id: register.clock}
    written = []
    for stops_after in (1, 9):
        with register.chain.db.system_read("test") as connection:
            batch = tickets.read(connection, documents, clocks, AT)
        for part in list(batch.parts(2))[:stops_after]:
            with register.chain.db.system("test") as connection:
                written += tickets.write(connection, part, clocks)
    assert sum(one.tickets for one in written) == 5
    with register.chain.db.system_read("test") as connection:
        assert connection.scalar(select(func.count()).select_from(TicketRow)) == 5
        assert connection.scalar(select(func.count()).select_from(QuarantinedTicketRow)) == 1
        assert connection.scalar(select(func.sum(SalesHour.tickets))) == 5
