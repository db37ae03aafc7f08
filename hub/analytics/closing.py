"""The close of a till's day: what was counted without seeing it, against what the tickets say.

Expected cash is the opening float and what was taken less change, refunds and payouts; every other
tender is what its tickets say. The till's own total, where it is told, must be the tickets' to the
cent (SAL-18, TSD-09).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Connection, Index, String, Table, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.analytics.tables import TicketRow, TicketTenderRow
from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.kit.db import Base, ScopedSession, StoreScoped
from hub.kit.upsert import insert_new
from protocols.pos.ticket import TenderKind

CASH = TenderKind.CASH.value
MOST_CENTS = 10**12
_NO_TICKETS = T("这台收银机那天没有小票。", "This till has no tickets of that day.")
_NONE = T("没有这次日结。", "There is no such close.")
_SAID = T("原因已经写过，不再改变。", "The reason was given already; it stays.")
_WHY = T("请写明长短款的原因。", "Say why it is over or short.")


class DayClose(StoreScoped, Base):
    """One count of one till; what was counted stays, the reason is added once."""

    __tablename__ = "day_closes"
    __table_args__ = (Index(None, "store_id", "business_day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    business_day: Mapped[date]
    till: Mapped[str] = mapped_column(String(64))
    cashier: Mapped[str] = mapped_column(String(64), default="")
    opening_cents: Mapped[int] = mapped_column(BigInteger)
    payouts_cents: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[dict[str, int]] = mapped_column(JSON)
    expected: Mapped[dict[str, int]] = mapped_column(JSON)
    difference_cents: Mapped[int] = mapped_column(BigInteger)
    tickets: Mapped[int]
    revenue_cents: Mapped[int] = mapped_column(BigInteger)
    till_total_cents: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(200), default="")
    closed_by: Mapped[UUID | None]
    closed_at: Mapped[datetime]

    def parts(self) -> list[tuple[str, int, int]]:
        """(tender, counted, expected) of every tender that either names."""
        kinds = [one.value for one in TenderKind if one in self.counted or one in self.expected]
        return [(one, self.counted.get(one, 0), self.expected.get(one, 0)) for one in kinds]

    @property
    def till_difference_cents(self) -> int | None:
        """The till's own total less that of its tickets."""
        total = self.till_total_cents
        return None if total is None else total - self.revenue_cents

    @property
    def is_even(self) -> bool:
        return all(a == b for _, a, b in self.parts()) and not self.till_difference_cents


CLOSES: Table = DayClose.__table__  # type: ignore[assignment]  # declarative says FromClause


@dataclass(frozen=True, slots=True)
class Counted:
    """What somebody counted; money in minor units. Sent twice, it counts once."""

    id: UUID
    chain_id: UUID
    store_id: UUID
    business_day: date
    till: str
    cents: Mapping[str, int]
    opening_cents: int = 0
    payouts_cents: int = 0
    till_total_cents: int | None = None
    cashier: str = ""
    user_id: UUID | None = None


def close(connection: Connection, counted: Counted, now: datetime) -> None:
    """Keep the count beside what the tickets say at this moment."""
    row = _from_tickets(connection, counted)
    cents = {kind: value for kind, value in counted.cents.items() if kind in list(TenderKind)}
    for name in (
        *("id", "chain_id", "store_id", "business_day", "till", "cashier"),
        *("opening_cents", "payouts_cents", "till_total_cents"),
    ):
        row[name] = getattr(counted, name)
    row |= {"counted": cents, "reason": "", "closed_by": counted.user_id, "closed_at": now}
    row["difference_cents"] = sum(cents.values()) - sum(row["expected"].values())
    connection.execute(insert_new(connection, CLOSES), [row])


def _from_tickets(connection: Connection, counted: Counted) -> dict[str, Any]:
    """What the tickets of this till and day say; InvalidError where there are none."""
    one, tender = TicketRow, TicketTenderRow
    whose = (
        one.store_id == counted.store_id,
        one.business_day == counted.business_day,
        one.till == counted.till,
        one.is_repeat.is_(False),
    )
    heads = select(
        func.count(),
        func.coalesce(func.sum(one.total_cents), 0),
        func.coalesce(func.sum(one.change_cents), 0),
        func.max(one.currency),
    ).where(*whose)
    tickets, revenue, change, currency = connection.execute(heads).one()
    if not tickets:
        raise InvalidError(_NO_TICKETS, {"till": _NO_TICKETS})
    by_kind = (
        select(tender.kind, func.sum(tender.amount_cents))
        .join(one, one.id == tender.ticket_id)
        .where(*whose)
        .group_by(tender.kind)
    )
    expected = {kind: int(cents) for kind, cents in connection.execute(by_kind)}
    drawer = counted.opening_cents - counted.payouts_cents - int(change)
    expected[CASH] = expected.get(CASH, 0) + drawer
    told = {"tickets": tickets, "revenue_cents": int(revenue), "currency": currency}
    return told | {"expected": expected}


def explain(connection: Connection, close_id: UUID, reason: str) -> None:
    """Why it is over or short; said once."""
    if not reason.strip():
        raise InvalidError(_WHY, {"reason": _WHY})
    said = update(CLOSES).where(CLOSES.c.id == close_id, CLOSES.c.reason == "")
    if not connection.execute(said.values(reason=reason.strip()[:200])).rowcount:
        raise ConflictError(_SAID)


def find(session: ScopedSession, close_id: UUID) -> DayClose:
    found = session.get(DayClose, close_id)
    if found is None:
        raise NotFoundError(_NONE)
    return found


def closes(session: ScopedSession, store_id: UUID, limit: int = 60) -> Sequence[DayClose]:
    """The newest first."""
    wanted = select(DayClose).where(DayClose.store_id == store_id)
    return session.scalars(wanted.order_by(DayClose.closed_at.desc()).limit(limit)).all()


def tills(session: ScopedSession, store_id: UUID, day: date) -> Sequence[str]:
    """Tills with tickets of a day."""
    one = TicketRow
    wanted = select(one.till).where(one.store_id == store_id, one.business_day == day)
    return session.scalars(wanted.distinct().order_by(one.till)).all()
