"""What single doors and tills counted today."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from hub.analytics.stores import StoreClock
from hub.analytics.tables import FootfallSlot, TicketRow
from hub.analytics.tickets import COUNTS_AS
from hub.kit.db import ScopedSession
from protocols.pos.ticket import TicketKind


@dataclass(frozen=True, slots=True)
class DoorDay:
    """People through one door since the business day began."""

    entries: int
    exits: int


@dataclass(frozen=True, slots=True)
class TillDay:
    """Tickets of one till in the business day; returns lower the revenue (minor units)."""

    tickets: int
    revenue_cents: int


def doors(session: ScopedSession, clock: StoreClock, now: datetime) -> dict[str, DoorDay]:
    """By device; a door without counts of today is not there."""
    counted = (
        select(
            FootfallSlot.device, func.sum(FootfallSlot.in_count), func.sum(FootfallSlot.out_count)
        )
        .where(
            FootfallSlot.store_id == clock.store_id,
            FootfallSlot.start_at >= clock.start_of(clock.day_of(now)),
        )
        .group_by(FootfallSlot.device)
    )
    return {
        device: DoorDay(int(entries), int(exits))
        for device, entries, exits in session.execute(counted)
    }


def tills(session: ScopedSession, clock: StoreClock, now: datetime) -> dict[str, TillDay]:
    """By device; a ticket that came twice counts once, a void takes one back."""
    rung_up = (
        select(
            TicketRow.till,
            TicketRow.kind,
            func.count(TicketRow.id),
            func.sum(TicketRow.total_cents),
        )
        .where(
            TicketRow.store_id == clock.store_id,
            TicketRow.business_day == clock.day_of(now),
            TicketRow.is_repeat.is_(False),
            TicketRow.currency == clock.currency,
        )
        .group_by(TicketRow.till, TicketRow.kind)
    )
    found: dict[str, TillDay] = {}
    for device, kind, number, cents in session.execute(rung_up):
        before = found.get(device, TillDay(0, 0))
        tickets = before.tickets + COUNTS_AS[TicketKind(kind)] * number
        found[device] = TillDay(tickets, before.revenue_cents + int(cents))
    return found
