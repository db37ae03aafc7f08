"""A basket becomes a ticket of the hub's own till: a sale, a return, or both at once (SAL-05..07).

It takes the road of every other ticket, so stock, figures and receipts know no difference. What is
sold is promised first: the last piece is sold once, here, at a till or online.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, func, select

from hub.analytics import tickets
from hub.analytics.selling.models import RETURNS, SAVINGS, TICKET_NOTES
from hub.analytics.selling.originals import Original, refunds
from hub.analytics.stores import StoreClock
from hub.analytics.tables import TicketRow
from hub.analytics.tickets import Document, Place, Sold
from hub.archive.promotions.returns import Refund, refund
from hub.archive.stock.items import bind, items_of
from hub.archive.stock.lots import expired_milli
from hub.archive.stock.models import BALANCES, MOVEMENTS, MovementKind
from hub.archive.stock.posting import Movement, post
from hub.archive.stock.promises import release, reserve
from hub.archive.stores.records import Store
from hub.errors import ConflictError, InvalidError, NotFoundError, T
from protocols.pos.ticket import Line, Tender, TenderKind, Ticket, TicketKind

TILL = "hub"
CASH = TenderKind.CASH.value
_TICKETS: Table = TicketRow.__table__  # type: ignore[assignment]  # declarative says FromClause
_STORES: Table = Store.__table__  # type: ignore[assignment]
_EMPTY = T("购物篮是空的。", "The basket is empty.")
_NO_LINE = T("小票上没有这一行。", "The receipt has no such line.")
_NOT_OURS = T("收银机的小票请在收银机上作废。", "A till's receipt is voided at the till.")
_TOO_LATE = T(
    "只能当天作废，且没有退过货；请做退货。", "Only on its day and before any return: take it back."
)
_SHORT = T("还差 {money}。", "{money} is missing.")
_TOO_MUCH = T("多收了 {money}，只有现金可以找零。", "{money} too much: only cash gives change.")
Savings = Mapping[tuple[str, str, str], int]
"""By rule and its two texts: what it takes off, minor units."""


@dataclass(frozen=True, slots=True)
class Goods:
    """A line that is sold, priced."""

    item_id: UUID
    title: str
    codes: tuple[str, ...]
    quantity_milli: int
    price_cents: int
    gross_cents: int
    savings: Savings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Back:
    """So much of a line of the original comes back; damaged goods are written off at once."""

    line: int
    quantity_milli: int
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """All that makes the ticket. `id` names it: paid twice, it counts once."""

    id: UUID
    goods: Sequence[Goods]
    tenders: Mapping[str, int] = field(default_factory=dict)
    all_by: str = ""  # the one tender that pays everything
    original: Original | None = None
    back: Sequence[Back] = ()
    member: str = ""
    cashier: str = ""
    user_id: UUID | None = None
    notes: Sequence[tuple[str, str]] = ()
    is_anyway: bool = False
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class Paid:
    """The ticket that came of it; `sold` is None where it was there already."""

    ticket_id: UUID
    number: str
    total_cents: int
    change_cents: int
    sold: Sold | None


def pay(connection: Connection, clock: StoreClock, sale: Sale, now: datetime) -> Paid:
    """Write the ticket, in the caller's transaction; ConflictError or InvalidError say what is
    wrong, and then nothing was written."""
    if known := _known(connection, sale.id):
        return known
    if not sale.goods and not sale.back:
        raise InvalidError(_EMPTY)
    back = _refunds(sale)
    total = sum(one.gross_cents - sum(one.savings.values()) for one in sale.goods)
    total -= sum(one.net_minor for one in back)
    tenders, change = _tenders(sale, total)
    held = _promise(connection, clock, sale, now)
    lines = [_sold_line(connection, clock.chain_id, one) for one in sale.goods]
    lines += [_back_line(sale, one, due) for one, due in zip(sale.back, back, strict=True)]
    original = sale.original.head if sale.original else None
    ticket = Ticket(
        till=TILL,
        business_day=clock.day_of(now),
        number=_next_number(connection, clock, now),
        kind=_kind(sale),
        at=now,
        currency=clock.currency,
        lines=tuple(lines),
        tenders=tuple(Tender(kind=TenderKind(k), amount_cents=c) for k, c in tenders.items()),
        change_cents=change,
        total_cents=total,
        member=sale.member or None,
        cashier=sale.cashier[:64] or None,
        original_day=original.business_day if original else None,
        original_number=original.number if original else None,
    )
    written = _write(connection, clock, sale, ticket, back, now)
    release(connection, clock.store_id, held)
    return written


def _kind(sale: Sale) -> TicketKind:
    if sale.is_void:
        return TicketKind.VOID
    return TicketKind.RETURN if sale.original else TicketKind.SALE


def _known(connection: Connection, sale_id: UUID) -> Paid | None:
    """Paid before under this id."""
    one = _TICKETS.c
    row = connection.execute(
        select(one.id, one.number, one.total_cents, one.change_cents).where(
            one.agent_id == sale_id, one.epoch == 0
        )
    ).first()
    return Paid(*row, None) if row else None


def _refunds(sale: Sale) -> list[Refund]:
    if not sale.back or sale.original is None:
        return []
    if any(one.line not in sale.original.sold for one in sale.back):
        raise NotFoundError(_NO_LINE)
    return [refund(sale.original.sold[one.line], one.quantity_milli) for one in sale.back]


def void(connection: Connection, clock: StoreClock, sale: Sale, now: datetime) -> Paid:
    """Take a sale of the hub's own till back whole, on its day, before anything of it came back.

    `sale` names the new document, the original, who and why; its lines are worked out here.
    """
    original = sale.original
    if original is None or original.head.till != TILL:
        raise ConflictError(_NOT_OURS)
    is_whole = not any(one.returned_milli for one in original.sold.values())
    if original.head.business_day != clock.day_of(now) or not is_whole:
        raise ConflictError(_TOO_LATE)
    whole = [Back(line, one.quantity_milli) for line, one in original.sold.items()]
    return pay(connection, clock, replace(sale, goods=(), back=whole, is_void=True), now)


def _tenders(sale: Sale, total: int) -> tuple[dict[str, int], int]:
    """How it is paid, and the change; what goes back goes the way it came."""
    if total <= 0:
        paid = sale.original.paid_cents if sale.original else {}
        return {kind: -cents for kind, cents in refunds(paid, -total).items()}, 0
    if sale.all_by:
        return {sale.all_by: total}, 0
    told = {kind: cents for kind, cents in sale.tenders.items() if cents > 0}
    change = sum(told.values()) - total
    if change < 0:
        text = _SHORT.format(money=f"{-change / 100:.2f}")
        raise InvalidError(text, {"tenders": text})
    if change > told.get(CASH, 0):
        text = _TOO_MUCH.format(money=f"{change / 100:.2f}")
        raise InvalidError(text, {"tenders": text})
    return told, change


def _promise(
    connection: Connection, clock: StoreClock, sale: Sale, now: datetime
) -> dict[UUID, int]:
    """Reserve what is sold of items whose stock is kept here, unless it is sold anyway; what is
    expired is not there for a sale."""
    wanted: dict[UUID, int] = {}
    for one in sale.goods:
        wanted[one.item_id] = wanted.get(one.item_id, 0) + one.quantity_milli
    kept = select(BALANCES.c.item_id).where(
        BALANCES.c.store_id == clock.store_id, BALANCES.c.item_id.in_(list(wanted))
    )
    known = set(connection.scalars(kept))
    held = {item: milli for item, milli in wanted.items() if item in known}
    if sale.is_anyway:
        return {}
    gone = expired_milli(connection, clock.store_id, clock.day_of(now))
    if any(item in gone for item in held):
        kept_back = {item: milli + gone.get(item, 0) for item, milli in held.items()}
        reserve(connection, clock.store_id, kept_back)
        release(connection, clock.store_id, kept_back)
    reserve(connection, clock.store_id, held)
    return held


def _sold_line(connection: Connection, chain_id: UUID, one: Goods) -> Line:
    saved = sum(one.savings.values())
    return Line(
        name=one.title[:200],
        code=_code(connection, chain_id, one),
        quantity=Decimal(one.quantity_milli) / 1000,
        price_cents=one.price_cents,
        discount_cents=saved,
        amount_cents=one.gross_cents - saved,
    )


def _code(connection: Connection, chain_id: UUID, one: Goods) -> str:
    """A code that means this very item, at every till and later too."""
    found = items_of(connection, chain_id, one.codes)
    for code in one.codes:
        if code in found and found[code].id == one.item_id and code.isascii() and len(code) <= 64:
            return code
    code = f"item-{one.item_id.hex[-20:]}"
    by = UUID(int=0), datetime.now().astimezone()
    bind(connection, chain_id, code, one.item_id, by)
    return code


def _back_line(sale: Sale, one: Back, due: Refund) -> Line:
    if sale.original is None:
        raise ConflictError(_EMPTY)
    was = sale.original.lines[one.line]
    return Line(
        name=was.name,
        code=was.code,
        quantity=-Decimal(one.quantity_milli) / 1000,
        price_cents=was.price_cents,
        discount_cents=-sum(due.savings_minor.values()),
        amount_cents=-due.net_minor,
    )


def _next_number(connection: Connection, clock: StoreClock, now: datetime) -> str:
    """One after the other within a day of a store; a cancelled one keeps its own."""
    lock = select(_STORES.c.id).where(_STORES.c.id == clock.store_id).with_for_update()
    connection.execute(lock)
    day = clock.day_of(now)
    made = select(func.count()).where(
        _TICKETS.c.store_id == clock.store_id,
        _TICKETS.c.till == TILL,
        _TICKETS.c.business_day == day,
    )
    return f"H{day:%m%d}-{(connection.scalar(made) or 0) + 1:04}"


def _write(
    connection: Connection,
    clock: StoreClock,
    sale: Sale,
    ticket: Ticket,
    back: Sequence[Refund],
    now: datetime,
) -> Paid:
    place = Place(sale.id, 0, 0, 0)
    document = Document(place, clock.store_id, TILL, is_quarantined=False, text=ticket.to_json())
    known = {clock.store_id: clock}
    batch = tickets.read(connection, [document], known, now)
    (row,) = batch.rows
    head = {"ticket_id": row["id"], "chain_id": clock.chain_id, "store_id": clock.store_id}
    first = len(sale.goods)
    _link(connection, head, sale, first)
    (sold,) = tickets.write(connection, batch, known) or (None,)
    _keep_savings(connection, head, sale, back)
    notes = [
        head | {"number": n, "kind": kind, "text": text[:300], "user_id": sale.user_id, "at": now}
        for n, (kind, text) in enumerate(sale.notes)
    ]
    if notes:
        connection.execute(TICKET_NOTES.insert(), notes)
    _write_off(connection, row["id"], [first + n for n, x in enumerate(sale.back) if x.is_damaged])
    return Paid(row["id"], ticket.number, ticket.total_cents, ticket.change_cents, sold)


def _link(connection: Connection, head: Mapping[str, Any], sale: Sale, first: int) -> None:
    """Before the lines are counted, so that they come back at what they cost."""
    if not sale.back or sale.original is None:
        return
    rows = [
        dict(head)
        | {
            "line": first + n,
            "original_id": sale.original.id,
            "original_line": one.line,
            "quantity_milli": one.quantity_milli,
            "before_milli": sale.original.sold[one.line].returned_milli,
            "is_damaged": one.is_damaged,
        }
        for n, one in enumerate(sale.back)
    ]
    connection.execute(RETURNS.insert(), rows)


def _keep_savings(
    connection: Connection, head: Mapping[str, Any], sale: Sale, back: Sequence[Refund]
) -> None:
    told = [dict(one.savings) for one in sale.goods]
    if sale.original is not None:
        texts = sale.original.texts
        told += [{texts[r]: -x for r, x in one.savings_minor.items()} for one in back]
    rows = [
        dict(head)
        | {"line": line, "rule": rule, "text_zh": zh[:200], "text_en": en[:200], "amount_cents": x}
        for line, savings in enumerate(told)
        for (rule, zh, en), x in savings.items()
        if x
    ]
    if rows:
        connection.execute(SAVINGS.insert(), rows)


def _write_off(connection: Connection, ticket_id: UUID, lines: Sequence[int]) -> None:
    """What came back damaged leaves the stock again, at what it came back for."""
    one = MOVEMENTS.c
    came = select(MOVEMENTS).where(
        one.document_id == ticket_id, one.line.in_(lines), one.kind == MovementKind.RETURN.value
    )
    losses = [
        Movement(
            chain_id=row.chain_id,
            store_id=row.store_id,
            item_id=row.item_id,
            kind=MovementKind.LOSS,
            document_type=row.document_type,
            document_id=ticket_id,
            line=row.line,
            quantity_milli=-row.quantity_milli,
            value_minor=-row.value_minor,
            occurred_at=row.occurred_at,
            reason="退回时已损坏 / damaged when it came back",
        )
        for row in connection.execute(came).all()
    ]
    if losses:
        post(connection, losses, losses[0].occurred_at)
