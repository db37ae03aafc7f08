"""Sales made in the hub and what comes back of them, to the cent (SAL-01..07, INV-18, J7.5)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from hub.analytics.selling.models import SAVINGS
from hub.analytics.selling.originals import Original, find_original, refunds
from hub.analytics.selling.paying import Back, Goods, Paid, Sale, pay, void
from hub.analytics.stores import StoreClock, clocks
from hub.analytics.tables import SalesHour, TicketRow
from hub.archive.products.records import Product
from hub.archive.stock.ledger import disagreements
from hub.archive.stock.models import BALANCES, MovementKind
from hub.archive.stock.posting import Movement, post
from hub.errors import ConflictError, InvalidError
from hub.kit.records.apply import Change, apply
from tests.hub.analytics.conftest import AT
from tests.hub.chain_under_test import ChainUnderTest

RULE = ("spring", "春季", "Spring")


class Counter:
    """Two stores that sell tea; ten pieces of it at 3.33 each in the first."""

    def __init__(self, chain: ChainUnderTest) -> None:
        self.chain = chain
        self.stores = [one.id for one in chain.stores]
        with chain.write() as session:
            self.tea = apply(session, Product, Change(values={"code": "tea", "name": "茶"})).id
        opening = Movement(
            chain.id, self.stores[0], self.tea, MovementKind.OPENING, "test", uuid4(), 0, 10_000,
            AT - timedelta(days=1), value_minor=3330,
        )  # fmt: skip
        with chain.db.system("test") as connection:
            post(connection, [opening], AT)

    def clock(self, store: int = 0) -> StoreClock:
        with self.chain.db.system_read("test") as connection:
            return clocks(connection)[self.stores[store]]

    def goods(self, pieces: int, saved: int = 0) -> Goods:
        savings = {RULE: saved} if saved else {}
        return Goods(self.tea, "茶", ("tea",), pieces * 1000, 500, pieces * 500, savings)

    def pay(self, sale: Sale, store: int = 0) -> Paid:
        with self.chain.db.system("test") as connection:
            return pay(connection, self.clock(store), sale, AT)

    def original(self, ticket_id: UUID) -> Original:
        with self.chain.db.system_read("test") as connection:
            return find_original(connection, self.chain.id, ticket_id)

    def has(self, store: int = 0) -> tuple[int, int]:
        one = BALANCES.c
        wanted = select(one.on_hand_milli, one.value_minor).where(
            one.store_id == self.stores[store], one.item_id == self.tea
        )
        with self.chain.db.system_read("test") as connection:
            assert disagreements(connection) == []
            milli, value = connection.execute(wanted).one()
        return milli // 1000, value

    def revenue(self) -> tuple[int, int]:
        sums = select(func.sum(SalesHour.revenue_cents), func.sum(SalesHour.tickets))
        with self.chain.db.system_read("test") as connection:
            cents, count = connection.execute(sums).one()
        return cents, count


@pytest.fixture
def counter(chain: ChainUnderTest) -> Counter:
    return Counter(chain)


def test_a_sale_is_paid_once_and_moves_the_stock(counter: Counter) -> None:
    sale = Sale(uuid4(), [counter.goods(3, saved=100)], {"cash": 2000, "wechat": 300})
    paid = counter.pay(sale)
    assert (paid.total_cents, paid.change_cents, paid.number) == (1400, 900, "H0317-0001")
    assert counter.pay(sale).ticket_id == paid.ticket_id  # the button was pressed twice
    assert counter.has() == (7, 2331)
    assert counter.revenue() == (1400, 1)


def test_partial_returns_at_two_stores_reverse_what_was_stored(counter: Counter) -> None:
    """Whatever the parts, together they are the sale; the same piece comes back once."""
    paid = counter.pay(Sale(uuid4(), [counter.goods(3, saved=100)], {"cash": 500, "wechat": 900}))
    totals = []
    for store in (1, 0, 1):
        original = counter.original(paid.ticket_id)
        back = Sale(uuid4(), (), original=original, back=[Back(0, 1000)])
        totals.append(counter.pay(back, store).total_cents)
    assert totals == [-467, -466, -467]
    assert counter.has(0) == (8, 2664)
    assert counter.has(1) == (2, 666)  # at what they cost, in the other store too
    original = counter.original(paid.ticket_id)
    assert original.paid_cents == {}
    with pytest.raises(ConflictError):
        counter.pay(Sale(uuid4(), (), original=original, back=[Back(0, 1000)]))
    with counter.chain.db.system_read("test") as connection:
        assert connection.scalar(select(func.sum(SAVINGS.c.amount_cents))) == 0
    assert counter.revenue() == (0, 1)


def test_what_comes_back_damaged_is_written_off(counter: Counter) -> None:
    paid = counter.pay(Sale(uuid4(), [counter.goods(2)], all_by="card"))
    back = [Back(0, 2000, is_damaged=True)]
    done = counter.pay(Sale(uuid4(), (), original=counter.original(paid.ticket_id), back=back))
    assert done.total_cents == -1000
    assert counter.has() == (8, 2664)


def test_an_exchange_collects_the_difference(counter: Counter) -> None:
    paid = counter.pay(Sale(uuid4(), [counter.goods(1)], all_by="cash"))
    original = counter.original(paid.ticket_id)
    sale = Sale(
        uuid4(), [counter.goods(3)], {"cash": 1000}, original=original, back=[Back(0, 1000)]
    )
    done = counter.pay(sale)
    assert (done.total_cents, done.change_cents) == (1000, 0)
    assert counter.has()[0] == 7


def test_the_last_pieces_are_sold_once_but_a_person_may_know_better(counter: Counter) -> None:
    with pytest.raises(ConflictError):
        counter.pay(Sale(uuid4(), [counter.goods(11)], all_by="cash"))
    counter.pay(Sale(uuid4(), [counter.goods(11)], all_by="cash", is_anyway=True))
    assert counter.has()[0] == -1


@pytest.mark.parametrize("tenders", [{"cash": 499}, {"card": 501}, {}])
def test_it_is_paid_to_the_cent(counter: Counter, tenders: dict[str, int]) -> None:
    with pytest.raises(InvalidError):
        counter.pay(Sale(uuid4(), [counter.goods(1)], tenders))


def test_a_sale_is_voided_on_its_day_and_keeps_its_number(counter: Counter) -> None:
    paid = counter.pay(Sale(uuid4(), [counter.goods(2)], {"cash": 1500}))
    with counter.chain.db.system("test") as connection:
        original = find_original(connection, counter.chain.id, paid.ticket_id, is_to_change=True)
        wanted = Sale(uuid4(), (), original=original, notes=[("void", "wrong article")])
        with pytest.raises(ConflictError):
            void(connection, counter.clock(), wanted, AT + timedelta(days=1))
        done = void(connection, counter.clock(), wanted, AT)
    assert (done.total_cents, counter.has(), counter.revenue()) == (-1000, (10, 3330), (0, 0))
    with counter.chain.db.system_read("test") as connection:
        kinds = connection.execute(select(TicketRow.number, TicketRow.kind)).all()
    assert sorted(kinds) == [("H0317-0001", "sale"), ("H0317-0002", "void")]


def test_refunds_go_the_way_the_money_came() -> None:
    assert refunds({"cash": 500, "wechat": 900}, 467) == {"cash": 167, "wechat": 300}
    assert refunds({"wechat": 100}, 150) == {"wechat": 100, "cash": 50}
