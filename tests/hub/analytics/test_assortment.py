"""ANA-03, ANA-13: margin by the ledger's cost, ABC by revenue, XYZ by how evenly it sells."""

from datetime import timedelta
from uuid import uuid4

from hub.analytics.assortment import articles
from hub.archive.products.records import Product
from hub.archive.stock.models import MovementKind
from hub.archive.stock.posting import Movement, post
from hub.kit.records.apply import Change, apply
from protocols.pos.ticket import TicketKind
from tests.hub.analytics.conftest import AT, DAY, Register, ticket


def test_margin_and_classes(register: Register) -> None:
    chain = register.chain
    with chain.write() as session:
        milk = apply(session, Product, Change(values={"code": "690001", "name": "鲜牛奶"})).id
    opening = Movement(
        chain.id, register.store_id, milk, MovementKind.OPENING, "test", uuid4(), 0, 100_000,
        AT - timedelta(days=9), value_minor=40_000,
    )  # fmt: skip
    with chain.db.system("test") as connection:
        post(connection, [opening], AT)
    day = timedelta(days=1)
    register.ring_up(
        *(ticket(f"{n}", 1000, AT - n * day, day=DAY - n * day) for n in range(4)),
        ticket("9", 1000, kind=TicketKind.RETURN),
        ticket("10", 1000),
    )
    with chain.read() as session:
        (one,) = articles(session, register.clock, DAY - 3 * day, DAY)
        assert articles(session, register.clock, DAY + day, DAY + 2 * day) == []
    assert (one.seller.revenue_cents, one.cost_cents, one.margin_cents) == (4000, 1600, 2400)
    assert (one.margin, one.abc, one.xyz) == (0.6, "A", "X")
