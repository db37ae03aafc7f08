"""/alerts: what is wrong, and what people do about it (ALR-05, ALR-07)."""

import base64
import binascii
import json
import re
from collections.abc import Container
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from hub.alerts import service
from hub.alerts.announce import announce_after_commit
from hub.alerts.models import Alert, AlertEvent, AlertEventKind, AlertStatus
from hub.alerts.playbook import says
from hub.alerts.plays import Plays
from hub.alerts.service import NOTE_LENGTH, AlertQuery
from hub.alerts.undo import undo
from hub.alerts.votes import vote
from hub.detection.findings import Rule, Severity
from hub.errors import InvalidError, T
from hub.kit.db import ScopedSession
from hub.live import Live
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.once import OnceRoute

router = APIRouter(
    prefix="/alerts",
    tags=["alerts"],
    dependencies=[require(service.READ)],
    route_class=OnceRoute,
)

MAX_SIZE, MAX_VALUES = 200, 50
_STATUSES = {*(status.value for status in AlertStatus), "open", "closed", "all"}
_SEVERITIES = {severity.word: severity for severity in Severity}
_RULES = {rule.value for rule in Rule}
_FILTER = re.compile(r"filter\[(\w+)\]")
_WRONG = T("筛选条件不对。", "The filter is not right.")
_UNKNOWN = T("没有这个值：{value}。", "There is no such value: {value}.")
_NO_FILTER = T("不能按 {name} 筛选。", "There is no filter {name}.")
_CURSOR = T("页码已失效，请回到第一页。", "This page is no longer there; go back to the first.")
_IDS: TypeAdapter[list[UUID]] = TypeAdapter(list[UUID])
_PLACE: TypeAdapter[tuple[AwareDatetime, UUID]] = TypeAdapter(tuple[AwareDatetime, UUID])
Note = Annotated[str, Field(max_length=NOTE_LENGTH)]


class Said(BaseModel):
    """One sentence in both languages."""

    zh: str
    en: str

    @staticmethod
    def of(text: T) -> "Said":
        return Said(zh=text.zh, en=text.en)


class EventRead(BaseModel):
    """One line of an alert's history; without `user_name` the hub itself did it."""

    seq: int
    kind: AlertEventKind
    at: datetime
    user_id: UUID | None
    user_name: str
    note: str
    severity: str
    detail: dict[str, Any]


class AlertRead(BaseModel):
    """`began_at` is when it began by the readings, `raised_at` when the hub said so."""

    id: UUID
    store_id: UUID
    source: str
    device: str | None
    metric: str | None
    rule: Rule
    severity: str
    status: AlertStatus
    is_open: bool
    began_at: datetime
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    assigned_to: UUID | None
    shelved_until: datetime | None
    closed_at: datetime | None
    parent_id: UUID | None
    returns: int
    title: Said
    says: Said
    cause: Said
    measure: list[Said]
    evidence: dict[str, Any]


class AlertDetail(AlertRead):
    """One alert with all that happened to it."""

    history: list[EventRead]


class AlertList(BaseModel):
    items: list[AlertRead]
    next: str | None
    total: int | str


class Remark(BaseModel):
    note: Note = ""


class Vote(BaseModel):
    is_useful: bool


class Comment(BaseModel):
    note: Annotated[str, Field(min_length=1, max_length=NOTE_LENGTH)]


class Assignment(BaseModel):
    user_id: UUID | None = None  # without it the one who asks
    note: Note = ""


class Shelving(BaseModel):
    until: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=NOTE_LENGTH)]


@router.get("", operation_id="list_alerts")
def list_alerts(
    request: Request,
    session: ReadSession,
    size: Annotated[int, Query(ge=1, le=MAX_SIZE)] = 50,
    cursor: Annotated[str, Query(max_length=200)] = "",
    q: Annotated[str, Query(max_length=80)] = "",
) -> AlertList:
    """The newest first. `filter[status]` (also `open`, `closed`, `all`; without it `open`),
    `filter[severity]`, `filter[rule]`, `filter[store_id]`; several values by comma. `q` looks in
    the store, in what is wrong (Chinese and English) and in the source."""
    query = replace(_query(request, size, cursor), text=q)
    found = service.find(session, query)
    items = found[:size]
    place = _cursor(items[-1]) if len(found) > size else None
    total = service.total(session, query)
    plays = Plays.of(session)
    shown = [AlertRead(**_values(alert, plays)) for alert in items]
    return AlertList(items=shown, next=place, total=total)


@router.get("/{id}", operation_id="get_alert")
def get_alert(session: ReadSession, id: UUID) -> AlertDetail:
    return _detail(session, service.get(session, id))


@router.post("/{id}/acknowledge", operation_id="acknowledge_alert")
def acknowledge(
    services: Hub, session: WriteSession, id: UUID, given: Remark | None = None
) -> AlertDetail:
    """Somebody has seen it; again changes nothing."""
    alert = service.acknowledge(session, id, given.note if given else "")
    return _told(session, services.live, alert, AlertEventKind.ACKNOWLEDGED)


@router.post("/{id}/assign", operation_id="assign_alert")
def assign(
    services: Hub, session: WriteSession, actor: CurrentUser, id: UUID, given: Assignment
) -> AlertDetail:
    """Somebody is to take care of it; that acknowledges it too."""
    alert = service.assign(session, id, given.user_id or actor.user_id, given.note)
    return _told(session, services.live, alert, AlertEventKind.ASSIGNED)


@router.post("/{id}/shelve", operation_id="shelve_alert")
def shelve(services: Hub, session: WriteSession, id: UUID, given: Shelving) -> AlertDetail:
    """Put aside, with a reason, until an instant at which it comes back."""
    alert = service.shelve(session, id, given.until, given.reason)
    return _told(session, services.live, alert, AlertEventKind.SHELVED)


@router.post("/{id}/resolve", operation_id="resolve_alert")
def resolve(
    services: Hub, session: WriteSession, id: UUID, given: Remark | None = None
) -> AlertDetail:
    """Done; if its cause still holds after the hold time, it is raised anew."""
    alert = service.resolve(session, id, given.note if given else "")
    return _told(session, services.live, alert, AlertEventKind.RESOLVED)


@router.post("/{id}/comment", operation_id="comment_alert")
def comment(services: Hub, session: WriteSession, id: UUID, given: Comment) -> AlertDetail:
    alert = service.comment(session, id, given.note)
    return _told(session, services.live, alert, AlertEventKind.COMMENTED)


@router.post("/{id}/unshelve", operation_id="unshelve_alert")
def unshelve(services: Hub, session: WriteSession, id: UUID) -> AlertDetail:
    """Taken back before its time."""
    alert = service.unshelve(session, id)
    return _told(session, services.live, alert, AlertEventKind.UNSHELVED)


@router.post("/{id}/undo", operation_id="undo_alert")
def take_back(services: Hub, session: WriteSession, id: UUID) -> AlertDetail:
    """One's own last step of the last minute, taken back."""
    alert = undo(session, id)
    return _told(session, services.live, alert, AlertEventKind.UNDONE)


@router.post("/{id}/vote", operation_id="vote_alert", status_code=204)
def vote_on(session: WriteSession, id: UUID, given: Vote) -> None:
    """Was it of any use? One vote a person; again changes it."""
    vote(session, id, is_useful=given.is_useful)


def _told(session: ScopedSession, live: Live, alert: Alert, change: AlertEventKind) -> AlertDetail:
    announce_after_commit(session, live, alert, change)
    session.flush()
    return _detail(session, alert)


def _detail(session: ScopedSession, alert: Alert) -> AlertDetail:
    lines = [_event(event) for event in service.history(session, alert.id)]
    return AlertDetail(**_values(alert, Plays.of(session)), history=lines)


def _values(alert: Alert, plays: Plays) -> dict[str, Any]:
    play = plays[alert.rule_name]
    return {
        "id": alert.id,
        "store_id": alert.store_id,
        "source": alert.source,
        "device": alert.device,
        "metric": alert.metric,
        "rule": alert.rule_name,
        "severity": alert.severity_level.word,
        "status": AlertStatus(alert.status),
        "is_open": alert.is_open,
        "began_at": alert.began_at,
        "raised_at": alert.raised_at,
        "acknowledged_at": alert.acknowledged_at,
        "acknowledged_by": alert.acknowledged_by,
        "assigned_to": alert.assigned_to,
        "shelved_until": alert.shelved_until,
        "closed_at": alert.closed_at,
        "parent_id": alert.parent_id,
        "returns": alert.returns,
        "title": Said.of(play.title),
        "says": Said.of(says(alert.rule_name, alert.evidence)),
        "cause": Said.of(play.cause),
        "measure": [Said.of(step) for step in play.measure],
        "evidence": alert.evidence,
    }


def _event(event: AlertEvent) -> EventRead:
    return EventRead(
        seq=event.seq,
        kind=AlertEventKind(event.kind),
        at=event.at,
        user_id=event.user_id,
        user_name=event.user_name,
        note=event.note,
        severity=Severity(event.severity).word,
        detail=event.detail,
    )


def _query(request: Request, size: int, cursor: str) -> AlertQuery:
    """The filters of the address; InvalidError names every one that is wrong."""
    wrong: dict[str, T] = {}
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        matched = _FILTER.fullmatch(name)
        if matched and value.strip():
            given[matched[1]] = [part.strip() for part in value.split(",")][:MAX_VALUES]
    for name in given.keys() - {"status", "severity", "rule", "store_id"}:
        wrong[f"filter[{name}]"] = _NO_FILTER.format(name=name)
    statuses = _known(given, "status", _STATUSES, wrong)
    query = AlertQuery(
        statuses=() if "all" in statuses else statuses or ("open",),
        severities=tuple(
            _SEVERITIES[word] for word in _known(given, "severity", _SEVERITIES, wrong)
        ),
        rules=_known(given, "rule", _RULES, wrong),
        store_ids=_stores(given.get("store_id", []), wrong),
        before=_place(cursor, wrong),
        size=size,
    )
    if wrong:
        raise InvalidError(_WRONG, wrong)
    return query


def _known(
    given: dict[str, list[str]], name: str, words: Container[str], wrong: dict[str, T]
) -> tuple[str, ...]:
    values = given.get(name, [])
    unknown = [value for value in values if value not in words]
    if unknown:
        wrong[f"filter[{name}]"] = _UNKNOWN.format(value=unknown[0][:40])
        return ()
    return tuple(values)


def _stores(values: list[str], wrong: dict[str, T]) -> tuple[UUID, ...]:
    try:
        return tuple(_IDS.validate_python(values))
    except ValidationError:
        wrong["filter[store_id]"] = _UNKNOWN.format(value=", ".join(values)[:40])
        return ()


def _cursor(last: Alert) -> str:
    place = json.dumps([last.raised_at.isoformat(), str(last.id)])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place(cursor: str, wrong: dict[str, T]) -> tuple[datetime, UUID] | None:
    if not cursor:
        return None
    try:
        return _PLACE.validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValidationError, ValueError, binascii.Error):
        wrong["cursor"] = _CURSOR
        return None
