"""Facts post, whatever they say: a till's ticket, a count, a receipt may drive stock below zero.

Core SQL in sets, in the caller's transaction, with the scope in the rows. Posting a document again
changes nothing. Balances are locked in one order, so two writers never wait for each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, case, select, update

from hub.archive.stock.lots import allot
from hub.archive.stock.models import BALANCES, MOVEMENTS, MovementKind
from hub.kit.rounding import half_up
from hub.kit.upsert import insert_new

AT_ONCE = 500  # parameters of one statement
Place = tuple[UUID, UUID]  # store, item
AS_SOLD = frozenset({MovementKind.SALE, MovementKind.RETURN})
COUNTED = frozenset({MovementKind.COUNT, MovementKind.OPENING})


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a document. `value_minor` None: at what the item's stock is worth on average;
    where there is no stock, at `unit_cost_minor` for a whole unit."""

    chain_id: UUID
    store_id: UUID
    item_id: UUID
    kind: MovementKind
    document_type: str
    document_id: UUID
    line: int
    quantity_milli: int
    occurred_at: datetime
    value_minor: int | None = None
    unit_cost_minor: int = 0
    lot: str = ""
    expires_on: date | None = None  # of the lot
    user_id: UUID | None = None
    reason: str = ""

    @property
    def place(self) -> Place:
        return self.store_id, self.item_id

    @property
    def key(self) -> tuple[UUID, int, str]:
        return self.document_id, self.line, self.kind.value


@dataclass(slots=True)
class Held:
    """What a store has of an item while a batch is posted."""

    on_hand_milli: int = 0
    value_minor: int = 0
    counted_at: datetime | None = None
    quantity_change: int = 0
    value_change: int = 0

    def worth(self, quantity_milli: int, unit_cost_minor: int) -> int:
        """Value of so much at the average; the last piece takes the rest."""
        has = max(0, self.on_hand_milli + self.quantity_change)
        value = self.value_minor + self.value_change
        from_stock = min(quantity_milli, has)
        beyond = half_up(unit_cost_minor * (quantity_milli - from_stock), 1000)
        if not from_stock:
            return beyond
        return (value if from_stock == has else half_up(value * from_stock, has)) + beyond

    def move(self, quantity_milli: int, value_minor: int) -> None:
        self.quantity_change += quantity_milli
        self.value_change += value_minor

    @property
    def is_short(self) -> bool:
        return self.on_hand_milli + self.quantity_change < 0


@dataclass(frozen=True, slots=True)
class Posted:
    """How many movements are new, and the places of which there is now less than nothing."""

    movements: int
    short: tuple[Place, ...] = field(default=())


def post(connection: Connection, movements: Sequence[Movement], now: datetime) -> Posted:
    """Write what is new of these movements, in their order, and move the balances with them."""
    if not movements:
        return Posted(0)
    chains = {one.place: one.chain_id for one in movements}
    open_balances(connection, chains)
    held = _locked(connection, chains)
    known = _known(connection, {one.document_id for one in movements})
    rows: list[dict[str, Any]] = []
    for one in movements:
        if one.key not in known:
            known.add(one.key)
            rows += _rows(one, held[one.place], now)
    if rows:
        connection.execute(MOVEMENTS.insert(), rows)
        _move_balances(connection, held)
        allot(
            connection, rows, {(*x.place, x.lot): x.expires_on for x in movements if x.expires_on}
        )
    return Posted(len(rows), tuple(place for place, found in held.items() if found.is_short))


def mark_counted(
    connection: Connection, chain_id: UUID, places: Iterable[Place], at: datetime
) -> None:
    """These were counted and found right: nothing moves, but later news of before do not either."""
    chains = dict.fromkeys(places, chain_id)
    open_balances(connection, chains)
    later = case((BALANCES.c.counted_at > at, BALANCES.c.counted_at), else_=at)
    for which in _together(chains):
        connection.execute(update(BALANCES).where(which).values(counted_at=later))


def open_balances(connection: Connection, chains: Mapping[Place, UUID]) -> None:
    """See to it that each place has a row; `chains` is the chain of each."""
    empty = dict.fromkeys(("on_hand_milli", "reserved_milli", "in_transit_milli", "value_minor"), 0)
    rows = [
        empty | {"chain_id": chains[place], "store_id": place[0], "item_id": place[1]}
        for place in sorted(chains)
    ]
    connection.execute(insert_new(connection, BALANCES), rows)


def _rows(one: Movement, held: Held, now: datetime) -> Iterator[dict[str, Any]]:
    """The movement; and what takes it back, where a later count has seen its effect already."""
    counted_at = held.counted_at
    row = _row(one, held, now)
    yield row
    if one.kind in COUNTED:
        held.counted_at = max(counted_at or one.occurred_at, one.occurred_at)
    elif one.kind in AS_SOLD and counted_at and one.occurred_at < counted_at:
        quantity, value = -row["quantity_milli"], -row["value_minor"]
        held.move(quantity, value)
        back = {"quantity_milli": quantity, "value_minor": value, "occurred_at": counted_at}
        yield row | back | {"kind": MovementKind.COUNTED_BEFORE.value}


def _row(one: Movement, held: Held, now: datetime) -> dict[str, Any]:
    value = one.value_minor
    if value is None:
        worth = held.worth(abs(one.quantity_milli), one.unit_cost_minor)
        value = worth if one.quantity_milli > 0 else -worth
    held.move(one.quantity_milli, value)
    return {
        "chain_id": one.chain_id,
        "store_id": one.store_id,
        "item_id": one.item_id,
        "kind": one.kind.value,
        "document_type": one.document_type,
        "document_id": one.document_id,
        "line": one.line,
        "quantity_milli": one.quantity_milli,
        "value_minor": value,
        "lot": one.lot,
        "occurred_at": one.occurred_at,
        "posted_at": now,
        "user_id": one.user_id,
        "reason": one.reason,
    }


def _locked(connection: Connection, places: Iterable[Place]) -> dict[Place, Held]:
    columns = BALANCES.c
    found: dict[Place, Held] = {}
    for which in _together(places):
        wanted = (
            select(
                columns.store_id,
                columns.item_id,
                columns.on_hand_milli,
                columns.value_minor,
                columns.counted_at,
            )
            .where(which)
            .order_by(columns.store_id, columns.item_id)
            .with_for_update()
        )
        for store_id, item_id, *held in connection.execute(wanted):
            found[store_id, item_id] = Held(*held)
    return found


def _known(connection: Connection, documents: set[UUID]) -> set[tuple[UUID, int, str]]:
    columns = MOVEMENTS.c
    found: set[tuple[UUID, int, str]] = set()
    for some in _some(sorted(documents)):
        wanted = select(columns.document_id, columns.line, columns.kind)
        rows = connection.execute(wanted.where(columns.document_id.in_(some)))
        found |= {(document, line, kind) for document, line, kind in rows}
    return found


def _move_balances(connection: Connection, held: Mapping[Place, Held]) -> None:
    columns = BALANCES.c
    moved = (
        update(BALANCES)
        .where(columns.store_id == bindparam("of_store"), columns.item_id == bindparam("of_item"))
        .values(
            on_hand_milli=columns.on_hand_milli + bindparam("quantity"),
            value_minor=columns.value_minor + bindparam("value"),
            counted_at=bindparam("counted"),
        )
    )
    changes = [
        {
            "of_store": store_id,
            "of_item": item_id,
            "quantity": found.quantity_change,
            "value": found.value_change,
            "counted": found.counted_at,
        }
        for (store_id, item_id), found in held.items()
    ]
    connection.execute(moved, changes)


def _together(places: Iterable[Place]) -> Iterator[ColumnElement[bool]]:
    """Conditions that name all places, some at once, in one order for everybody."""
    for store_id, group in groupby(sorted(set(places)), key=lambda place: place[0]):
        for some in _some([item for _, item in group]):
            yield (BALANCES.c.store_id == store_id) & BALANCES.c.item_id.in_(some)


def _some(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for begin in range(0, len(ids), AT_ONCE):
        yield ids[begin : begin + AT_ONCE]
