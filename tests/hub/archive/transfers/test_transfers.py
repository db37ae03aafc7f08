"""INV-14, INV-21, J6.4: goods on their way, on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from hub.archive.stock import ledger
from hub.archive.stock.models import BALANCES, MovementKind
from hub.archive.stock.posting import Movement, post
from hub.archive.transfers import posting
from hub.archive.transfers.models import LINES
from hub.archive.transfers.posting import Arrived, Asked
from hub.errors import ConflictError, InvalidError
from hub.kit.db import Database
from tests.hub.alerts.conftest import any_db, postgres

__all__ = ("any_db", "postgres")
CHAIN, NORTH, SOUTH, TEA = (UUID(int=n) for n in range(1, 5))
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def stocked(any_db: Database) -> Database:
    """30 pieces of tea in the north, for 1,000 in all."""
    opening = Movement(
        CHAIN, NORTH, TEA, MovementKind.OPENING, "test", uuid4(), 0, 30_000, NOON, 1000
    )
    with any_db.system("test") as connection:
        post(connection, [opening], NOON)
    return any_db


def asked(milli: int = 20_000) -> Asked:
    return Asked(uuid4(), CHAIN, NORTH, SOUTH, {TEA: milli}, None)


def balances(db: Database) -> dict[UUID, tuple[int, int, int, int]]:
    """On hand, reserved, in transit and value by store."""
    columns = BALANCES.c
    with db.system_read("test") as connection:
        assert ledger.disagreements(connection) == []
        return {
            row.store_id: (
                row.on_hand_milli,
                row.reserved_milli,
                row.in_transit_milli,
                row.value_minor,
            )
            for row in connection.execute(select(BALANCES).order_by(columns.store_id))
        }


def test_of_twenty_pieces_eighteen_arrive(stocked: Database) -> None:
    """One damaged, one lost: every piece and every cent is somewhere at each moment."""
    wish = asked()
    with stocked.system("test") as connection:
        for _ in range(2):
            posting.ask(connection, wish, NOON)
        posting.approve(connection, wish.id, None, NOON)
    assert balances(stocked) == {NORTH: (30_000, 20_000, 0, 1000)}
    with stocked.system("test") as connection:
        posting.ship(connection, wish.id, None, NOON)
    assert balances(stocked) == {NORTH: (10_000, 0, 0, 333), SOUTH: (0, 0, 20_000, 0)}
    short = {0: Arrived(18_000, 1000, 1000)}
    with stocked.system("test") as connection, pytest.raises(InvalidError, match="say why"):
        posting.receive(connection, wish.id, short, (None, " "), NOON)
    with stocked.system("test") as connection, pytest.raises(InvalidError, match="add up"):
        posting.receive(connection, wish.id, {0: Arrived(18_000)}, (None, "x"), NOON)
    with stocked.system("test") as connection:
        posting.receive(connection, wish.id, short, (None, "wet box"), NOON)
    assert balances(stocked) == {NORTH: (10_000, 0, 0, 333), SOUTH: (18_000, 0, 0, 601)}
    with stocked.system("test") as connection, pytest.raises(ConflictError):
        posting.receive(connection, wish.id, short, (None, "again"), NOON)
    with stocked.system_read("test") as connection:
        line = connection.execute(select(LINES)).one()
    assert (line.received_milli, line.damaged_milli, line.lost_milli) == (18_000, 1000, 1000)


def test_what_is_promised_is_not_given_twice(stocked: Database) -> None:
    first, second = asked(), asked()
    with stocked.system("test") as connection:
        posting.ask(connection, first, NOON, is_approved=True)
        posting.ask(connection, second, NOON)
    with stocked.system("test") as connection, pytest.raises(ConflictError, match="10 available"):
        posting.approve(connection, second.id, None, NOON)
    with stocked.system("test") as connection:
        posting.cancel(connection, first.id)
        posting.approve(connection, second.id, None, NOON)
    assert balances(stocked)[NORTH][1] == 20_000
    with stocked.system("test") as connection, pytest.raises(ConflictError):
        posting.ship(connection, first.id, None, NOON)
    with stocked.system("test") as connection, pytest.raises(InvalidError):
        posting.ask(connection, asked(0), NOON)
    with stocked.system("test") as connection, pytest.raises(InvalidError):
        posting.ask(connection, Asked(uuid4(), CHAIN, NORTH, NORTH, {TEA: 1}, None), NOON)
