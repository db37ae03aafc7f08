"""/stock-transfers: goods from one store to another, step by step (INV-14, INV-21)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.archive.transfers.models import TransferStatus
from hub.archive.transfers.posting import MOST_LINES, Arrived, Asked
from hub.kit.ids import uuid7
from hub.web import transfers
from hub.web.deps import CurrentUser, Hub, ReadSession, require
from hub.web.stock_stores import READ
from hub.web.transfers import Seen

router = APIRouter(
    prefix="/stock-transfers", tags=["stock transfers"], dependencies=[require(READ)]
)
MOST_MILLI = 10**11
Milli = Annotated[int, Field(ge=0, le=MOST_MILLI)]


class LineIn(BaseModel):
    item_id: UUID
    quantity_milli: Annotated[int, Field(gt=0, le=MOST_MILLI)]


class TransferIn(BaseModel):
    """`id` given by the caller makes a wish that is sent twice one."""

    id: UUID | None = None
    from_store_id: UUID
    to_store_id: UUID
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=MOST_LINES)]
    note: Annotated[str, Field(max_length=200)] = ""


class ArrivedIn(BaseModel):
    line: Annotated[int, Field(ge=0, lt=MOST_LINES)]
    received_milli: Milli
    damaged_milli: Milli = 0
    lost_milli: Milli = 0


class ReceiptIn(BaseModel):
    """Lines not named came as they were sent."""

    lines: Annotated[list[ArrivedIn], Field(max_length=MOST_LINES)] = []
    reason: Annotated[str, Field(max_length=200)] = ""


class TransferLineRead(BaseModel):
    line: int
    item_id: UUID
    title: str
    unit: str
    quantity_milli: int
    received_milli: int | None
    damaged_milli: int | None
    lost_milli: int | None


class TransferHead(BaseModel):
    id: UUID
    number: str
    status: TransferStatus
    from_store_id: UUID
    to_store_id: UUID
    note: str
    reason: str
    asked_at: datetime
    approved_at: datetime | None
    shipped_at: datetime | None
    received_at: datetime | None


class TransferRead(TransferHead):
    lines: list[TransferLineRead]
    can: list[str]


class TransferList(BaseModel):
    items: list[TransferHead]
    next: str | None = None


@router.get("", operation_id="list_transfers")
def list_transfers(session: ReadSession, actor: CurrentUser) -> TransferList:
    found = transfers.listed(session, actor)
    return TransferList(items=[TransferHead.model_validate(_head(one)) for one in found])


@router.post("", operation_id="ask_transfer", status_code=201)
def ask(services: Hub, actor: CurrentUser, body: TransferIn) -> TransferRead:
    wanted: dict[UUID, int] = {}
    for one in body.lines:
        wanted[one.item_id] = wanted.get(one.item_id, 0) + one.quantity_milli
    document = body.id or uuid7()
    sides = (body.from_store_id, body.to_store_id)
    asked = Asked(document, actor.chain_id, *sides, wanted, actor.user_id, body.note)
    transfers.ask(services, actor, asked)
    return _read(services, actor, document)


@router.get("/{id}", operation_id="get_transfer")
def get_transfer(services: Hub, actor: CurrentUser, id: UUID) -> TransferRead:
    return _read(services, actor, id)


@router.post("/{id}/receive", operation_id="receive_transfer")
def receive(
    services: Hub, session: ReadSession, actor: CurrentUser, id: UUID, body: ReceiptIn
) -> TransferRead:
    """What arrived; received, damaged and lost add up to what was sent."""
    found = transfers.seen(session, actor, id)
    arrived = {
        one.line: Arrived(one.received_milli, one.damaged_milli, one.lost_milli)
        for one in body.lines
    }
    transfers.do(services, actor, found, "receive", arrived, body.reason)
    return _read(services, actor, id)


@router.post("/{id}/{step}", operation_id="step_transfer")
def do_step(
    services: Hub, session: ReadSession, actor: CurrentUser, id: UUID, step: str
) -> TransferRead:
    """approve, ship or cancel."""
    transfers.do(services, actor, transfers.seen(session, actor, id), step)
    return _read(services, actor, id)


def _read(services: Hub, actor: CurrentUser, id: UUID) -> TransferRead:
    with services.db.read(actor.scope) as session:
        found: Seen = transfers.seen(session, actor, id)
        lines = [
            TransferLineRead(
                line=line.line,
                item_id=line.item_id,
                title=name.title if name else "",
                unit=name.unit if name else "",
                quantity_milli=line.quantity_milli,
                received_milli=line.received_milli,
                damaged_milli=line.damaged_milli,
                lost_milli=line.lost_milli,
            )
            for line, name in found.lines
        ]
        return TransferRead(**_head(found.head), lines=lines, can=sorted(found.can))


def _head(head: object) -> dict[str, object]:
    return {name: getattr(head, name) for name in TransferHead.model_fields}
