"""What is done to a work order by a form: on its page, by a link, late from a phone."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Form
from pydantic import BaseModel, Field

from hub.errors import InvalidError, T
from hub.kit.db import ScopedSession
from hub.maintenance import posting, sending, service
from hub.maintenance.models import OrderStatus, WorkOrder
from hub.maintenance.service import Report

Text = Annotated[str, Field(max_length=service.TEXT_LENGTH)]
Name = Annotated[str, Field(max_length=120)]
Whole = Annotated[int, Field(ge=0, le=10**9)]
Money = Annotated[float, Field(ge=0, le=10**9)]
STROKES = r"^(M\d{1,3},\d{1,3}(L\d{1,3},\d{1,3})*)*$"
_NO_PART = T("请选择或写明配件。", "Choose a part, or write which.")
_NO_STATUS = T("请写明工单要变成什么状态。", "Say which status the order is to have.")


class Act(StrEnum):
    """The last word of the address of a form."""

    ASSIGN = "assign"
    ACCEPT = "accept"
    DECLINE = "decline"
    MOVE = "move"
    CHECK = "check"
    PARTS = "parts"
    SPARES = "spares"
    DONE = "done"
    VERIFY = "verify"


ADDING = (Act.CHECK, Act.PARTS, Act.SPARES)
"""What fits beside whatever others did meanwhile; all else wants the order as it was seen."""
OF_CONTRACTORS = frozenset(Act) - {Act.ASSIGN, Act.SPARES, Act.VERIFY}


class Given(BaseModel):
    """The fields of every act. `sent_id` makes an act that is sent twice one, `version` is the
    order that was seen when it was done."""

    sent_id: UUID | None = None
    version: int | None = None
    user_id: str = ""
    contractor: Name = ""
    status: OrderStatus | None = None
    reason: Text = ""
    item: Whole = 0
    done: bool = False
    name: Name = ""
    quantity: Whole = 1
    cost: Money = 0
    part_id: UUID | None = None
    pieces: Whole = 1
    remedy: Text = ""
    cause: Text = ""
    signed_by: Name = ""
    signature: Annotated[str, Field(max_length=8000, pattern=STROKES)] = ""
    labour_min: Whole = 0
    labour_cost: Money = 0
    note: Text = ""


Filled = Annotated[Given, Form()]


def perform(session: ScopedSession, order_id: UUID, act: Act, given: Given) -> WorkOrder:
    """The order afterwards; ConflictError where it is not the one that was seen."""
    order = service.get(session, order_id)
    if sending.is_done(session, order_id, given.sent_id):
        return order
    if act not in ADDING:
        sending.demand_seen(session, order, given.version)
    return _ACTS[act](session, order_id, given)


def _assign(session: ScopedSession, order_id: UUID, given: Given) -> WorkOrder:
    person = UUID(given.user_id) if given.user_id and not given.contractor.strip() else None
    return service.assign(session, order_id, person, given.contractor)


def _move(session: ScopedSession, order_id: UUID, given: Given) -> WorkOrder:
    if given.status is None:
        raise InvalidError(_NO_STATUS, {"status": _NO_STATUS})
    return service.move(session, order_id, given.status)


def _check(session: ScopedSession, order_id: UUID, given: Given) -> WorkOrder:
    return service.check(session, order_id, given.item, is_done=given.done)


def _part(session: ScopedSession, order_id: UUID, given: Given) -> WorkOrder:
    if not given.name.strip():
        raise InvalidError(_NO_PART, {"name": _NO_PART})
    cost_minor = round(given.cost * 100)
    return service.use_part(session, order_id, given.name, given.quantity * 1000, cost_minor)


def _spare(session: ScopedSession, order_id: UUID, given: Given) -> WorkOrder:
    if given.part_id is None:
        raise InvalidError(_NO_PART, {"part_id": _NO_PART})
    return posting.use_spare(session, order_id, given.part_id, given.pieces * 1000)


def _finish(session: ScopedSession, order_id: UUID, given: Given) -> WorkOrder:
    told = Report(
        remedy=given.remedy,
        signed_by=given.signed_by,
        cause=given.cause,
        labour_min=given.labour_min,
        labour_cost_minor=round(given.labour_cost * 100),
        signature=given.signature,
    )
    return service.finish(session, order_id, told)


_ACTS: dict[Act, Callable[[ScopedSession, UUID, Given], WorkOrder]] = {
    Act.ASSIGN: _assign,
    Act.ACCEPT: lambda session, order_id, _: service.accept(session, order_id),
    Act.DECLINE: lambda session, order_id, given: service.decline(session, order_id, given.reason),
    Act.MOVE: _move,
    Act.CHECK: _check,
    Act.PARTS: _part,
    Act.SPARES: _spare,
    Act.DONE: _finish,
    Act.VERIFY: lambda session, order_id, given: service.verify(session, order_id, given.note),
}
