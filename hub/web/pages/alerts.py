"""The triage list of alerts: filters in the address, one key for each thing to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.alerts import service
from hub.alerts.announce import announce_after_commit
from hub.alerts.models import Alert, AlertEventKind
from hub.alerts.service import AlertQuery
from hub.archive.stores.records import Store
from hub.detection.findings import Severity
from hub.errors import InvalidError, NotFoundError, T
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.kit.records.access import readable
from hub.kit.records.query import MAX_SIZE
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.language import say
from hub.web.pages.alert_rows import AlertRow, alert_rows
from hub.web.rendering import View
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])

PAGE_SIZE = 50
LIST_LIMIT = 200
MORNING_HOUR = 8
SHELF = {
    "1h": T("1 小时", "1 hour"),
    "4h": T("4 小时", "4 hours"),
    "morning": T("到早上 8 点", "until 8 in the morning"),
    "monday": T("到下周一 8 点", "until Monday, 8"),
    "week": T("7 天", "7 days"),
}
SHELF_FOR = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "week": timedelta(days=7)}
NO_SUCH_END = T("请选择搁置到什么时候。", "Choose until when to shelve it.")
NO_STORE = T("没有这家门店。", "There is no such store.")
STATUSES = {
    "open": T("未关闭", "Open"),
    "raised": T("未确认", "Not acknowledged"),
    "shelved": T("已搁置", "Shelved"),
    "all": T("全部记录", "All records"),
}
Note = Annotated[str, Form(min_length=1, max_length=service.NOTE_LENGTH)]


@dataclass(frozen=True)
class ListPage:
    """What the list shows; its filters are those of the address."""

    rows: list[AlertRow]
    status: str
    status_choices: list[tuple[str, str, bool]]
    severity: str
    store: str
    text: str
    store_choices: list[tuple[UUID, str]]
    total: int | str
    next_href: str | None
    shelf: list[tuple[str, str]]
    may_edit_plays: bool

    @property
    def is_filtered(self) -> bool:
        return bool(self.severity or self.store or self.text) or self.status != "open"


@dataclass(frozen=True)
class Filters:
    """What the address asks for; words that mean nothing are as if they were not there."""

    status: str = "open"
    severity: str = ""
    store: str = ""
    q: str = ""
    before: datetime | None = None
    before_id: UUID | None = None

    @property
    def known_status(self) -> str:
        return self.status if self.status in STATUSES else "open"

    @property
    def query(self) -> AlertQuery:
        """All open ones at once, for they are sorted by severity; the record page by page."""
        status, severity = self.known_status, self.severity.upper()
        return AlertQuery(
            statuses=() if status == "all" else (status,),
            severities=(Severity[severity],) if severity in Severity.__members__ else (),
            store_ids=_ids(self.store),
            text=self.q[:80],
            is_grouped=status != "all",
            before=(self.before, self.before_id) if self.before and self.before_id else None,
            size=PAGE_SIZE if status == "all" else LIST_LIMIT,
        )


@router.get("/alerts")
def list_alerts(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    filters: Annotated[Filters, Depends()],
) -> Response:
    query, status = filters.query, filters.known_status
    found = service.find(session, query)
    shown = found[: query.size] if status == "all" else worst_first(found[: query.size])
    is_page = len(found) > query.size or query.before is not None
    page = ListPage(
        rows=alert_rows(
            session, services, shown, actor=actor, language=view.language, now=view.now
        ),
        status=status,
        status_choices=[
            (
                view.here(status=key, before=None, before_id=None),
                say(view.language, text),
                key == status,
            )
            for key, text in STATUSES.items()
        ],
        severity=filters.severity,
        store=filters.store,
        text=filters.q,
        store_choices=store_choices(session),
        total=service.total(session, query) if is_page else len(found),
        next_href=next_href(view, shown) if len(found) > query.size else None,
        shelf=shelf_choices(view),
        may_edit_plays=actor.may("playbooks.update"),
    )
    return view.page("alerts.html", page=page)


@router.get("/alerts/count")
def count(session: ReadSession) -> dict[str, int]:
    """How many are open: the number in the menu."""
    return {"open": sum(sum(found.values()) for found in service.count_open(session).values())}


def worst_first(alerts: Sequence[Alert]) -> list[Alert]:
    """The worst first; of equals those that nobody has taken on, then the newest."""
    return sorted(
        alerts,
        key=lambda one: (
            -one.severity,
            one.acknowledged_at is not None,
            -one.raised_at.timestamp(),
        ),
    )


def next_href(view: View, shown: Sequence[Alert]) -> str:
    last = shown[-1]
    return view.here(before=last.raised_at.isoformat(), before_id=last.id)


def store_choices(session: ScopedSession) -> list[tuple[UUID, str]]:
    """Stores that the visitor may read, as many as a menu can hold, by their codes."""
    own = select(Store.id, Store.name).where(Store.archived_at.is_(None), *readable(session, Store))
    found = session.execute(own.order_by(Store.code, Store.id).limit(MAX_SIZE))
    return [(one.id, one.name) for one in found]


def _ids(text: str) -> tuple[UUID, ...]:
    try:
        return (UUID(text),) if text else ()
    except ValueError:
        return ()


@router.post("/alerts/{id}/shelve")
def shelve(
    session: WriteSession, services: Hub, id: UUID, until: Annotated[str, Form()], reason: Note
) -> Response:
    """Put aside for one of the lengths that the dialog offers."""
    zone = ZoneInfo(_store_of(session, id).zone)
    alert = service.shelve(session, id, shelf_end(until, utc_now(), zone), reason)
    announce_after_commit(session, services.live, alert, AlertEventKind.SHELVED)
    return RedirectResponse(f"/alerts/{id}", 303)


def shelf_choices(view: View) -> list[tuple[str, str]]:
    return [(key, say(view.language, text)) for key, text in SHELF.items()]


def shelf_end(key: str, now: datetime, zone: tzinfo) -> datetime:
    """When an alert that is shelved for `key` comes back; InvalidError for an unknown one."""
    if key in SHELF_FOR:
        return now + SHELF_FOR[key]
    local = now.astimezone(zone)
    morning = local.replace(hour=MORNING_HOUR, minute=0, second=0, microsecond=0)
    match key:
        case "morning":
            return morning if morning > local else morning + timedelta(days=1)
        case "monday":
            return morning + timedelta(days=(7 - local.weekday()) or 7)
    raise InvalidError(NO_SUCH_END, {"until": NO_SUCH_END})


def _store_of(session: ScopedSession, alert_id: UUID) -> Store:
    store = session.get(Store, service.get(session, alert_id).store_id)
    if store is None:
        raise NotFoundError(NO_STORE)
    return store
