"""/tickets: receipts of tills, and one with all that belongs to it (SAL-01, SAL-05)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from hub.analytics.receipts import PAGE, Asked, receipt, receipts
from hub.analytics.tables import TicketRow
from hub.web.deps import CurrentUser, ReadSession, require

READ = "sales.read"
router = APIRouter(prefix="/tickets", tags=["tickets"], dependencies=[require(READ)])


class TicketHead(BaseModel):
    """Money is minor units; returns and voids have negative amounts."""

    id: UUID
    store_id: UUID
    till: str
    business_day: date
    number: str
    kind: str
    at: datetime
    currency: str
    total_cents: int
    discount_cents: int
    change_cents: int
    quantity_milli: int
    member: str | None
    cashier: str | None
    original_day: date | None
    original_number: str | None
    is_conflict: bool


class TicketLineOut(BaseModel):
    """`returned_milli` is how much of it came back by now."""

    line: int
    name: str
    code: str | None
    quantity_milli: int
    price_cents: int
    discount_cents: int
    amount_cents: int
    returned_milli: int


class TenderOut(BaseModel):
    kind: str
    amount_cents: int


class TicketRead(TicketHead):
    lines: list[TicketLineOut]
    tenders: list[TenderOut]
    original_id: UUID | None
    later_ids: list[UUID]


class TicketList(BaseModel):
    """`next`: ask again with `before` set to it."""

    items: list[TicketHead]
    next: datetime | None = None


@router.get("", operation_id="list_tickets")
def list_tickets(
    session: ReadSession,
    actor: CurrentUser,
    store: UUID,
    start: date,
    end: date,
    q: Annotated[str, Query(max_length=80)] = "",
    before: AwareDatetime | None = None,
) -> TicketList:
    """Business days from `start` to `end`, the newest first."""
    actor.demand(READ, store)
    rows = receipts(session, Asked(store, start, end, q, before=before))
    after = rows[-1].at if len(rows) == PAGE else None
    return TicketList(items=[TicketHead(**_values(one)) for one in rows], next=after)


@router.get("/{id}", operation_id="get_ticket")
def get_ticket(session: ReadSession, actor: CurrentUser, id: UUID) -> TicketRead:
    found = receipt(session, id)
    actor.demand(READ, found.head.store_id)
    lines = [
        TicketLineOut(
            line=one.line,
            name=one.name,
            code=one.code,
            quantity_milli=one.quantity_milli,
            price_cents=one.price_cents,
            discount_cents=one.discount_cents,
            amount_cents=one.amount_cents,
            returned_milli=found.returned.get(one.line, 0),
        )
        for one in found.lines
    ]
    tenders = [TenderOut(kind=x.kind, amount_cents=x.amount_cents) for x in found.tenders]
    return TicketRead(
        **_values(found.head),
        lines=lines,
        tenders=tenders,
        original_id=found.original.id if found.original else None,
        later_ids=[one.id for one in found.later],
    )


def _values(one: TicketRow) -> dict[str, object]:
    return {name: getattr(one, name) for name in TicketHead.model_fields}
