"""INV-01, INV-02, INV-18: the ledger against a plain list of what happened, on generated lives."""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from hub.archive.stock import ledger
from hub.archive.stock.lots import LOTS, lots_that_differ
from hub.archive.stock.models import BALANCES, MovementKind
from hub.archive.stock.posting import Movement, mark_counted, post
from hub.archive.stock.promises import release, reserve
from hub.errors import ConflictError
from hub.kit.db import Database
from tests.hub.archive.stock.oracle import Item

HISTORIES = int(os.environ.get("LEDGER_HISTORIES", "25"))
CHAIN, STORE = UUID(int=1), UUID(int=2)
NAMES = UUID(int=3)
ITEMS = [UUID(int=n) for n in (11, 12, 13)]
OPENED = datetime(2026, 11, 1, tzinfo=UTC)

items = st.sampled_from(ITEMS)
quantities = st.integers(1, 9000)
values = st.integers(0, 100_000)
unit_costs = st.integers(0, 5000)


class LedgerLife(RuleBasedStateMachine):
    """Receipts, sales known soon or late, repeats, returns, counts and promises, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.db = Database(f"sqlite:///{Path(self.folder.name) / 'hub.sqlite'}")
        self.db.create_all()
        self.oracle = {item: Item() for item in ITEMS}
        self.now = OPENED
        self.documents = 0
        self.sent: list[Movement] = []

    def teardown(self) -> None:
        self.db.close()
        self.folder.cleanup()

    def move(self, item: UUID, kind: MovementKind, quantity: int, **more: object) -> None:
        self.now += timedelta(minutes=1)
        self.documents += 1
        about = {"occurred_at": self.now} | more
        document = uuid5(NAMES, str(self.documents))
        one = Movement(CHAIN, STORE, item, kind, "test", document, 1, quantity, **about)  # type: ignore[arg-type]
        self.post(one)

    def post(self, one: Movement) -> None:
        self.sent.append(one)
        with self.db.system("test") as connection:
            post(connection, [one], self.now)

    @rule(item=items, quantity=quantities, value=values)
    def receive(self, item: UUID, quantity: int, value: int) -> None:
        self.move(item, MovementKind.RECEIPT, quantity, value_minor=value)
        self.oracle[item].receive(self.now, quantity, value)

    @rule(item=items, quantity=quantities, lot=st.sampled_from("AB"), days=st.integers(-3, 60))
    def receive_a_lot(self, item: UUID, quantity: int, lot: str, days: int) -> None:
        expires_on = self.now.date() + timedelta(days=days)
        about = {"value_minor": 100, "lot": lot, "expires_on": expires_on}
        self.move(item, MovementKind.RECEIPT, quantity, **about)
        self.oracle[item].receive(self.now, quantity, 100)

    @rule(item=items, quantity=quantities, late=st.integers(0, 30), cost=unit_costs)
    def sell(self, item: UUID, quantity: int, late: int, cost: int) -> None:
        at = self.now + timedelta(minutes=1 - late)
        self.move(item, MovementKind.SALE, -quantity, occurred_at=at, unit_cost_minor=cost)
        self.oracle[item].sell(at, quantity, cost)

    @rule(item=items, quantity=quantities, cost=unit_costs)
    def take_back(self, item: UUID, quantity: int, cost: int) -> None:
        self.move(item, MovementKind.RETURN, quantity, unit_cost_minor=cost)
        self.oracle[item].sell(self.now, -quantity, cost)

    @rule(item=items, found=st.integers(0, 9000), cost=unit_costs)
    def count(self, item: UUID, found: int, cost: int) -> None:
        at = self.now + timedelta(minutes=1)
        difference = self.oracle[item].count(at, found, cost)
        if difference:
            self.move(item, MovementKind.COUNT, difference, unit_cost_minor=cost)
        else:
            self.now = at
            with self.db.system("test") as connection:
                mark_counted(connection, CHAIN, [(STORE, item)], at)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        again = data.draw(st.sampled_from(self.sent))
        with self.db.system("test") as connection:
            assert post(connection, [again, again], self.now).movements == 0

    @rule(item=items, quantity=quantities)
    def promise(self, item: UUID, quantity: int) -> None:
        plain = self.oracle[item]
        is_there = plain.quantity - plain.reserved >= quantity
        try:
            with self.db.system("test") as connection:
                reserve(connection, STORE, {item: quantity})
        except ConflictError:
            assert not is_there
        else:
            assert is_there
            plain.reserved += quantity

    @rule(item=items)
    def let_go(self, item: UUID) -> None:
        with self.db.system("test") as connection:
            release(connection, STORE, {item: self.oracle[item].reserved})
        self.oracle[item].reserved = 0

    @invariant()
    def agrees(self) -> None:
        with self.db.system_read("test") as connection:
            assert ledger.disagreements(connection) == []
            assert lots_that_differ(connection) == []
            assert all(one.on_hand_milli >= 0 for one in connection.execute(select(LOTS)))
            rows = {row.item_id: row for row in connection.execute(select(BALANCES))}
            for item, plain in self.oracle.items():
                if item in rows:
                    row = rows[item]
                    found = (row.on_hand_milli, row.value_minor, row.reserved_milli)
                    assert found == (plain.quantity, plain.value, plain.reserved)
                else:
                    assert plain.entries == []
            when = OPENED + (self.now - OPENED) / 2
            past = ledger.quantities_at(connection, STORE, when)
            assert {i: q for i, q in past.items() if q} == {
                item: plain.at(when) for item, plain in self.oracle.items() if plain.at(when)
            }
            value = sum(plain.value for plain in self.oracle.values())
            assert ledger.value_at(connection, STORE, self.now) == value


TestLedgerLife = LedgerLife.TestCase
TestLedgerLife.settings = settings(max_examples=HISTORIES, stateful_step_count=25, deadline=None)
