"""/approvals: what waits for me, and deciding it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hub.security.approvals.desk import Case
from hub.web.approvals import desk_of
from hub.web.deps import ByPerson, CurrentUser, From, Hub, asker_for

router = APIRouter(prefix="/approvals", tags=["approvals"])


class VoteRead(BaseModel):
    step: int
    voter: str
    instead_of: str
    is_yes: bool
    note: str
    at: datetime


class ApprovalRead(BaseModel):
    """`change` is what will be done; the record is untouched until the last step says yes."""

    id: UUID
    record_type: str
    record_id: UUID | None
    action: str
    change: dict[str, Any]
    asker: str
    state: str
    steps: list[str]
    votes: list[VoteRead]
    deadline_at: datetime
    outcome: str
    may_decide: bool


class Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_yes: bool
    note: str = Field("", max_length=400)


@router.get("", operation_id="list_approvals")
def list_approvals(services: Hub, actor: CurrentUser) -> list[ApprovalRead]:
    """Requests that I made or may decide, newest first."""
    return [_read(case) for case in desk_of(services).cases(actor)]


@router.get("/{id}", operation_id="get_approval")
def get_approval(services: Hub, actor: CurrentUser, id: UUID) -> ApprovalRead:
    return _read(desk_of(services).case(actor, id))


@router.post("/{id}/decide", operation_id="decide_approval", dependencies=[ByPerson])
def decide_approval(
    services: Hub, actor: CurrentUser, origin: From, id: UUID, verdict: Verdict
) -> ApprovalRead:
    """Yes or no at the present step; the last yes does what was asked for."""
    desk, asker = desk_of(services), asker_for(actor, origin)
    desk.decide(actor, id, is_yes=verdict.is_yes, why=verdict.note, asker=asker)
    return _read(desk.case(actor, id))


def _read(case: Case) -> ApprovalRead:
    request = case.request
    return ApprovalRead(
        id=request.id,
        record_type=request.record_type,
        record_id=request.record_id,
        action=request.action,
        change=request.change,
        asker=request.asker_name,
        state=request.state,
        steps=request.steps,
        votes=[
            VoteRead(
                step=vote.step,
                voter=vote.voter_name,
                instead_of=vote.instead_of,
                is_yes=vote.is_yes,
                note=vote.note,
                at=vote.at,
            )
            for vote in case.votes
        ],
        deadline_at=request.deadline_at,
        outcome=request.outcome,
        may_decide=case.may_decide,
    )
