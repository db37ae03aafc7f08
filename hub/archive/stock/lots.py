"""Lots: what is left of each, and from which a movement took (INV-23).

What names no lot is taken first-expired-first-out, expired goods never for a sale while others are
left; what no lot covers stays without one. A person may say afterwards which lot it really was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Index, String, Table, func, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.archive.stock.models import MovementKind
from hub.errors import ConflictError, InvalidError, T
from hub.kit.append_only import keep_append_only
from hub.kit.tables import Base, StoreScoped
from hub.kit.upsert import add_to_row, replace_row

AT_ONCE = 500
Place = tuple[UUID, UUID]
Row = Mapping[str, Any]
_FOR_SALE = frozenset({MovementKind.SALE.value, MovementKind.SHIPPED.value})
_NO_LOT = T("这个批次没有这么多。", "The lot has not so many.")
_SAME = T("请选择另一个批次。", "Choose another lot.")


class StockLot(StoreScoped, Base):
    """What a store has of one lot of an item."""

    __tablename__ = "stock_lots"
    __table_args__ = (Index(None, "store_id", "expires_on"),)

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(String(40), primary_key=True)
    expires_on: Mapped[date | None]
    on_hand_milli: Mapped[int] = mapped_column(BigInteger)


class LotMove(StoreScoped, Base):
    """How much of a movement was of which lot; all of a lot's moves are what is left of it."""

    __tablename__ = "stock_lot_moves"
    __table_args__ = (Index(None, "chain_id", "lot"), Index(None, "store_id", "item_id"))

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    lot: Mapped[str] = mapped_column(String(40), primary_key=True)
    item_id: Mapped[UUID]
    document_type: Mapped[str] = mapped_column(String(32))
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    occurred_at: Mapped[datetime]


LOTS: Table = StockLot.__table__  # type: ignore[assignment]  # declarative says FromClause
LOT_MOVES: Table = LotMove.__table__  # type: ignore[assignment]
keep_append_only(LOT_MOVES)


@dataclass(slots=True)
class Left:
    """What is left of a lot while a batch is posted."""

    lot: str
    expires_on: date | None
    on_hand_milli: int

    def rank(self, *, is_sale: bool, on: date) -> tuple[bool, date, str]:
        is_expired = self.expires_on is not None and self.expires_on < on
        return is_sale and is_expired, self.expires_on or date.max, self.lot


def allot(
    connection: Connection, rows: Sequence[Row], expiries: Mapping[tuple[UUID, UUID, str], date]
) -> None:
    """Say of which lots these new movements were, in their order; with their transaction."""
    held = _held(connection, {(row["store_id"], row["item_id"]) for row in rows})
    if not held and not any(row["lot"] for row in rows):
        return
    moves: list[dict[str, Any]] = []
    for row in rows:
        lots = held.setdefault((row["store_id"], row["item_id"]), [])
        for lot, quantity in _parts(row, lots, moves):
            moves.append(_move(row, lot, quantity))
            _keep(lots, lot, quantity, expiries.get((row["store_id"], row["item_id"], lot)))
    if moves:
        connection.execute(LOT_MOVES.insert(), moves)
        _move_lots(connection, moves, expiries)


def _parts(row: Row, lots: Sequence[Left], moves: Sequence[Row]) -> list[tuple[str, int]]:
    """Lots and quantities of one movement."""
    quantity = row["quantity_milli"]
    if row["lot"]:
        return [(row["lot"], quantity)]
    if row["kind"] == MovementKind.COUNTED_BEFORE.value:  # takes back what the row before took
        key = row["document_id"], row["line"]
        same = [one for one in moves if (one["document_id"], one["line"]) == key]
        return [(one["lot"], -one["quantity_milli"]) for one in same]
    if quantity > 0:
        return []
    on = row["occurred_at"].date()
    is_sale = row["kind"] in _FOR_SALE
    wanted, parts = -quantity, []
    for one in sorted(lots, key=lambda left: left.rank(is_sale=is_sale, on=on)):
        took = min(wanted, max(0, one.on_hand_milli))
        if took:
            parts.append((one.lot, -took))
            wanted -= took
    return parts


def _keep(lots: list[Left], lot: str, quantity: int, expires_on: date | None) -> None:
    for one in lots:
        if one.lot == lot:
            one.on_hand_milli += quantity
            return
    lots.append(Left(lot, expires_on, quantity))


def _move(row: Row, lot: str, quantity: int) -> dict[str, Any]:
    same = ("chain_id", "store_id", "item_id", "document_type", "document_id", "line", "kind")
    told = {name: row[name] for name in (*same, "occurred_at")}
    return told | {"lot": lot, "quantity_milli": quantity}


def _held(connection: Connection, places: Iterable[Place]) -> dict[Place, list[Left]]:
    items: dict[UUID, list[UUID]] = {}
    for store_id, item_id in sorted(places):
        items.setdefault(store_id, []).append(item_id)
    found: dict[Place, list[Left]] = {}
    for store_id, ids in items.items():
        for first in range(0, len(ids), AT_ONCE):
            wanted = (
                select(LOTS.c.item_id, LOTS.c.lot, LOTS.c.expires_on, LOTS.c.on_hand_milli)
                .where(LOTS.c.store_id == store_id)
                .where(LOTS.c.item_id.in_(ids[first : first + AT_ONCE]))
                .order_by(LOTS.c.item_id, LOTS.c.lot)
                .with_for_update()
            )
            for item_id, *left in connection.execute(wanted):
                found.setdefault((store_id, item_id), []).append(Left(*left))
    return found


def _move_lots(
    connection: Connection,
    moves: Sequence[Row],
    expiries: Mapping[tuple[UUID, UUID, str], date],
) -> None:
    sums: dict[tuple[UUID, UUID, str], dict[str, Any]] = {}
    for one in moves:
        key = one["store_id"], one["item_id"], one["lot"]
        row = sums.setdefault(
            key,
            {
                "chain_id": one["chain_id"],
                "store_id": key[0],
                "item_id": key[1],
                "lot": key[2],
                "expires_on": expiries.get(key),
                "on_hand_milli": 0,
            },
        )
        row["on_hand_milli"] += one["quantity_milli"]
    rows = [sums[key] for key in sorted(sums)]
    connection.execute(add_to_row(connection, LOTS, ["on_hand_milli"]), rows)


def say_expiry(connection: Connection, lot: StockLot, expires_on: date | None) -> None:
    """Another day of expiry for what a store has of a lot."""
    names = ("chain_id", "store_id", "item_id", "lot", "on_hand_milli")
    row = {name: getattr(lot, name) for name in names} | {"expires_on": expires_on}
    connection.execute(replace_row(connection, LOTS, ["expires_on"]), [row])


@dataclass(frozen=True, slots=True)
class Swap:
    """So much was not of one lot but of another; empty: of none that is known."""

    id: UUID
    chain_id: UUID
    store_id: UUID
    item_id: UUID
    from_lot: str
    to_lot: str
    quantity_milli: int


def correct_lot(connection: Connection, wanted: Swap, now: datetime) -> None:
    """Quantities and values stay; only whose lot it is changes, as a document of its own."""
    if wanted.from_lot == wanted.to_lot or wanted.quantity_milli <= 0:
        raise InvalidError(_SAME, {"lot": _SAME})
    lots = _held(connection, [(wanted.store_id, wanted.item_id)])
    left = {one.lot: one.on_hand_milli for one in lots.get((wanted.store_id, wanted.item_id), ())}
    if wanted.from_lot and left.get(wanted.from_lot, 0) < wanted.quantity_milli:
        raise ConflictError(_NO_LOT, {"quantity": _NO_LOT})
    row = {
        "chain_id": wanted.chain_id,
        "store_id": wanted.store_id,
        "item_id": wanted.item_id,
        "document_type": "lot_correction",
        "document_id": wanted.id,
        "line": 0,
        "kind": MovementKind.ADJUST.value,
        "occurred_at": now,
    }
    parts = ((wanted.from_lot, -wanted.quantity_milli), (wanted.to_lot, wanted.quantity_milli))
    moves = [_move(row, lot, quantity) for lot, quantity in parts if lot]
    connection.execute(LOT_MOVES.insert(), moves)
    _move_lots(connection, moves, {})


def expired_milli(connection: Connection, store_id: UUID, on: date) -> dict[UUID, int]:
    """What must not be sold of each item: its lots that are past their day."""
    wanted = (
        select(LOTS.c.item_id, func.sum(LOTS.c.on_hand_milli))
        .where(LOTS.c.store_id == store_id, LOTS.c.expires_on < on, LOTS.c.on_hand_milli > 0)
        .group_by(LOTS.c.item_id)
    )
    return {item: int(milli) for item, milli in connection.execute(wanted)}


def lots_that_differ(connection: Connection) -> list[tuple[UUID, UUID, str]]:
    """Lots of which what is left is not the sum of their moves: always none."""
    moved = (
        select(
            LOT_MOVES.c.store_id,
            LOT_MOVES.c.item_id,
            LOT_MOVES.c.lot,
            func.sum(LOT_MOVES.c.quantity_milli).label("quantity"),
        )
        .group_by(LOT_MOVES.c.store_id, LOT_MOVES.c.item_id, LOT_MOVES.c.lot)
        .subquery()
    )
    both = LOTS.outerjoin(
        moved,
        (moved.c.store_id == LOTS.c.store_id)
        & (moved.c.item_id == LOTS.c.item_id)
        & (moved.c.lot == LOTS.c.lot),
    )
    wrong = (
        select(LOTS.c.store_id, LOTS.c.item_id, LOTS.c.lot)
        .select_from(both)
        .where(LOTS.c.on_hand_milli != func.coalesce(moved.c.quantity, 0))
    )
    return [(store, item, lot) for store, item, lot in connection.execute(wrong)]
