"""Receipts as people look for them, and one with all that belongs to it (SAL-01, SAL-05)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from hub.analytics.selling.models import TicketReturn
from hub.analytics.tables import TicketLineRow, TicketRow, TicketTenderRow
from hub.errors import NotFoundError, T
from hub.kit.db import ScopedSession

PAGE = 100
_NONE = T("没有这张小票。", "There is no such receipt.")


@dataclass(frozen=True, slots=True)
class Asked:
    """`q` is a number, an amount such as 12.50, a member, a cashier, an article or its code."""

    store_id: UUID
    first: date
    last: date
    q: str = ""
    kind: str = ""
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A ticket with its lines and tenders, the one it refers to, and those that refer to it.

    `returned` is how much of each line came back by now, by line, in thousandths.
    """

    head: TicketRow
    lines: Sequence[TicketLineRow]
    tenders: Sequence[TicketTenderRow]
    original: TicketRow | None
    later: Sequence[TicketRow]
    returned: dict[int, int]


def receipts(session: ScopedSession, asked: Asked) -> Sequence[TicketRow]:
    """The newest first; repeats are not listed."""
    one = TicketRow
    wanted = select(one).where(
        one.store_id == asked.store_id,
        one.business_day.between(asked.first, asked.last),
        one.is_repeat.is_(False),
    )
    if asked.kind:
        wanted = wanted.where(one.kind == asked.kind)
    if asked.before is not None:
        wanted = wanted.where(one.at < asked.before)
    if word := asked.q.strip():
        wanted = wanted.where(_says(word))
    return session.scalars(wanted.order_by(one.at.desc(), one.id.desc()).limit(PAGE)).all()


def _says(word: str) -> ColumnElement[bool]:
    one, line = TicketRow, TicketLineRow
    within = select(line.ticket_id).where(
        line.ticket_id == one.id,
        or_(line.code == word, line.name.contains(word, autoescape=True)),
    )
    found: list[ColumnElement[bool]] = [
        one.number.endswith(word, autoescape=True),
        one.member.endswith(word, autoescape=True),
        one.cashier == word,
        within.exists(),
    ]
    if (cents := _cents(word)) is not None:
        found.append(one.total_cents.in_((cents, -cents)))
    return or_(*found)


def _cents(word: str) -> int | None:
    whole, _, rest = word.removeprefix("¥").partition(".")
    if not (whole.isdecimal() and len(whole) < 10 and len(rest) <= 2 and (rest or "0").isdecimal()):
        return None
    return int(whole) * 100 + int(rest.ljust(2, "0"))


def receipt(session: ScopedSession, ticket_id: UUID) -> Receipt:
    """NotFoundError where there is none in the visitor's stores."""
    head = session.get(TicketRow, ticket_id)
    if head is None:
        raise NotFoundError(_NONE)
    line, tender = TicketLineRow, TicketTenderRow
    of_lines = select(line).where(line.ticket_id == head.id).order_by(line.line)
    of_tenders = select(tender).where(tender.ticket_id == head.id).order_by(tender.tender)
    lines, tenders = session.scalars(of_lines).all(), session.scalars(of_tenders).all()
    original = _original(session, head)
    later = _later(session, head)
    return Receipt(head, lines, tenders, original, later, _returned(session, lines, later))


def _original(session: ScopedSession, head: TicketRow) -> TicketRow | None:
    """As the hub linked it, also of another store; else by the number that its till told."""
    linked = select(TicketReturn.original_id).where(TicketReturn.ticket_id == head.id).limit(1)
    if (found := session.scalar(linked)) is not None:
        return session.get(TicketRow, found)
    if not (head.original_number and head.original_day):
        return None
    told = select(TicketRow).where(
        TicketRow.store_id == head.store_id,
        TicketRow.business_day == head.original_day,
        TicketRow.number == head.original_number,
        TicketRow.is_repeat.is_(False),
        TicketRow.id != head.id,
    )
    return session.scalars(told).first()


def _later(session: ScopedSession, head: TicketRow) -> Sequence[TicketRow]:
    linked = select(TicketReturn.ticket_id).where(TicketReturn.original_id == head.id)
    told = and_(
        TicketRow.store_id == head.store_id,
        TicketRow.original_day == head.business_day,
        TicketRow.original_number == head.number,
        TicketRow.id.not_in(select(TicketReturn.ticket_id)),
    )
    wanted = select(TicketRow).where(
        or_(TicketRow.id.in_(linked), told), TicketRow.is_repeat.is_(False), TicketRow.id != head.id
    )
    return session.scalars(wanted.order_by(TicketRow.at)).all()


def _returned(
    session: ScopedSession, lines: Sequence[TicketLineRow], later: Sequence[TicketRow]
) -> dict[int, int]:
    """What came back of each line: by its code, or its name where it has none."""
    ids = [one.id for one in later]
    code = func.coalesce(TicketLineRow.code, TicketLineRow.name)
    back = select(code, func.sum(TicketLineRow.quantity_milli)).where(
        TicketLineRow.ticket_id.in_(ids), TicketLineRow.quantity_milli < 0
    )
    left = {key: -int(milli) for key, milli in session.execute(back.group_by(code))}
    found: dict[int, int] = {}
    for one in lines:
        key = one.code or one.name
        took = min(max(0, left.get(key, 0)), max(0, one.quantity_milli))
        if took:
            found[one.line] = took
            left[key] -= took
    return found
