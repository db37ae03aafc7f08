"""INV-23: first expired, first out, on SQLite and PostgreSQL; what is expired waits."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from hub.archive.stock.lots import (
    LOT_MOVES,
    LOTS,
    Swap,
    correct_lot,
    expired_milli,
    lots_that_differ,
)
from hub.archive.stock.models import MovementKind
from hub.archive.stock.posting import Movement, post
from hub.errors import ConflictError
from hub.kit.db import Database
from tests.hub.alerts.conftest import any_db, postgres

__all__ = ("any_db", "postgres")
CHAIN, STORE, MILK = (UUID(int=n) for n in range(1, 4))
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
OLD, SOON, LATE = date(2026, 11, 20), date(2026, 11, 25), date(2026, 12, 1)


def move(db: Database, kind: MovementKind, quantity: int, **more: object) -> None:
    one = Movement(CHAIN, STORE, MILK, kind, "test", uuid4(), 0, quantity, NOON, **more)  # type: ignore[arg-type]
    with db.system("test") as connection:
        post(connection, [one, one], NOON)


def left(db: Database) -> dict[str, int]:
    with db.system_read("test") as connection:
        assert lots_that_differ(connection) == []
        rows = connection.execute(select(LOTS.c.lot, LOTS.c.on_hand_milli))
        return {row.lot: row.on_hand_milli // 1000 for row in rows}


@pytest.fixture
def shelf(any_db: Database) -> Database:
    for lot, expires_on in (("late", LATE), ("old", OLD), ("soon", SOON)):
        move(any_db, MovementKind.RECEIPT, 3000, lot=lot, expires_on=expires_on, value_minor=300)
    return any_db


def test_sales_take_what_expires_first_and_what_is_expired_last(shelf: Database) -> None:
    move(shelf, MovementKind.SALE, -4000)
    assert left(shelf) == {"soon": 0, "late": 2, "old": 3}
    move(shelf, MovementKind.LOSS, -1000)
    assert left(shelf)["old"] == 2  # a loss is the oldest
    move(shelf, MovementKind.SALE, -5000)  # a till sold more than the lots have
    assert left(shelf) == {"soon": 0, "late": 0, "old": 0}


def test_what_is_expired_is_told_and_a_lot_is_corrected(shelf: Database) -> None:
    move(shelf, MovementKind.SALE, -1000)
    with shelf.system("test") as connection:
        assert expired_milli(connection, STORE, NOON.date()) == {MILK: 3000}
        swap = Swap(uuid4(), CHAIN, STORE, MILK, "old", "soon", 1000)
        correct_lot(connection, swap, NOON)
        with pytest.raises(ConflictError):
            correct_lot(connection, Swap(uuid4(), CHAIN, STORE, MILK, "old", "", 9000), NOON)
    assert left(shelf) == {"soon": 3, "late": 3, "old": 2}
    with shelf.system_read("test") as connection:
        wanted = select(LOT_MOVES.c.quantity_milli).where(LOT_MOVES.c.kind == "sale")
        assert connection.scalars(wanted).all() == [-1000]
