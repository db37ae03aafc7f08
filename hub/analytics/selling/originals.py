"""A paid ticket as returns see it: what is left of each line, at the numbers that were stored.

Nothing is worked out anew: what a line cost is its amount less its share of a discount of the
whole ticket, shared out once and for all by the amounts of the lines (SAL-05).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Table, func, select

from hub.analytics.selling.models import RETURNS, SAVINGS
from hub.analytics.tables import TicketLineRow, TicketRow, TicketTenderRow
from hub.archive.promotions.benefits import allocate
from hub.archive.promotions.returns import Sold
from hub.errors import ConflictError, NotFoundError, T
from protocols.pos.ticket import TicketKind

_TICKETS: Table = TicketRow.__table__  # type: ignore[assignment]  # declarative says FromClause
_LINES: Table = TicketLineRow.__table__  # type: ignore[assignment]
_TENDERS: Table = TicketTenderRow.__table__  # type: ignore[assignment]
_NONE = T("没有这张小票。", "There is no such receipt.")
_NO_SALE = T("只有销售小票可以退货。", "Only the receipt of a sale can be taken back.")
UNNAMED = "discount"
Told = tuple[str, str, str]
"""Rule, text in Chinese, text in English."""


@dataclass(frozen=True, slots=True)
class Original:
    """The ticket of a sale, each line as sold with what came back, and how it was paid."""

    head: Row[Any]
    lines: Mapping[int, Row[Any]]
    sold: Mapping[int, Sold]
    texts: Mapping[str, Told]
    paid_cents: Mapping[str, int]

    @property
    def id(self) -> UUID:
        found: UUID = self.head.id
        return found


def find_original(
    connection: Connection, chain_id: UUID, ticket_id: UUID, *, is_to_change: bool = False
) -> Original:
    """Of the whole chain; to change what came back of it, it is locked until the commit."""
    wanted = select(_TICKETS).where(_TICKETS.c.id == ticket_id, _TICKETS.c.chain_id == chain_id)
    head = connection.execute(wanted.with_for_update() if is_to_change else wanted).first()
    if head is None:
        raise NotFoundError(_NONE)
    of_lines = select(_LINES).where(_LINES.c.ticket_id == head.id).order_by(_LINES.c.line)
    lines = {row.line: row for row in connection.execute(of_lines) if row.quantity_milli > 0}
    if head.kind == TicketKind.VOID or not lines:
        raise ConflictError(_NO_SALE)
    savings, texts = _savings(connection, head, lines)
    back = returned_of(connection, head, lines)
    sold = {
        number: Sold(
            row.quantity_milli,
            row.amount_cents + row.discount_cents,
            {rule: saved for rule, saved in savings[number].items() if saved},
            back.get(number, 0),
        )
        for number, row in lines.items()
    }
    return Original(head, lines, sold, texts, _paid(connection, head))


def _savings(
    connection: Connection, head: Row[Any], lines: Mapping[int, Row[Any]]
) -> tuple[dict[int, dict[str, int]], dict[str, Told]]:
    """Stored savings by line and rule; what no rule explains is an unnamed discount."""
    texts: dict[str, Told] = {UNNAMED: (UNNAMED, "优惠", "Discount")}
    savings: dict[int, dict[str, int]] = {number: {} for number in lines}
    stored = select(SAVINGS).where(SAVINGS.c.ticket_id == head.id)
    for row in connection.execute(stored):
        texts[row.rule] = row.rule, row.text_zh, row.text_en
        if row.line in savings:
            savings[row.line][row.rule] = row.amount_cents
    whole = head.discount_cents - sum(row.discount_cents for row in lines.values())
    weights = {str(n): row.amount_cents for n, row in lines.items() if row.amount_cents > 0}
    shares = allocate(whole, weights) if whole > 0 and weights else {}
    for number, row in lines.items():
        unnamed = row.discount_cents - sum(savings[number].values()) + shares.get(str(number), 0)
        if unnamed:
            savings[number][UNNAMED] = unnamed
    return savings, texts


def returned_of(
    connection: Connection, head: Row[Any], lines: Mapping[int, Row[Any]]
) -> dict[int, int]:
    """What came back of each line: as the hub took it back, and as tills of its store told."""
    linked = (
        select(RETURNS.c.original_line, func.sum(RETURNS.c.quantity_milli))
        .where(RETURNS.c.original_id == head.id)
        .group_by(RETURNS.c.original_line)
    )
    found = {line: int(milli) for line, milli in connection.execute(linked)}
    code = func.coalesce(_LINES.c.code, _LINES.c.name)
    told = (
        select(code, func.sum(_LINES.c.quantity_milli))
        .join(_TICKETS, _TICKETS.c.id == _LINES.c.ticket_id)
        .where(
            _TICKETS.c.store_id == head.store_id,
            _TICKETS.c.original_day == head.business_day,
            _TICKETS.c.original_number == head.number,
            _TICKETS.c.is_repeat.is_(False),
            _TICKETS.c.id.not_in(select(RETURNS.c.ticket_id)),
        )
        .group_by(code)
    )
    left = {key: -int(milli) for key, milli in connection.execute(told)}
    for number, row in lines.items():
        key = row.code or row.name
        room = row.quantity_milli - found.get(number, 0)
        took = min(max(0, left.get(key, 0)), max(0, room))
        if took:
            found[number] = found.get(number, 0) + took
            left[key] -= took
    return found


def _paid(connection: Connection, head: Row[Any]) -> dict[str, int]:
    """What is left of each tender: taken less change, less what was refunded since."""
    paid = _by_kind(connection, _TENDERS.c.ticket_id == head.id)
    if head.change_cents:
        paid["cash"] = paid.get("cash", 0) - head.change_cents
    later = select(RETURNS.c.ticket_id).where(RETURNS.c.original_id == head.id)
    for kind, cents in _by_kind(connection, _TENDERS.c.ticket_id.in_(later)).items():
        if cents < 0:
            paid[kind] = paid.get(kind, 0) + cents
    return {kind: cents for kind, cents in paid.items() if cents > 0}


def _by_kind(connection: Connection, where: Any) -> dict[str, int]:
    sums = select(_TENDERS.c.kind, func.sum(_TENDERS.c.amount_cents)).where(where)
    return {kind: int(cents) for kind, cents in connection.execute(sums.group_by(_TENDERS.c.kind))}


def refunds(paid_cents: Mapping[str, int], amount: int) -> dict[str, int]:
    """By which tenders so much goes back: each its share of what is left of it; cash the rest."""
    whole = sum(paid_cents.values())
    shares = allocate(min(amount, whole), paid_cents) if whole else {}
    rest = amount - sum(shares.values())
    if rest:
        shares["cash"] = shares.get("cash", 0) + rest
    return {kind: cents for kind, cents in shares.items() if cents}
