"""What is learned of a ticket after it was paid: whose it is, and its invoice (SAL-14, SAL-15)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, or_, select

from hub.analytics.selling.models import DETAILS, TicketDetail
from hub.analytics.stores import StoreClock
from hub.analytics.tables import TicketRow
from hub.archive.customers.records import Member
from hub.errors import ConflictError, T
from hub.kit.session import ScopedSession
from hub.kit.upsert import replace_row
from protocols.pos.ticket import TicketKind

LATE_DAYS = 30
_TOO_LATE = T("小票超过 30 天，不能再补记会员。", "The receipt is older than 30 days.")
_TAKEN = T("这张小票已经是别的会员的。", "This receipt is another member's already.")


def tell_detail(
    connection: Connection,
    clock: StoreClock,
    ticket_id: UUID,
    known: Mapping[str, Any],
    by: tuple[UUID, datetime],
) -> None:
    """Keep what is known now beside what was known before."""
    row = {
        "ticket_id": ticket_id,
        "chain_id": clock.chain_id,
        "store_id": clock.store_id,
        "customer_id": None,
        "invoice_number": "",
        "invoice_buyer": "",
    }
    told = {**known, "user_id": by[0], "at": by[1]}
    connection.execute(replace_row(connection, DETAILS, list(told)), [row | told])


def link_late(
    connection: Connection,
    clock: StoreClock,
    head: TicketRow,
    customer_id: UUID,
    by: tuple[UUID, datetime],
) -> bool:
    """Say whose receipt it is, within LATE_DAYS and once; False where it was said before."""
    if by[1] - head.at > timedelta(days=LATE_DAYS):
        raise ConflictError(_TOO_LATE)
    wanted = select(DETAILS.c.customer_id).where(DETAILS.c.ticket_id == head.id)
    before = connection.scalar(wanted.with_for_update())
    if before == customer_id:
        return False
    if before is not None or head.member:
        raise ConflictError(_TAKEN)
    tell_detail(connection, clock, head.id, {"customer_id": customer_id}, by)
    return True


@dataclass(frozen=True, slots=True)
class Bought:
    """What a customer bought, by the tickets that are theirs; money is minor units (CUS-03)."""

    visits: int
    spent_cents: int
    last_at: datetime | None


def bought(session: ScopedSession, customer_id: UUID, since: datetime | None = None) -> Bought:
    """From the tickets themselves, so that it is right the moment one arrives (CUS-16)."""
    one = TicketRow
    numbers = select(Member.number).where(Member.customer_id == customer_id)
    linked = select(TicketDetail.ticket_id).where(TicketDetail.customer_id == customer_id)
    own = select(
        func.count(one.id).filter(one.kind == TicketKind.SALE.value),
        func.coalesce(func.sum(one.total_cents), 0),
        func.max(one.at),
    ).where(one.is_repeat.is_(False), or_(one.member.in_(numbers), one.id.in_(linked)))
    if since is not None:
        own = own.where(one.at >= since)
    visits, spent, last_at = session.execute(own).one()
    return Bought(int(visits), int(spent), last_at)
