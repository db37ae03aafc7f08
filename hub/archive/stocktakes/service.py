"""What is done to a count: begin, enter, hand in, recount, decide, post."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, select, true, update
from sqlalchemy.orm import Session

from hub.archive.products.records import ProductCategory
from hub.archive.stock.classes import items_in_class
from hub.archive.stock.models import BALANCES
from hub.archive.stock.posting import AT_ONCE
from hub.archive.stocktakes import entries as entering
from hub.archive.stocktakes import posting
from hub.archive.stocktakes.entries import Entry
from hub.archive.stocktakes.models import LINES, Keep
from hub.archive.stocktakes.posting import Count
from hub.errors import ConflictError, InvalidError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.records.apply import Change, write
from hub.kit.session import ScopedSession

if TYPE_CHECKING:
    from hub.archive.stocktakes.records import Stocktake

CLASS_DAYS = 90
_LINE = LINES.c
_NOTHING = T("这个范围里还没有商品。", "There are no items in this part of the store.")
_TWICE = T(
    "其中 {n} 件商品正在另一张盘点单里。请先结束那一张。",
    "{n} of these items are in another open stocktake. Finish that one first.",
)
_UNDECIDED = T(
    "{n} 件商品在盘点后有变动：请先选择以哪个数为准。",
    "{n} items moved after they were counted: choose which number holds.",
)
_NONE_COUNTED = T("还没有盘点任何商品。", "Nothing has been counted yet.")
_NOT_OPEN = T("这张盘点单现在不能录入。", "Nothing can be entered in this stocktake now.")
_LESS_THAN_NONE = T("盘点数不能小于 0。", "A count cannot be less than nothing.")


def count_of(record: "Stocktake") -> Count:
    return Count(record.id, record.chain_id, record.store_id)


def start(session: Session, record: "Stocktake") -> Mapping[str, Any]:
    """Take the snapshot; ConflictError where nothing is to be counted, or twice at a time."""
    connection, count = _bare(session), count_of(record)
    now = utc_now()
    lines = posting.open_lines(connection, count, _part(session, record, now))
    if not lines and record.extent.value != "area":
        raise ConflictError(_NOTHING)
    _refuse_overlap(session, connection, record)
    return {"started_at": now, "lines": lines, "counted": 0}


def _part(session: Session, record: "Stocktake", now: datetime) -> Any:
    match record.extent.value:
        case "category":
            return posting.goods_of(_with_those_within(session, record.category_id))
        case "area":
            assert record.area_id is not None  # noqa: S101 `problems` sees to it
            return posting.lying_in(count_of(record), record.area_id)
        case "class":
            return _of_class(record, now)
    return true()


def _with_those_within(session: Session, category_id: UUID | None) -> list[UUID]:
    wanted = select(ProductCategory.id, ProductCategory.parent_id)
    parents = {row.id: row.parent_id for row in session.execute(wanted)}
    found = {category_id}
    while more := {one for one, above in parents.items() if above in found} - found:
        found |= more
    return [one for one in found if one is not None]


def _of_class(record: "Stocktake", now: datetime) -> Any:
    since = now - timedelta(days=CLASS_DAYS)
    letter = record.abc_class.value if record.abc_class else "A"
    if letter != "C":
        return BALANCES.c.item_id.in_(items_in_class(record.store_id, since, letter))
    others = [items_in_class(record.store_id, since, one) for one in "AB"]
    return and_(*(BALANCES.c.item_id.not_in(one) for one in others))


def _refuse_overlap(session: Session, connection: Connection, record: "Stocktake") -> None:
    """An item is counted in one place at a time."""
    model = type(record)
    others = session.scalars(
        select(model.id).where(
            model.store_id == record.store_id,
            model.id != record.id,
            model.status.in_(("counting", "review")),
            model.archived_at.is_(None),
        )
    ).all()
    if not others:
        return
    mine = select(_LINE.item_id).where(_LINE.stocktake_id == record.id)
    twice = select(func.count(_LINE.item_id.distinct())).where(
        _LINE.stocktake_id.in_(others), _LINE.item_id.in_(mine)
    )
    if n := connection.scalar(twice):
        raise ConflictError(_TWICE.format(n=n))


def enter(
    session: ScopedSession, record: "Stocktake", entries: Sequence[Entry]
) -> Mapping[UUID, int]:
    """Add what was found; what is counted of each item now. The caller has checked the right.

    ConflictError when the count is not open, InvalidError when a sum would be below nothing.
    """
    if record.status.value != "counting" or record.archived_at:
        raise ConflictError(_NOT_OPEN)
    connection, count = _bare(session), count_of(record)
    begun = record.started_at or utc_now()
    kept = [_within(one, begun) for one in entries]
    items = sorted({one.item_id for one in kept})
    _lock(connection, record)
    missing = set(items) - set(_counted(connection, record.id, items))
    if missing:
        posting.add_extra(connection, count, sorted(missing))
    entering.enter(connection, count, kept, asker_of(session).user_id)
    if record.area_id:
        entering.learn_places(connection, count, record.area_id, items)
    now = _counted(connection, record.id, items)
    if any(found is not None and found < 0 for found in now.values()):
        raise InvalidError(_LESS_THAN_NONE, {"quantity": _LESS_THAN_NONE})
    return {item: found or 0 for item, found in now.items()}


def _within(one: Entry, begun: datetime) -> Entry:
    """A phone's clock may be wrong: what it counted was counted while the count was open."""
    return replace(one, at=min(max(one.at, begun), utc_now()))


def _counted(
    connection: Connection, stocktake_id: UUID, items: Sequence[UUID]
) -> dict[UUID, int | None]:
    found: dict[UUID, int | None] = {}
    for first in range(0, len(items), AT_ONCE):
        wanted = select(_LINE.item_id, _LINE.counted_milli).where(
            _LINE.stocktake_id == stocktake_id, _LINE.item_id.in_(items[first : first + AT_ONCE])
        )
        found |= {row.item_id: row.counted_milli for row in connection.execute(wanted)}
    return found


def _lock(connection: Connection, record: "Stocktake") -> None:
    """Two phones that find the same unexpected item make one line of it."""
    if connection.dialect.name == "postgresql":
        table = type(record).__table__
        connection.execute(select(table.c.id).where(table.c.id == record.id).with_for_update())


def count_missing_as_none(session: ScopedSession, record: "Stocktake") -> int:
    """What nobody found is not there: every line without a number becomes zero."""
    if record.status.value not in ("counting", "review"):
        raise ConflictError(_NOT_OPEN)
    now = utc_now()
    done = (
        update(LINES)
        .where(_LINE.stocktake_id == record.id, _LINE.counted_milli.is_(None))
        .values(counted_milli=0, counted_from=now, counted_at=now)
    )
    return int(_bare(session).execute(done).rowcount)


def hand_in(session: Session, record: "Stocktake") -> Mapping[str, Any]:
    """Counting is over; the sums of the count stand on its head."""
    connection = _bare(session)
    figures = posting.figures(connection, count_of(record))
    if not figures.counted:
        raise ConflictError(_NONE_COUNTED)
    return {
        "lines": figures.lines,
        "counted": figures.counted,
        "difference_minor": figures.difference_minor,
    }


def mark_for_recount(session: ScopedSession, record: "Stocktake", item_ids: Sequence[UUID]) -> None:
    """These lines are to be counted once more."""
    if record.status.value != "review":
        raise ConflictError(_NOT_OPEN)
    which = _LINE.item_id.in_(item_ids)
    marked = update(LINES).where(_LINE.stocktake_id == record.id, which).values(to_recount=True)
    _bare(session).execute(marked)


def recount(session: Session, record: "Stocktake") -> Mapping[str, Any]:
    """Marked lines, or where none is marked all that differ, are counted anew."""
    posting.begin_recount(_bare(session), count_of(record))
    return {"difference_minor": None}


def keep(
    session: ScopedSession, record: "Stocktake", item_ids: Sequence[UUID] | None, what: Keep
) -> None:
    """Decide which number holds, for some lines or all that moved after their counting."""
    if record.status.value != "review":
        raise ConflictError(_NOT_OPEN)
    connection, count = _bare(session), count_of(record)
    posting.decide(connection, count, item_ids, what)
    figures = posting.figures(connection, count)
    own = {"difference_minor": figures.difference_minor}
    write(session, record, Change(), "keep", own)


def post(session: Session, record: "Stocktake") -> Mapping[str, Any]:
    """Bring the stock to what was counted; ConflictError while a line is undecided."""
    connection, count = _bare(session), count_of(record)
    figures = posting.figures(connection, count)
    if figures.undecided:
        raise ConflictError(_UNDECIDED.format(n=figures.undecided))
    asker = asker_of(session)
    posting.post_differences(connection, count, (asker.user_id, record.number), utc_now())
    return {"difference_minor": figures.difference_minor}


def _bare(session: Session) -> Connection:
    if not isinstance(session, ScopedSession):
        raise TypeError("Counts are kept in a scoped session.")
    return session.bare_connection()
