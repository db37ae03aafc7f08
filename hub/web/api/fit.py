"""/customers/{id}/fit: does this suit the customer, without saying why not (CUS-09)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.archive.customers.records import Customer
from hub.archive.health.checking import SAYS, Grave, check, override
from hub.kit.records.access import load
from hub.web.deps import ReadSession, WriteSession, require, seen
from hub.web.once import OnceRoute

MOST = 200
router = APIRouter(
    prefix="/customers/{id}/fit",
    tags=["health"],
    route_class=OnceRoute,
    dependencies=[require("customers.read"), seen(Customer)],
)
Things = Annotated[list[UUID], Query(max_length=MOST)]


class UnfitRead(BaseModel):
    """One product or service to ask the customer about; `block`: go on with a reason only."""

    id: UUID
    name: str
    grave: Grave
    text_zh: str
    text_en: str


class OverrideBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    things: list[UUID] = Field(min_length=1, max_length=MOST)
    reason: str = Field(min_length=1, max_length=400)


@router.get("", operation_id="check_fit")
def check_fit(session: ReadSession, id: UUID, thing: Things) -> list[UnfitRead]:
    """What of these does not suit the customer; empty where all does, or nothing is known."""
    return [
        UnfitRead(
            id=one.thing_id,
            name=one.name,
            grave=one.grave,
            text_zh=SAYS[one.grave].zh,
            text_en=SAYS[one.grave].en,
        )
        for one in check(session, id, thing)
    ]


@router.post("/override", status_code=204, operation_id="override_fit")
def override_fit(session: WriteSession, id: UUID, body: OverrideBody) -> None:
    """The customer wants it all the same; why is in the audit."""
    customer = load(session, Customer, id)
    unfit = check(session, id, body.things)
    if unfit:
        override(session, customer, unfit, body.reason)
