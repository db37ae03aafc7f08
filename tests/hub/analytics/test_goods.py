"""A ticket moves the stock in its own transaction, once, whatever is known by then (INV-01)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from hub.analytics import goods
from hub.analytics.tables import SalesDayItem, TicketLineRow, UnknownCode
from hub.archive.products.records import Product, ProductVariant
from hub.archive.stock import ledger
from hub.archive.stock.models import MovementKind, StockBalance, StockMovement
from hub.archive.stock.posting import Movement, post
from hub.kit.records.apply import Change, apply
from protocols.pos.ticket import TicketKind
from tests.hub.analytics.conftest import AT, Register, ticket

DOCUMENT, PERSON = UUID(int=77), UUID(int=78)


def add_milk(register: Register, code: str = "690001", **values: object) -> UUID:
    """The product that the tickets sell; its item."""
    about = {"code": code, "name": "鲜牛奶 250ml", "cost_minor": 400} | values
    with register.chain.write() as session:
        product = apply(session, Product, Change(values=about))
        return product.variants[0].id if product.variants else product.id


def on_hand(register: Register, item: UUID) -> int:
    with register.chain.read() as session:
        found = session.get(StockBalance, (register.store_id, item))
        return found.on_hand_milli if found else 0


def move(
    register: Register, item: UUID, quantity: int, kind: MovementKind, hours: int = -1
) -> None:
    about = (register.chain.id, register.store_id, item, kind, "test", DOCUMENT, 0)
    one = Movement(*about, quantity * 1000, AT + timedelta(hours=hours))
    with register.chain.db.system("test") as connection:
        post(connection, [one], AT)


def test_a_sale_takes_from_stock_at_what_it_is_worth(register: Register) -> None:
    milk = add_milk(register)
    about = (register.chain.id, register.store_id, milk, MovementKind.OPENING, "test", DOCUMENT, 0)
    opening = Movement(*about, 10_000, AT - timedelta(days=1), value_minor=4_500)
    with register.chain.db.system("test") as connection:
        post(connection, [opening], AT)
    register.ring_up(ticket("0001"), ticket("0002"))
    assert on_hand(register, milk) == 8_000
    with register.chain.read() as session:
        sold = session.scalars(select(StockMovement).where(StockMovement.kind == "sale")).all()
    assert [(one.quantity_milli, one.value_minor) for one in sold] == [(-1000, -450)] * 2


def test_replays_and_repeats_move_nothing(register: Register) -> None:
    milk = add_milk(register)
    document = register.document(ticket().to_json())
    register.send(document)
    register.send(document)
    register.ring_up(ticket(), ticket())
    assert on_hand(register, milk) == -1_000  # facts post below nothing (INV-01)


def test_returns_and_voids_bring_back(register: Register) -> None:
    milk = add_milk(register)
    register.ring_up(
        ticket("0001"),
        ticket("0002"),
        ticket("0003", kind=TicketKind.VOID),
        ticket("0004", kind=TicketKind.RETURN),
    )
    assert on_hand(register, milk) == 0
    with register.chain.db.system_read("test") as connection:
        assert ledger.disagreements(connection) == []


def test_a_late_ticket_of_before_a_count_changes_the_past_only(register: Register) -> None:
    milk = add_milk(register)
    move(register, milk, 7, MovementKind.COUNT, hours=1)
    register.ring_up(ticket())
    assert on_hand(register, milk) == 7_000


def test_barcode_code_of_product_and_name_are_all_codes(register: Register) -> None:
    by_barcode = add_milk(register, "M-1", variants=[{"barcode": "690001"}])
    by_name = add_milk(register, "M-2", name="豆浆")
    named = ticket("0009")
    line = named.lines[0].model_copy(update={"code": None, "name": "豆浆"})
    register.ring_up(ticket(), named.model_copy(update={"lines": (line,)}))
    assert (on_hand(register, by_barcode), on_hand(register, by_name)) == (-1_000, -1_000)
    with register.chain.read() as session:
        assert session.scalars(select(ProductVariant.barcode)).all().count("690001") == 1


def test_an_unknown_code_waits_and_is_posted_once_it_is_bound(register: Register) -> None:
    register.ring_up(ticket("0001"), ticket("0002", at=AT + timedelta(hours=2)))
    register.ring_up(ticket("0003", at=AT - timedelta(hours=1)))
    with register.chain.read() as session:
        (waiting,) = session.scalars(select(UnknownCode))
    assert (waiting.code, waiting.lines, waiting.quantity_milli) == ("690001", 3, 3_000)
    assert waiting.last_at - waiting.first_at == timedelta(hours=3)
    milk = add_milk(register, "M-1")
    with register.chain.db.system("test") as connection:
        by = PERSON, AT
        assert goods.bind_code(connection, register.chain.id, "690001", milk, by) == 3
        assert goods.bind_code(connection, register.chain.id, "690001", milk, by) == 0
    register.ring_up(ticket("0004"))
    assert on_hand(register, milk) == -4_000
    with register.chain.read() as session:
        assert session.scalars(select(UnknownCode)).all() == []


def test_the_articles_of_a_day_add_up_to_the_lines(register: Register) -> None:
    register.ring_up(*(ticket(f"{n:04d}", 100 + n) for n in range(50)))
    register.ring_up(ticket("0900", 100, kind=TicketKind.RETURN))
    with register.chain.read() as session:
        (day,) = session.scalars(select(SalesDayItem))
        lines = session.execute(
            select(func.sum(TicketLineRow.quantity_milli), func.sum(TicketLineRow.amount_cents))
        ).one()
    assert (day.quantity_milli, day.revenue_cents) == tuple(lines) == (49_000, 6_125)
