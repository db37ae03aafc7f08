"""What people find: entries of a count, each once, added to its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, Connection, bindparam, case, func, insert, select, update

from hub.archive.stock.posting import AT_ONCE
from hub.archive.stocktakes.models import ENTRIES, LINES, PLACES
from hub.archive.stocktakes.posting import Count
from hub.kit.tables import UtcDateTime
from hub.kit.upsert import insert_new

_LINE = LINES.c


@dataclass(frozen=True, slots=True)
class Entry:
    """So much of an item was found; `id` makes what is sent twice count once."""

    id: UUID
    item_id: UUID
    quantity_milli: int
    at: datetime


def enter(
    connection: Connection, count: Count, entries: Sequence[Entry], user_id: UUID | None
) -> set[UUID]:
    """Add what was found to the lines; the items whose line has changed."""
    known: set[UUID] = set()
    for first in range(0, len(entries), AT_ONCE):
        some = [one.id for one in entries[first : first + AT_ONCE]]
        known |= set(connection.scalars(select(ENTRIES.c.id).where(ENTRIES.c.id.in_(some))))
    new = list({one.id: one for one in entries if one.id not in known}.values())
    if not new:
        return set()
    about = {"chain_id": count.chain_id, "store_id": count.store_id, "stocktake_id": count.id}
    rows = [
        about
        | {"id": one.id, "item_id": one.item_id, "quantity_milli": one.quantity_milli}
        | {"at": one.at, "user_id": user_id}
        for one in new
    ]
    connection.execute(insert(ENTRIES), rows)
    _add_to_lines(connection, count, new)
    return {one.item_id for one in new}


def _add_to_lines(connection: Connection, count: Count, new: Sequence[Entry]) -> None:
    from_: dict[UUID, datetime] = {}
    until: dict[UUID, datetime] = {}
    sums: dict[UUID, int] = {}
    for one in new:
        item = one.item_id
        sums[item] = sums.get(item, 0) + one.quantity_milli
        from_[item] = min(from_.get(item, one.at), one.at)
        until[item] = max(until.get(item, one.at), one.at)
    began: BindParameter[datetime] = bindparam("began", type_=UtcDateTime())
    ended: BindParameter[datetime] = bindparam("ended", type_=UtcDateTime())
    changed = (
        update(LINES)
        .where(_LINE.stocktake_id == bindparam("count"), _LINE.item_id == bindparam("item"))
        .values(
            counted_milli=func.coalesce(_LINE.counted_milli, 0) + bindparam("found"),
            counted_from=case((_LINE.counted_from < began, _LINE.counted_from), else_=began),
            counted_at=case((_LINE.counted_at > ended, _LINE.counted_at), else_=ended),
            to_recount=False,
            keep="",
        )
    )
    values = [
        {"count": count.id, "item": item, "found": sums[item]}
        | {"began": from_[item], "ended": until[item]}
        for item in sorted(sums)
    ]
    connection.execute(changed, values)


def learn_places(
    connection: Connection, count: Count, area_id: UUID, item_ids: Sequence[UUID]
) -> None:
    """These were found in this area."""
    about = {"chain_id": count.chain_id, "store_id": count.store_id, "area_id": area_id}
    rows = [about | {"item_id": item} for item in sorted(item_ids)]
    connection.execute(insert_new(connection, PLACES), rows)
