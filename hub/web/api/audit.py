"""/audit: what was done, for auditors and their tools."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from hub.security.audit.reading import Sought, page
from hub.web.deps import CurrentUser, Hub, require

router = APIRouter(prefix="/audit", tags=["audit"])
Word = Annotated[str, Query(max_length=60)]


class AuditRow(BaseModel):
    """`values` is {field: [before, after]}; secrets stay sealed."""

    seq: int
    at: datetime
    who: str
    who_id: UUID | None
    address: str
    action: str
    record_type: str
    record_id: UUID | None
    values: dict[str, Any]
    reason: str


class AuditPage(BaseModel):
    items: list[AuditRow]
    next: int | None


@router.get("", operation_id="read_audit", dependencies=[require("audit.read")])
def read_audit(
    services: Hub,
    actor: CurrentUser,
    *,
    who: UUID | None = None,
    record_type: Word = "",
    action: Word = "",
    record_id: UUID | None = None,
    address: Word = "",
    start: datetime | None = None,
    end: datetime | None = None,
    cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    size: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditPage:
    """Newest first; `cursor` is `next` of the page before."""
    asked = Sought(who, record_type, action, record_id, address, start, end, cursor)
    rows = page(services.db, actor, asked, size)
    items = [
        AuditRow(
            seq=row.seq,
            at=row.at,
            who=row.asker_name,
            who_id=row.asker_id,
            address=row.address,
            action=row.action,
            record_type=row.record_type,
            record_id=row.record_id,
            values=row.values,
            reason=row.reason,
        )
        for row in rows
    ]
    return AuditPage(items=items, next=items[-1].seq if len(items) == size else None)
