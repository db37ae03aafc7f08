"""/stores/{id}/timeline: everything that ever happened to one store, newest first (STO-02)."""

import base64
import binascii
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from hub.archive.stores.records import Store
from hub.errors import InvalidError, T
from hub.kit.records.access import load
from hub.web.api.store_health import Said
from hub.web.deps import CurrentUser, ReadSession
from hub.web.story import MOST, PAGE, Asked, Happening, Kind, story

router = APIRouter(prefix="/stores", tags=["stores"])
_CURSOR = T("页码已失效，请回到第一页。", "This page is no longer there; go back to the first.")
_PLACE = TypeAdapter(tuple[AwareDatetime, str])


class HappeningRead(BaseModel):
    """One line; `href` is the page of what it is about."""

    at: datetime
    kind: Kind
    what: Said
    detail: Said
    by: str
    severity: str
    href: str

    @staticmethod
    def of(one: Happening) -> "HappeningRead":
        return HappeningRead(
            at=one.at,
            kind=one.kind,
            what=Said(zh=one.what.zh, en=one.what.en),
            detail=Said(zh=one.detail.zh, en=one.detail.en),
            by=one.by,
            severity=one.severity,
            href=one.href,
        )


class TimelinePage(BaseModel):
    """`next` is `cursor` of the next page; null on the last one."""

    items: list[HappeningRead]
    next: str | None


@router.get("/{id}/timeline", operation_id="list_timeline")
def list_timeline(
    session: ReadSession,
    actor: CurrentUser,
    id: UUID,
    kind: Annotated[list[Kind] | None, Query(max_length=len(Kind))] = None,
    cursor: Annotated[str, Query(max_length=200)] = "",
    size: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> TimelinePage:
    """What the asker may see of it, by all kinds or some."""
    store = load(session, Store, id)
    asked = Asked(frozenset(kind or Kind), place_of(cursor), size)
    items, last = story(session, actor, store, asked)
    return TimelinePage(
        items=[HappeningRead.of(one) for one in items], next=cursor_of(last) if last else None
    )


def cursor_of(place: tuple[datetime, str]) -> str:
    return base64.urlsafe_b64encode(_PLACE.dump_json(place)).decode().rstrip("=")


def place_of(cursor: str) -> tuple[datetime, str] | None:
    """InvalidError for a cursor that the hub did not give."""
    if not cursor:
        return None
    try:
        return _PLACE.validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValidationError, ValueError, binascii.Error) as error:
        raise InvalidError(_CURSOR, {"cursor": _CURSOR}) from error
