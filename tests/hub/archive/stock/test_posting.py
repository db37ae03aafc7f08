"""INV-01, INV-18, INV-22, SAL-13: the ledger on SQLite and PostgreSQL, with many at once."""

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from hub.archive.stock import ledger
from hub.archive.stock.models import BALANCES, MOVEMENTS, MovementKind
from hub.archive.stock.posting import Movement, mark_counted, post
from hub.archive.stock.promises import available_milli, reserve
from hub.errors import ConflictError
from hub.kit.db import Database
from tests.hub.alerts.conftest import any_db, postgres

__all__ = ("any_db", "postgres")
CHAIN, STORE, TEA, MILK = (UUID(int=n) for n in range(1, 5))
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def movement(
    name: str, quantity: int, kind: MovementKind = MovementKind.RECEIPT, **more: object
) -> Movement:
    about: dict[str, object] = {"item_id": TEA, "occurred_at": NOON, "line": 1} | more
    return Movement(
        chain_id=CHAIN,
        store_id=STORE,
        kind=kind,
        document_type="test",
        document_id=uuid5(CHAIN, name),
        quantity_milli=quantity,
        **about,  # type: ignore[arg-type]
    )


def send(db: Database, *movements: Movement) -> int:
    with db.system("test") as connection:
        return post(connection, movements, NOON + HOUR).movements


def balance(db: Database, item: UUID = TEA) -> tuple[int, int]:
    with db.system_read("test") as connection:
        assert ledger.disagreements(connection) == []
        columns = BALANCES.c
        wanted = select(columns.on_hand_milli, columns.value_minor)
        row = connection.execute(wanted.where(columns.item_id == item)).one()
    return row.on_hand_milli, row.value_minor


def test_an_issue_costs_the_average_and_the_last_piece_takes_the_rest(any_db: Database) -> None:
    send(any_db, movement("in", 3000, value_minor=1000))
    for n, left in enumerate([667, 333, 0]):
        send(any_db, movement(f"out {n}", -1000, MovementKind.SALE))
        assert balance(any_db) == (2000 - 1000 * n, left)


def test_a_till_may_sell_what_the_books_do_not_have(any_db: Database) -> None:
    """A fact posts; what is missing is told and costs what the item costs."""
    with any_db.system("test") as connection:
        sold = movement("ticket", -2000, MovementKind.SALE, unit_cost_minor=350)
        posted = post(connection, [sold], NOON)
    assert posted.short == ((STORE, TEA),)
    assert balance(any_db) == (-2000, -700)
    send(any_db, movement("in", 5000, value_minor=2000))
    assert balance(any_db) == (3000, 1300)


def test_the_same_document_moves_stock_once(any_db: Database) -> None:
    first = movement("in", 1000, value_minor=100)
    assert send(any_db, first, first) == 1
    assert send(any_db, first, movement("in", 1000, value_minor=100, line=2)) == 1
    assert balance(any_db) == (2000, 200)


def test_a_ticket_from_before_the_count_does_not_lower_what_was_counted(any_db: Database) -> None:
    """The till was offline while the shelf was counted: the piece was gone already."""
    send(any_db, movement("in", 5000, value_minor=500, occurred_at=NOON - 3 * HOUR))
    send(any_db, movement("count", -1000, MovementKind.COUNT, occurred_at=NOON))
    send(any_db, movement("late", -1000, MovementKind.SALE, occurred_at=NOON - HOUR))
    assert balance(any_db) == (4000, 400)
    send(any_db, movement("new", -1000, MovementKind.SALE, occurred_at=NOON + HOUR))
    assert balance(any_db) == (3000, 300)
    with any_db.system_read("test") as connection:
        at = [ledger.quantities_at(connection, STORE, NOON + n * HOUR)[TEA] for n in (-1, 0, 1)]
    assert at == [4000, 4000, 3000]


def test_what_was_counted_and_found_right_is_counted_too(any_db: Database) -> None:
    send(any_db, movement("in", 5000, value_minor=500, occurred_at=NOON - 3 * HOUR))
    with any_db.system("test") as connection:
        mark_counted(connection, CHAIN, [(STORE, TEA), (STORE, MILK)], NOON)
    send(any_db, movement("late", -1000, MovementKind.SALE, occurred_at=NOON - HOUR))
    assert balance(any_db) == (5000, 500)


def test_nobody_changes_a_movement(any_db: Database) -> None:
    """INV-02: no silent edit, whoever writes SQL."""
    send(any_db, movement("in", 1000, value_minor=100))
    for statement in ("UPDATE stock_movements SET line = 9", "DELETE FROM stock_movements"):
        with (
            pytest.raises(DatabaseError, match="only ever added to"),
            any_db.system("t") as connection,
        ):
            connection.execute(text(statement))
    assert balance(any_db) == (1000, 100)


def test_the_last_pieces_are_promised_once(any_db: Database) -> None:
    """SAL-13: 50 ask at once for one of 20 pieces, while a till sells and a delivery comes in."""
    send(any_db, movement("in", 30_000, value_minor=3000))
    kept: list[int] = []
    refused: list[int] = []
    start = threading.Barrier(50)

    def ask(n: int) -> None:
        start.wait()
        try:
            with any_db.system("order") as connection:
                reserve(connection, STORE, {TEA: 1000})
            kept.append(n)
        except ConflictError:
            refused.append(n)

    send(any_db, movement("sold", -10_000, MovementKind.SALE))
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(kept), len(refused)) == (20, 30)
    with any_db.system_read("test") as connection:
        assert available_milli(connection, STORE, TEA) == 0


def test_writers_at_once_lose_nothing(any_db: Database) -> None:
    send(any_db, movement("in", 100_000, value_minor=10_000))

    def sell(till: int) -> None:
        for n in range(10):
            lines = [
                movement(f"{till}-{n}", -1000, MovementKind.SALE, line=line, item_id=item)
                for line, item in enumerate([TEA, MILK] if till % 2 else [MILK, TEA])
            ]
            send(any_db, *lines)

    threads = [threading.Thread(target=sell, args=(till,)) for till in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert balance(any_db) == (20_000, 2000)
    assert balance(any_db, MILK)[0] == -80_000
    with any_db.system_read("test") as connection:
        assert len(connection.execute(select(MOVEMENTS.c.seq)).all()) == 161


def test_a_stocktake_of_twenty_thousand_lines_posts_at_once(db: Database) -> None:
    """INV-12: all lines in one transaction; the figure is printed by the benchmark."""
    items = [uuid5(CHAIN, str(n)) for n in range(20_000)]
    lines = [
        movement("count", 1000 + n, MovementKind.COUNT, line=n, item_id=item, unit_cost_minor=100)
        for n, item in enumerate(items)
    ]
    begun = time.monotonic()
    assert send(db, *lines) == 20_000
    assert time.monotonic() - begun < 15
    with db.system_read("test") as connection:
        assert len(ledger.quantities_at(connection, STORE, NOON)) == 20_000
