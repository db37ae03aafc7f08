"""The lines of a count as people look at them, by name, with what the books say where they may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, select

from hub.archive.stock.names import ItemName, item_names
from hub.archive.stocktakes.models import LINES
from hub.archive.stocktakes.posting import Count, Figures, figures, found
from hub.kit.session import ScopedSession

if TYPE_CHECKING:
    from hub.archive.stocktakes.records import Stocktake

PAGE = 200
_LINE = LINES.c


class Show(StrEnum):
    """Which lines; `todo` are those without a number."""

    ALL = "all"
    TODO = "todo"
    COUNTED = "counted"
    DIFFERS = "differs"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line, in thousandths. `book_milli` is what the books had when its counting began,
    `moved_milli` what has moved since, `milli` and `worth_minor` the difference that is posted."""

    name: ItemName | None
    item_id: UUID
    snapshot_milli: int
    first_milli: int | None
    counted_milli: int | None
    counted_at: datetime | None
    book_milli: int | None
    moved_milli: int
    milli: int | None
    worth_minor: int | None
    keep: str
    to_recount: bool
    is_extra: bool


def lines(
    session: ScopedSession, record: "Stocktake", show: Show, size: int = PAGE
) -> list[LineRow]:
    """The first lines: those that differ by value, the others in their order."""
    connection = session.bare_connection()
    is_posted = record.status.value == "posted"
    wanted = _posted(record) if is_posted else _open(record)
    rows = connection.execute(wanted.where(*_which(wanted, show)).limit(size)).all()
    names = item_names(session, [row.item_id for row in rows])
    return [LineRow(names.get(row.item_id), *row) for row in rows]


def sums(session: ScopedSession, record: "Stocktake") -> Figures:
    """The count in numbers, as it stands."""
    connection = session.bare_connection()
    if record.status.value != "posted":
        return figures(connection, Count(record.id, record.chain_id, record.store_id))
    one = _LINE
    posted = select(
        func.count(),
        func.count(one.counted_milli),
        func.count(one.item_id).filter(one.posted_milli != 0),
        literal(0),
        func.coalesce(func.sum(_abs(one.posted_value_minor)), 0),
        func.coalesce(func.sum(one.posted_value_minor), 0),
    ).where(one.stocktake_id == record.id)
    return Figures(*(int(n) for n in connection.execute(posted).one()))


def _open(record: "Stocktake") -> Select[Any]:
    one = found(Count(record.id, record.chain_id, record.store_id))
    return (
        _columns(
            one.c.book_milli,
            func.coalesce(one.c.moved_milli, 0),
            one.c.milli,
            one.c.worth_minor,
        )
        .outerjoin(one, one.c.item_id == _LINE.item_id)
        .where(_LINE.stocktake_id == record.id)
        .order_by(func.coalesce(_abs(one.c.worth_minor), -1).desc(), _LINE.line)
    )


def _posted(record: "Stocktake") -> Select[Any]:
    return (
        _columns(
            _LINE.counted_milli - _LINE.posted_milli,
            literal(0),
            _LINE.posted_milli,
            _LINE.posted_value_minor,
        )
        .where(_LINE.stocktake_id == record.id)
        .order_by(func.coalesce(_abs(_LINE.posted_value_minor), -1).desc(), _LINE.line)
    )


def _columns(
    book: ColumnElement[Any],
    moved: ColumnElement[Any],
    milli: ColumnElement[Any],
    worth: ColumnElement[Any],
) -> Select[Any]:
    return select(
        _LINE.item_id,
        _LINE.snapshot_milli,
        _LINE.first_milli,
        _LINE.counted_milli,
        _LINE.counted_at,
        book.label("book"),
        moved.label("moved"),
        milli.label("differs"),
        worth.label("worth"),
        _LINE.keep,
        _LINE.to_recount,
        _LINE.is_extra,
    ).select_from(LINES)


def _which(wanted: Select[Any], show: Show) -> Sequence[ColumnElement[bool]]:
    told = wanted.selected_columns
    match show:
        case Show.TODO:
            return [_LINE.counted_milli.is_(None)]
        case Show.COUNTED:
            return [_LINE.counted_milli.is_not(None)]
        case Show.DIFFERS:
            return [told.differs != 0]
        case Show.MOVED:
            return [told.moved != 0]
    return []


def _abs(number: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((number < 0, -number), else_=number)
