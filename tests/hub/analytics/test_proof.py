"""ANA-13, TSD-09: sales by hour and by article are the tickets, and are made so where not."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from hub.analytics.proof import prove
from hub.analytics.receipts import Asked, receipt, receipts
from hub.analytics.tables import SalesDayItem, SalesHour, TicketRow
from protocols.pos.ticket import TicketKind
from tests.hub.analytics.conftest import AT, DAY, Register, ticket


def trade(register: Register) -> None:
    register.ring_up(
        ticket("0001"),
        ticket("0002", 990, AT + timedelta(hours=2)),
        ticket("0002", 990, AT + timedelta(hours=2)),  # a repeat
        ticket("0003", kind=TicketKind.RETURN),
        ticket("0004", kind=TicketKind.VOID),
        ticket("0005", day=DAY - timedelta(days=1)),
    )


def kept(register: Register) -> list[tuple[object, ...]]:
    with register.chain.db.system_read("test") as connection:
        rows = [*connection.execute(select(SalesHour)), *connection.execute(select(SalesDayItem))]
    return sorted(tuple(map(str, row)) for row in rows)


def test_what_moves_with_the_tickets_is_right(register: Register) -> None:
    trade(register)
    assert prove(register.chain.db, AT).is_clean


def test_what_differs_is_made_anew_from_the_tickets(register: Register) -> None:
    trade(register)
    before = kept(register)
    whose = SalesHour.store_id == register.store_id
    with register.chain.db.system("test") as connection:
        connection.execute(update(SalesHour).where(whose).values(revenue_cents=1))
        connection.execute(delete(SalesDayItem).where(SalesDayItem.business_day == DAY))
    found = prove(register.chain.db, AT)
    assert found.hours == {(register.store_id, DAY), (register.store_id, DAY - timedelta(days=1))}
    assert found.items == {(register.store_id, DAY)}
    assert kept(register) == before
    assert prove(register.chain.db, AT).is_clean


def test_days_from_before_articles_were_kept_are_filled_in(register: Register) -> None:
    trade(register)
    before = kept(register)
    with register.chain.db.system("test") as connection:
        connection.execute(delete(SalesDayItem))
    prove(register.chain.db, AT + timedelta(days=400))
    assert kept(register) == before


def numbers(register: Register, q: str, **more: object) -> list[str]:
    with register.chain.read() as session:
        asked = Asked(register.store_id, DAY - timedelta(days=1), DAY, q, **more)  # type: ignore[arg-type]
        return [one.number for one in receipts(session, asked)]


def test_a_receipt_is_found_and_knows_what_came_back(register: Register) -> None:
    """SAL-01, SAL-05: by number, amount or article; a return stands beside its original."""
    back = ticket("0009", kind=TicketKind.RETURN, at=AT + timedelta(hours=3))
    told = {"original_day": DAY, "original_number": "0001"}
    trade(register)
    register.ring_up(back.model_copy(update=told))
    assert numbers(register, "0002") == ["0002"]
    assert numbers(register, "9.90") == ["0002"]
    assert set(numbers(register, "鲜牛奶")) == {"0001", "0002", "0003", "0004", "0005", "0009"}
    assert numbers(register, "no such thing") == []
    assert numbers(register, "", kind="void") == ["0004"]
    with register.chain.read() as session:
        ids: dict[str, UUID] = dict(session.execute(select(TicketRow.number, TicketRow.id)).all())
        sold, returned = receipt(session, ids["0001"]), receipt(session, ids["0009"])
    assert sold.returned == {0: 1000}
    assert [one.number for one in sold.later] == ["0009"]
    assert returned.original is not None
    assert returned.original.number == "0001"
    assert [one.amount_cents for one in sold.tenders] == [1250]
