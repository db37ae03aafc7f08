"""What the lines of tickets do beyond the till: stock moves, and each article's day adds up.

All in the transaction of their tickets and in sets. A code that nobody knows moves nothing: it is
listed, and once it is bound to a product, everything that waited is posted (INV-01, SAL-01).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, case, delete, func, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from hub.analytics.selling.models import RETURNS
from hub.analytics.tables import SalesDayItem, TicketLineRow, TicketRow, UnknownCode
from hub.archive.stock.items import Item, bind, costs_of, items_of
from hub.archive.stock.models import MOVEMENTS, MovementKind
from hub.archive.stock.posting import Movement, Posted, post
from hub.kit.rounding import half_up
from hub.kit.upsert import add_to_row

TICKET = "ticket"
AT_ONCE = 5_000
_DAYS: Table = SalesDayItem.__table__  # type: ignore[assignment]  # declarative says FromClause
_UNKNOWN: Table = UnknownCode.__table__  # type: ignore[assignment]
_TICKETS: Table = TicketRow.__table__  # type: ignore[assignment]
_LINES: Table = TicketLineRow.__table__  # type: ignore[assignment]
_SUMS = ("quantity_milli", "revenue_cents")
Values = Mapping[str, Any]


def count(
    connection: Connection, lines: Sequence[Values], tickets: Mapping[UUID, Values]
) -> Posted:
    """Count the lines of tickets just written; `tickets` are their heads by id."""
    _add_days(connection, lines, tickets)
    items = _items(connection, lines)
    costs = _came_at(connection, lines)
    known: list[Movement] = []
    unknown: list[tuple[str, Values, datetime]] = []
    for line in lines:
        head, code = tickets[line["ticket_id"]], code_of(line)
        item = items.get((line["chain_id"], code))
        if item is None:
            unknown.append((code, line, head["at"]))
        elif line["quantity_milli"]:
            value = costs.get((line["ticket_id"], line["line"]))
            known.append(_movement(line, item, head["at"], value))
    _list_unknown(connection, unknown)
    now = max(head["received_at"] for head in tickets.values())
    return post(connection, known, now)


def code_of(line: Values) -> str:
    """What the till calls the article of a line."""
    code: str = line["code"] or line["name"]
    return code


def bind_code(
    connection: Connection, chain_id: UUID, code: str, item_id: UUID, by: tuple[UUID, datetime]
) -> int:
    """Say what a code means, and post what waited for it in every store; how many lines."""
    bind(connection, chain_id, code, item_id, by)
    columns = _UNKNOWN.c
    waiting = select(columns.store_id, columns.first_at, columns.last_at).where(
        columns.chain_id == chain_id, columns.code == code
    )
    item = Item(item_id, costs_of(connection, [item_id]).get(item_id, 0))
    posted = 0
    for store_id, first_at, last_at in connection.execute(waiting).all():
        where = _tickets_between(store_id, first_at, last_at)
        posted += _post_waiting(connection, where, code, item, by[1])
    gone = delete(_UNKNOWN).where(columns.chain_id == chain_id, columns.code == code)
    connection.execute(gone)
    return posted


def _tickets_between(store_id: UUID, first_at: datetime, last_at: datetime) -> ColumnElement[bool]:
    columns = _TICKETS.c
    return (columns.store_id == store_id) & columns.at.between(first_at, last_at)


def _post_waiting(
    connection: Connection, where: ColumnElement[bool], code: str, item: Item, now: datetime
) -> int:
    lines, tickets = _LINES.c, _TICKETS.c
    wanted = (
        select(_LINES, tickets.at)
        .join(_TICKETS, tickets.id == lines.ticket_id)
        .where(
            where,
            func.coalesce(lines.code, lines.name) == code,
            lines.quantity_milli != 0,
        )
        .order_by(tickets.at, lines.ticket_id, lines.line)
    )
    found = [row._mapping for row in connection.execute(wanted)]
    movements = [_movement(row, item, row["at"]) for row in found]  # type: ignore[arg-type]
    total = 0
    for first in range(0, len(movements), AT_ONCE):
        total += post(connection, movements[first : first + AT_ONCE], now).movements
    return total


def _items(connection: Connection, lines: Iterable[Values]) -> dict[tuple[UUID, str], Item]:
    codes: dict[UUID, set[str]] = {}
    for line in lines:
        codes.setdefault(line["chain_id"], set()).add(code_of(line))
    return {
        (chain_id, code): item
        for chain_id, wanted in codes.items()
        for code, item in items_of(connection, chain_id, wanted).items()
    }


def _came_at(connection: Connection, lines: Sequence[Values]) -> dict[tuple[UUID, int], int]:
    """What returns are worth whose original is known: what the goods left for (INV-18)."""
    ids = {line["ticket_id"] for line in lines if line["quantity_milli"] < 0}
    if not ids:
        return {}
    left, back = MOVEMENTS.c, RETURNS.c
    wanted = (
        select(
            back.ticket_id,
            back.line,
            back.quantity_milli,
            back.before_milli,
            left.quantity_milli.label("sold_milli"),
            left.value_minor,
        )
        .join(
            MOVEMENTS,
            (left.document_id == back.original_id)
            & (left.line == back.original_line)
            & (left.kind == MovementKind.SALE.value),
        )
        .where(back.ticket_id.in_(sorted(ids)))
    )
    return {
        (row.ticket_id, row.line): half_up(
            -row.value_minor * (row.before_milli + row.quantity_milli), -row.sold_milli
        )
        - half_up(-row.value_minor * row.before_milli, -row.sold_milli)
        for row in connection.execute(wanted)
    }


def _movement(line: Values, item: Item, at: datetime, value: int | None = None) -> Movement:
    sold: int = line["quantity_milli"]
    return Movement(
        chain_id=line["chain_id"],
        store_id=line["store_id"],
        item_id=item.id,
        kind=MovementKind.SALE if sold > 0 else MovementKind.RETURN,
        document_type=TICKET,
        document_id=line["ticket_id"],
        line=line["line"],
        quantity_milli=-sold,
        occurred_at=at,
        value_minor=value,
        unit_cost_minor=item.unit_cost_minor,
    )


def _add_days(
    connection: Connection, lines: Sequence[Values], tickets: Mapping[UUID, Values]
) -> None:
    days: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in lines:
        head, code = tickets[line["ticket_id"]], code_of(line)
        key = line["store_id"], head["business_day"], code, head["currency"]
        day = days.get(key)
        if day is None:
            day = days[key] = {
                "chain_id": line["chain_id"],
                "store_id": key[0],
                "business_day": key[1],
                "code": code,
                "currency": key[3],
                "name": line["name"],
                "quantity_milli": 0,
                "revenue_cents": 0,
            }
        day["quantity_milli"] += line["quantity_milli"]
        day["revenue_cents"] += line["amount_cents"]
    connection.execute(add_to_row(connection, _DAYS, _SUMS), list(days.values()))


def _list_unknown(connection: Connection, unknown: Sequence[tuple[str, Values, datetime]]) -> None:
    rows: dict[tuple[UUID, str], dict[str, Any]] = {}
    for code, line, at in unknown:
        row = rows.setdefault(
            (line["store_id"], code),
            {
                "chain_id": line["chain_id"],
                "store_id": line["store_id"],
                "code": code,
                "name": line["name"],
                "lines": 0,
                "quantity_milli": 0,
                "first_at": at,
                "last_at": at,
            },
        )
        row["lines"] += 1
        row["quantity_milli"] += line["quantity_milli"]
        row["first_at"], row["last_at"] = min(row["first_at"], at), max(row["last_at"], at)
    if not rows:
        return
    insert = pg_insert if connection.dialect.name == "postgresql" else sqlite_insert
    new = insert(_UNKNOWN)
    was, now = _UNKNOWN.c, new.excluded
    widened = {
        "lines": was.lines + now.lines,
        "quantity_milli": was.quantity_milli + now.quantity_milli,
        "first_at": case((now.first_at < was.first_at, now.first_at), else_=was.first_at),
        "last_at": case((now.last_at > was.last_at, now.last_at), else_=was.last_at),
        "name": now.name,
    }
    key = list(_UNKNOWN.primary_key)
    connection.execute(
        new.on_conflict_do_update(index_elements=key, set_=widened), list(rows.values())
    )
