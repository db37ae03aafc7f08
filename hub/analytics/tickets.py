"""Till tickets into SQL, in the caller's transaction and in batches: each counted once (EDG-06).

A ticket's identity is its place in its agent's journal. Same till, day, number and content is a
repeat; same till, day and number with other content is another ticket, flagged.
"""

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Select, Table, select

from hub.analytics import goods
from hub.analytics.stores import StoreClock
from hub.analytics.tables import (
    QuarantinedTicketRow,
    SalesHour,
    TicketLineRow,
    TicketRow,
    TicketTenderRow,
)
from hub.kit.ids import uuid7
from hub.kit.upsert import add_to_row, insert_new
from protocols.pos.ticket import QuarantinedTicket, Ticket, TicketKind

_TICKETS: Table = TicketRow.__table__  # type: ignore[assignment]  # declarative says FromClause
_LINES: Table = TicketLineRow.__table__  # type: ignore[assignment]
_TENDERS: Table = TicketTenderRow.__table__  # type: ignore[assignment]
_QUARANTINE: Table = QuarantinedTicketRow.__table__  # type: ignore[assignment]
_SALES: Table = SalesHour.__table__  # type: ignore[assignment]
_SUMS = ("revenue_cents", "tickets", "quantity_milli", "discount_cents")
_BATCH = 400
COUNTS_AS = {TicketKind.SALE: 1, TicketKind.VOID: -1, TicketKind.RETURN: 0}

Key = tuple[UUID, str, date, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document came: its identity, whatever its content."""

    agent_id: UUID
    epoch: int
    batch_id: int
    item: int

    def values(self) -> dict[str, Any]:
        signed = self.epoch - (1 << 64) if self.epoch >= 1 << 63 else self.epoch
        return {
            "agent_id": self.agent_id,
            "epoch": signed,
            "batch_id": self.batch_id,
            "item": self.item,
        }


@dataclass(frozen=True, slots=True)
class Document:
    """A document from a till as the journal gives it."""

    place: Place
    store_id: UUID
    device: str
    is_quarantined: bool
    text: str


@dataclass(frozen=True, slots=True)
class Sold:
    """What one store sold by the tickets just written."""

    store_id: UUID
    tickets: int
    revenue_cents: int
    currency: str
    newest_at: datetime


@dataclass(slots=True)
class Batch:
    """Documents read and compared with what is known; `counted` are sales to be counted."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    tickets: dict[UUID, Ticket] = field(default_factory=dict)
    counted: list[tuple[Document, Ticket]] = field(default_factory=list)

    def parts(self, most: int) -> Iterator["Batch"]:
        """The same to write in several transactions, so that nobody waits long for a turn."""
        for first in range(0, max(1, len(self.rows)), most):
            refused = [] if first else self.refused
            yield Batch(self.rows[first : first + most], refused, self.tickets)


def read(
    connection: Connection,
    documents: Iterable[Document],
    clocks: Mapping[UUID, StoreClock],
    now: datetime,
) -> Batch:
    """Read documents of known stores, and see which tickets are new; writes nothing."""
    batch = Batch()
    found: list[tuple[Document, Ticket]] = []
    for document in documents:
        clock = clocks.get(document.store_id)
        if clock is None:
            continue
        ticket = _read(document, clock, now, batch.refused)
        if ticket is not None:
            found.append((document, ticket))
    hashes: defaultdict[Key, set[bytes]] = defaultdict(set)
    for first in range(0, len(found), _BATCH):
        part = found[first : first + _BATCH]
        written = _known(connection, part, hashes)
        for document, ticket in part:
            _judge(batch, document, ticket, (hashes, written), clocks, now)
    return batch


def write(connection: Connection, batch: Batch, clocks: Mapping[UUID, StoreClock]) -> list[Sold]:
    """Keep what `read` found; what is new in sales."""
    if batch.refused:
        connection.execute(insert_new(connection, _QUARANTINE), batch.refused)
    if not batch.rows:
        return []
    statement = insert_new(connection, _TICKETS).returning(_TICKETS.c.id)
    written = set(connection.execute(statement, batch.rows).scalars())
    counted = [row for row in batch.rows if row["id"] in written and not row["is_repeat"]]
    _write_parts(connection, counted, batch.tickets)
    return _add_sales(connection, counted, batch.tickets, clocks)


def _read(
    document: Document, clock: StoreClock, now: datetime, refused: list[dict[str, Any]]
) -> Ticket | None:
    """The ticket, or None and a row for the quarantine."""
    row = {
        "id": uuid7(),
        "chain_id": clock.chain_id,
        "store_id": document.store_id,
        **document.place.values(),
        "received_at": now,
        "till": document.device,
    }
    try:
        if not document.is_quarantined:
            return Ticket.model_validate_json(document.text)
        kept = QuarantinedTicket.model_validate_json(document.text)
        raw = base64.b64decode(kept.raw, validate=True)
        kind, error = _clean(kept.format[:64]), _clean(kept.error[:1000])
        refused.append(row | {"format": kind, "error": error, "raw": raw})
    except (ValidationError, binascii.Error) as wrong:
        raw = document.text.encode("utf-8", "surrogatepass")
        error = _clean(str(wrong)[:1000])
        refused.append(row | {"format": "ticket.json", "error": error, "raw": raw})
    return None


def _clean(text: str) -> str:
    """PostgreSQL keeps no NUL in text."""
    return text.replace("\0", "")


def _judge(
    batch: Batch,
    document: Document,
    ticket: Ticket,
    known: tuple[defaultdict[Key, set[bytes]], dict[Place, bool]],
    clocks: Mapping[UUID, StoreClock],
    now: datetime,
) -> None:
    """Whether a ticket is new, a repeat, in conflict, or the very row that was written before."""
    hashes, written = known
    if document.place in written:
        if not written[document.place]:
            batch.counted.append((document, ticket))
        return
    digest = ticket.content_hash()
    before = hashes[document.store_id, *ticket.key]
    is_repeat = digest in before
    row = _row(document, ticket, clocks[document.store_id], now) | {
        "content_hash": digest,
        "is_repeat": is_repeat,
        "is_conflict": bool(before) and not is_repeat,
    }
    before.add(digest)
    batch.rows.append(row)
    batch.tickets[row["id"]] = ticket
    if not is_repeat:
        batch.counted.append((document, ticket))


def _known(
    connection: Connection,
    found: Sequence[tuple[Document, Ticket]],
    hashes: defaultdict[Key, set[bytes]],
) -> dict[Place, bool]:
    """Add the hashes of counted tickets with the numbers and days of these to `hashes`;
    the places of tickets that were written before, and whether as a repeat."""
    days_of: dict[UUID, set[date]] = defaultdict(set)
    numbers_of: dict[UUID, set[str]] = defaultdict(set)
    for document, ticket in found:
        days_of[document.store_id].add(ticket.business_day)
        numbers_of[document.store_id].add(ticket.number)
    written: dict[Place, bool] = {}
    for store_id, days in days_of.items():
        numbers = numbers_of[store_id]
        for row in connection.execute(_seen(store_id, days, numbers)):
            place = Place(row.agent_id, row.epoch % (1 << 64), row.batch_id, row.item)
            written[place] = row.is_repeat
            if not row.is_repeat:
                key = store_id, row.till, row.business_day, row.number
                hashes[key].add(bytes(row.content_hash))
    return written


def _seen(store_id: UUID, days: set[date], numbers: set[str]) -> Select[Any]:
    table = _TICKETS.c
    columns = select(
        table.till,
        table.business_day,
        table.number,
        table.content_hash,
        table.is_repeat,
        table.agent_id,
        table.epoch,
        table.batch_id,
        table.item,
    )
    return columns.where(
        table.store_id == store_id,
        table.business_day.in_(days),
        table.number.in_(numbers),
    )


def _row(document: Document, ticket: Ticket, clock: StoreClock, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "chain_id": clock.chain_id,
        "store_id": document.store_id,
        **document.place.values(),
        "received_at": now,
        "till": ticket.till,
        "business_day": ticket.business_day,
        "number": ticket.number,
        "kind": ticket.kind.value,
        "at": ticket.at,
        "currency": ticket.currency,
        "total_cents": ticket.total_cents,
        "discount_cents": ticket.discount_cents + sum(x.discount_cents for x in ticket.lines),
        "change_cents": ticket.change_cents,
        "quantity_milli": sum(_milli(line.quantity) for line in ticket.lines),
        "member": ticket.member,
        "cashier": ticket.cashier,
        "original_day": ticket.original_day,
        "original_number": ticket.original_number,
    }


def _write_parts(
    connection: Connection, counted: Sequence[dict[str, Any]], tickets: Mapping[UUID, Ticket]
) -> None:
    lines, tenders = [], []
    for row in counted:
        head = {"ticket_id": row["id"], "chain_id": row["chain_id"], "store_id": row["store_id"]}
        for number, line in enumerate(tickets[row["id"]].lines):
            part = {
                "line": number,
                "name": _clean(line.name),
                "code": line.code,
                "quantity_milli": _milli(line.quantity),
                "price_cents": line.price_cents,
                "discount_cents": line.discount_cents,
                "amount_cents": line.amount_cents,
            }
            lines.append(head | part)
        for number, tender in enumerate(tickets[row["id"]].tenders):
            kind, cents = tender.kind.value, tender.amount_cents
            tenders.append(head | {"tender": number, "kind": kind, "amount_cents": cents})
    if lines:
        connection.execute(_LINES.insert(), lines)
        goods.count(connection, lines, {row["id"]: row for row in counted})
    if tenders:
        connection.execute(_TENDERS.insert(), tenders)


def _add_sales(
    connection: Connection,
    counted: Sequence[dict[str, Any]],
    tickets: Mapping[UUID, Ticket],
    clocks: Mapping[UUID, StoreClock],
) -> list[Sold]:
    """The roll-up moves in the transaction of its tickets."""
    hours: dict[tuple[Any, ...], dict[str, Any]] = {}
    sold: dict[tuple[UUID, str], Sold] = {}
    for row in counted:
        store_id, ticket = row["store_id"], tickets[row["id"]]
        number = COUNTS_AS[ticket.kind]
        key = {
            "store_id": store_id,
            "business_day": ticket.business_day,
            "start_at": clocks[store_id].hour_of(ticket.at),
            "currency": ticket.currency,
        }
        none = key | {"chain_id": row["chain_id"]} | dict.fromkeys(_SUMS, 0)
        hour = hours.setdefault(tuple(key.values()), none)
        amounts = (ticket.total_cents, number, row["quantity_milli"], row["discount_cents"])
        for name, amount in zip(_SUMS, amounts, strict=True):
            hour[name] += amount
        before = sold.get((store_id, ticket.currency), Sold(store_id, 0, 0, "", ticket.at))
        sold[store_id, ticket.currency] = Sold(
            store_id,
            before.tickets + number,
            before.revenue_cents + ticket.total_cents,
            ticket.currency,
            max(before.newest_at, ticket.at),
        )
    if hours:
        connection.execute(add_to_row(connection, _SALES, _SUMS), list(hours.values()))
    return list(sold.values())


def _milli(quantity: Decimal) -> int:
    return int(quantity * 1000)
