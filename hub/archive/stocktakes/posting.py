"""A count in sets: the snapshot, the entries, and the differences into the ledger.

The rules for values are those of `hub.archive.stock.posting`, written for sets: twenty thousand
lines take a fraction of a second, and a property test holds both against each other (INV-12).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Uuid,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from hub.archive.products.records import Product, ProductVariant
from hub.archive.stock.models import BALANCES, MOVEMENTS, MovementKind
from hub.archive.stocktakes.models import LINES, PLACES, Keep
from hub.kit.tables import UtcDateTime
from hub.kit.upsert import insert_new

STOCKTAKE = "stocktake"
_BALANCE, _LINE, _MOVED = BALANCES.c, LINES.c, MOVEMENTS.c
_SNAPSHOT = [
    *("chain_id", "store_id", "stocktake_id", "item_id", "line", "snapshot_milli"),
    *("snapshot_value_minor", "unit_cost_minor", "is_extra", "to_recount", "keep"),
]
_LINE_NUMBERS = func.row_number().over(order_by=_BALANCE.item_id)


@dataclass(frozen=True, slots=True)
class Count:
    """Which count of which store."""

    id: UUID
    chain_id: UUID
    store_id: UUID


def open_lines(connection: Connection, count: Count, which: ColumnElement[bool]) -> int:
    """Write a line with a snapshot for each item of the store that `which` names; how many."""
    rows = _balances(count, _LINE_NUMBERS, is_extra=False).where(which)
    connection.execute(insert(LINES).from_select(_SNAPSHOT, rows))
    return connection.scalar(select(func.count()).where(_LINE.stocktake_id == count.id)) or 0


def goods_of(category_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Items of these categories, for `open_lines`."""
    return Product.category_id.in_(category_ids)


def lying_in(count: Count, area_id: UUID) -> ColumnElement[bool]:
    """Items known to lie in an area."""
    places = PLACES.c
    there = select(places.item_id).where(
        places.store_id == count.store_id, places.area_id == area_id
    )
    return _BALANCE.item_id.in_(there)


def add_extra(connection: Connection, count: Count, item_ids: Sequence[UUID]) -> None:
    """Lines of items that were found and not expected; items without a balance get an empty one."""
    empty = dict.fromkeys(("on_hand_milli", "reserved_milli", "in_transit_milli", "value_minor"), 0)
    about = {"chain_id": count.chain_id, "store_id": count.store_id}
    rows = [empty | about | {"item_id": item} for item in sorted(item_ids)]
    connection.execute(insert_new(connection, BALANCES), rows)
    last = select(func.coalesce(func.max(_LINE.line), 0)).where(_LINE.stocktake_id == count.id)
    number = _LINE_NUMBERS + (connection.scalar(last) or 0)
    wanted = _balances(count, number, is_extra=True).where(_BALANCE.item_id.in_(item_ids))
    connection.execute(insert(LINES).from_select(_SNAPSHOT, wanted))


def _balances(count: Count, number: ColumnElement[Any], *, is_extra: bool) -> Select[Any]:
    return (
        select(
            literal(count.chain_id, Uuid()),
            literal(count.store_id, Uuid()),
            literal(count.id, Uuid()),
            _BALANCE.item_id,
            number,
            _BALANCE.on_hand_milli,
            _BALANCE.value_minor,
            func.coalesce(Product.cost_minor, 0),
            literal(is_extra),
            literal(False),
            literal(""),
        )
        .select_from(BALANCES)
        .outerjoin(ProductVariant, ProductVariant.id == _BALANCE.item_id)
        .join(Product, Product.id == func.coalesce(ProductVariant.product_id, _BALANCE.item_id))
        .where(_BALANCE.store_id == count.store_id)
    )


def moved_since(count: Count) -> Subquery:
    """(item_id, milli): what moved after the counting of each line began."""
    return (
        select(_LINE.item_id, func.sum(_MOVED.quantity_milli).label("milli"))
        .select_from(LINES)
        .join(
            MOVEMENTS,
            and_(
                _MOVED.store_id == _LINE.store_id,
                _MOVED.item_id == _LINE.item_id,
                _MOVED.occurred_at > _LINE.counted_from,
            ),
        )
        .where(_LINE.stocktake_id == count.id)
        .group_by(_LINE.item_id)
        .subquery()
    )


def post_differences(
    connection: Connection, count: Count, about: tuple[UUID | None, str], now: datetime
) -> None:
    """Bring the stock to what was counted; `about` is who decides, and why.

    Posting again changes nothing.
    """
    mine = _LINE.stocktake_id == count.id
    _lock(connection, count)
    done = select(_LINE.line).where(mine, _LINE.posted_milli.is_not(None)).limit(1)
    if connection.execute(done).first():
        return
    one = found(count)
    connection.execute(
        update(LINES)
        .where(mine, _LINE.item_id == one.c.item_id)
        .values(posted_milli=one.c.milli, posted_value_minor=one.c.worth_minor)
    )
    connection.execute(_movements(count, about, now))
    _move_balances(connection, count, now)


def _lock(connection: Connection, count: Count) -> None:
    if connection.dialect.name != "postgresql":
        return
    items = select(_LINE.item_id).where(_LINE.stocktake_id == count.id)
    held = select(_BALANCE.item_id).where(
        _BALANCE.store_id == count.store_id, _BALANCE.item_id.in_(items)
    )
    connection.execute(held.order_by(_BALANCE.item_id).with_for_update())


def _difference(moved: Subquery) -> ColumnElement[int]:
    """What was counted less what the books say; those of the moment the counting began, unless the
    count itself is kept."""
    since = case((_LINE.keep == Keep.COUNT.value, 0), else_=func.coalesce(moved.c.milli, 0))
    return _LINE.counted_milli - (_BALANCE.on_hand_milli - cast(since, BigInteger))


def _value(
    milli: ColumnElement[Any],
    on_hand: ColumnElement[Any],
    value: ColumnElement[Any],
    unit_cost: ColumnElement[Any],
) -> ColumnElement[Any]:
    """`Held.worth` for a set: the average for what there is, the unit cost beyond."""
    much = _abs(milli)
    has = case((on_hand > 0, on_hand), else_=0)
    inside = case((much < has, much), else_=has)
    average = case((inside == has, value), else_=_half_up(value * inside, has))
    from_stock = case((inside > 0, average), else_=0)
    worth = from_stock + _half_up(unit_cost * (much - inside), literal(1000))
    return case((milli < 0, -worth), else_=worth)


def _half_up(numerator: ColumnElement[Any], denominator: ColumnElement[Any]) -> ColumnElement[Any]:
    """`hub.kit.rounding.half_up` for positive denominators."""
    divisor = case((denominator > 0, 2 * denominator), else_=1)
    whole = (2 * _abs(numerator) + denominator) // divisor
    return case((numerator < 0, -whole), else_=whole)


def _abs(number: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((number < 0, -number), else_=number)


def _movements(count: Count, about: tuple[UUID | None, str], now: datetime) -> Any:
    """The lines that differ, as movements."""
    user_id, reason = about
    when = case(
        (_LINE.keep == Keep.COUNT.value, literal(now, UtcDateTime())), else_=_LINE.counted_from
    )
    names = [
        *("chain_id", "store_id", "item_id", "kind", "document_type", "document_id", "line"),
        *("quantity_milli", "value_minor", "lot", "occurred_at", "posted_at", "user_id", "reason"),
    ]
    rows = select(
        _LINE.chain_id,
        _LINE.store_id,
        _LINE.item_id,
        literal(MovementKind.COUNT.value),
        literal(STOCKTAKE),
        _LINE.stocktake_id,
        _LINE.line,
        _LINE.posted_milli,
        _LINE.posted_value_minor,
        literal(""),
        when,
        literal(now, UtcDateTime()),
        literal(user_id, Uuid()),
        literal(reason),
    ).where(
        _LINE.stocktake_id == count.id,
        or_(_LINE.posted_milli != 0, _LINE.posted_value_minor != 0),
    )
    return insert(MOVEMENTS).from_select(names, rows.order_by(_LINE.line))


def _move_balances(connection: Connection, count: Count, now: datetime) -> None:
    """Quantity and value of what was posted; all that was counted is known from then on."""
    when = case(
        (_LINE.keep == Keep.COUNT.value, literal(now, UtcDateTime())), else_=_LINE.counted_from
    )
    later = case((_BALANCE.counted_at > when, _BALANCE.counted_at), else_=when)
    connection.execute(
        update(BALANCES)
        .where(
            _BALANCE.store_id == count.store_id,
            _BALANCE.item_id == _LINE.item_id,
            _LINE.stocktake_id == count.id,
            _LINE.posted_milli.is_not(None),
        )
        .values(
            on_hand_milli=_BALANCE.on_hand_milli + _LINE.posted_milli,
            value_minor=_BALANCE.value_minor + _LINE.posted_value_minor,
            counted_at=later,
        )
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """A count in numbers; `difference_minor` adds up differences without their signs."""

    lines: int
    counted: int
    differing: int
    undecided: int
    difference_minor: int
    net_minor: int


def found(count: Count) -> Subquery:
    """Each counted line: item_id, book_milli as the count saw it, moved_milli since, milli (the
    difference to be posted), worth_minor, keep."""
    moved = moved_since(count)
    milli = _difference(moved)
    since = cast(func.coalesce(moved.c.milli, 0), BigInteger)
    worth = _value(milli, _BALANCE.on_hand_milli, _BALANCE.value_minor, _LINE.unit_cost_minor)
    return (
        select(
            _LINE.item_id,
            (_BALANCE.on_hand_milli - since).label("book_milli"),
            since.label("moved_milli"),
            milli.label("milli"),
            worth.label("worth_minor"),
            _LINE.keep,
        )
        .select_from(LINES)
        .join(
            BALANCES, and_(_BALANCE.store_id == _LINE.store_id, _BALANCE.item_id == _LINE.item_id)
        )
        .outerjoin(moved, moved.c.item_id == _LINE.item_id)
        .where(_LINE.stocktake_id == count.id, _LINE.counted_milli.is_not(None))
        .subquery()
    )


def figures(connection: Connection, count: Count) -> Figures:
    lines = connection.scalar(select(func.count()).where(_LINE.stocktake_id == count.id))
    one = found(count).c
    sums = select(
        func.count(),
        func.coalesce(func.sum(case((one.milli != 0, 1), else_=0)), 0),
        func.coalesce(func.sum(case((and_(one.moved_milli != 0, one.keep == ""), 1), else_=0)), 0),
        func.coalesce(func.sum(_abs(one.worth_minor)), 0),
        func.coalesce(func.sum(one.worth_minor), 0),
    )
    return Figures(lines or 0, *(int(n) for n in connection.execute(sums).one()))


def decide(
    connection: Connection, count: Count, item_ids: Sequence[UUID] | None, what: Keep
) -> None:
    """Which number holds; None: for every line that moved after its counting."""
    which = _LINE.item_id.in_(item_ids or ())
    if item_ids is None:
        moved = found(count)
        which = _LINE.item_id.in_(select(moved.c.item_id).where(moved.c.moved_milli != 0))
    told = update(LINES).where(_LINE.stocktake_id == count.id, which).values(keep=what.value)
    connection.execute(told)


def begin_recount(connection: Connection, count: Count) -> None:
    """Set aside what was counted of marked lines, or where none is marked of all that differ."""
    mine = _LINE.stocktake_id == count.id
    marked = connection.execute(select(_LINE.line).where(mine, _LINE.to_recount).limit(1)).first()
    differ = found(count)
    which: ColumnElement[bool] = _LINE.to_recount
    if marked is None:
        which = _LINE.item_id.in_(select(differ.c.item_id).where(differ.c.milli != 0))
    fresh = dict.fromkeys(("counted_milli", "counted_from", "counted_at"), None)
    again = {"first_milli": _LINE.counted_milli, "to_recount": True, "keep": ""}
    connection.execute(update(LINES).where(mine, which).values(**(fresh | again)))
