"""/stores/{id}/health: the score of a store, each part with its evidence, the top problems."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from hub.analytics.health import NAMES, Part, health
from hub.analytics.stores import StoreClock
from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.records.access import load
from hub.web.deps import CurrentUser, ReadSession

router = APIRouter(prefix="/stores", tags=["stores"])
RIGHTS = ("alerts.read", "sales.read", "footfall.read")


class Said(BaseModel):
    """One sentence in both languages."""

    zh: str
    en: str


class PartRead(BaseModel):
    """`score` 0…100, null without data; `before` is a week earlier, `weight` of 100."""

    part: Part
    name: Said
    score: int | None
    before: int | None
    weight: int
    evidence: Said | None


class ProblemRead(BaseModel):
    """What to look at first and the next thing to do."""

    part: Part
    severity: str
    what: Said
    action: Said
    alert_id: UUID | None


class HealthRead(BaseModel):
    """`level`: good, fair, poor, or unknown."""

    store_id: UUID
    score: int | None
    before: int | None
    level: str
    as_of: datetime
    parts: list[PartRead]
    problems: list[ProblemRead]


@router.get("/{id}/health", operation_id="get_store_health")
def get_health(session: ReadSession, actor: CurrentUser, id: UUID) -> HealthRead:
    store = load(session, Store, id)
    for right in RIGHTS:
        actor.demand(right, store.id)
    now = utc_now()
    found = health(session, StoreClock.of(store), now)
    return HealthRead(
        store_id=store.id,
        score=found.score,
        before=found.before,
        level=found.level,
        as_of=now,
        parts=[
            PartRead(
                part=one.part,
                name=_said(NAMES[one.part]),
                score=one.score,
                before=one.before,
                weight=one.weight,
                evidence=_said(one.evidence) if one.evidence else None,
            )
            for one in found.parts
        ],
        problems=[
            ProblemRead(
                part=one.part,
                severity=one.severity.word,
                what=_said(one.what),
                action=_said(one.action),
                alert_id=one.alert_id,
            )
            for one in found.problems
        ],
    )


def _said(text: T) -> Said:
    return Said(zh=text.zh, en=text.en)
