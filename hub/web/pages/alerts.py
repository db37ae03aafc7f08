"""The triage list of alerts and the page of one: why, since when, what to do, what was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.alerts import service, undo
from hub.alerts.announce import announce_after_commit
from hub.alerts.models import Alert, AlertEvent, AlertEventKind
from hub.alerts.service import AlertQuery
from hub.archive.stores.records import Store
from hub.detection.findings import Severity
from hub.errors import NotFoundError, T
from hub.kit.db import ScopedSession
from hub.kit.records import query as records
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.formats import Formats
from hub.web.language import Language, say
from hub.web.pages.alert_rows import AlertRow, Names, alert_rows, row_of, trends_of
from hub.web.pages.charts import RANGES, Channel, Limit, Mark, Wanted, answer, line_charts
from hub.web.pages.plots import Line, Plot
from hub.web.rendering import View
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])

PAGE_SIZE = 50
EVIDENCE_RANGE = "1d"
AFTERWARDS = timedelta(hours=2)  # how much is shown after an alert is over
NO_CHART = T("这条预警没有曲线。", "This alert has no chart.")
LIST_LIMIT = 200
STATUSES = {
    "open": T("未关闭", "Open"),
    "raised": T("未确认", "Not acknowledged"),
    "all": T("全部记录", "All records"),
}
HAPPENED = {
    AlertEventKind.RAISED: T("触发", "Raised"),
    AlertEventKind.STEPPED: T("级别升高", "Got worse"),
    AlertEventKind.ALSO: T("同一原因的另一个现象", "Another sign of the same cause"),
    AlertEventKind.ACKNOWLEDGED: T("已确认", "Acknowledged"),
    AlertEventKind.ASSIGNED: T("已指派", "Assigned"),
    AlertEventKind.SHELVED: T("已搁置", "Shelved"),
    AlertEventKind.UNSHELVED: T("取消搁置", "No longer shelved"),
    AlertEventKind.COMMENTED: T("备注", "Note"),
    AlertEventKind.CLEARED: T("已恢复", "Cleared"),
    AlertEventKind.RESOLVED: T("已关闭", "Resolved"),
}
Text = Annotated[str, Form(min_length=1, max_length=service.NOTE_LENGTH)]


@dataclass(frozen=True)
class ListPage:
    """What the list shows; its filters are those of the address."""

    rows: list[AlertRow]
    status: str
    status_choices: list[tuple[str, str, bool]]
    severity: str
    store: str
    store_choices: list[tuple[UUID, str]]
    total: int | str
    next_href: str | None

    @property
    def is_filtered(self) -> bool:
        return bool(self.severity or self.store) or self.status == "raised"


@dataclass(frozen=True)
class Filters:
    """What the address asks for; words that mean nothing are as if they were not there."""

    status: str = "open"
    severity: str = ""
    store: str = ""
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
    page = ListPage(
        rows=alert_rows(
            session, services.timeseries, shown, actor=actor, language=view.language, now=view.now
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
        store_choices=store_choices(session),
        total=service.total(session, query),
        next_href=next_href(view, shown) if len(found) > query.size else None,
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
    found = records.rows(session, Store, records.Query(sort="code", size=records.MAX_SIZE))
    return [(one.id, one.name) for one in found.items]


def _ids(text: str) -> tuple[UUID, ...]:
    try:
        return (UUID(text),) if text else ()
    except ValueError:
        return ()


@dataclass(frozen=True)
class AlertPage:
    """One alert with its history; its chart is drawn from `/alerts/{id}/charts`."""

    range: str
    charts: list[Plot]
    history: list[tuple[datetime, str, str]]
    past: list[AlertRow]


@router.get("/alerts/{id}")
def show_alert(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    id: UUID,
    range: str = EVIDENCE_RANGE,
) -> Response:
    alert = service.get(session, id)
    past = service.past_cases(session, alert)
    names = Names.of(session, [alert, *past])
    trend = trends_of(services.timeseries, [alert], view.now).get(alert.id)
    rows = [
        row_of(one, names, trend if one is alert else None, actor=actor, language=view.language)
        for one in (alert, *past)
    ]
    page = AlertPage(
        range=range if range in RANGES else EVIDENCE_RANGE,
        charts=[plot_of(alert, Formats(view.language))] if alert.evidence.get("series") else [],
        history=[
            happened(view.language, one) for one in reversed(service.history(session, alert.id))
        ],
        past=rows[1:],
    )
    return view.page("alert.html", alert=rows[0], page=page)


def plot_of(alert: Alert, fmt: Formats) -> Plot:
    name = alert.metric or ""
    return Plot("evidence", fmt.label(name), fmt.unit(name), (Line(""),))


def happened(language: Language, event: AlertEvent) -> tuple[datetime, str, str]:
    text = say(language, HAPPENED[AlertEventKind(event.kind)])
    colon = ": " if language is Language.EN else "："
    return event.at, f"{text}{colon}{event.note}" if event.note else text, event.user_name


@router.get("/alerts/{id}/charts")
def chart_of(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    id: UUID,
    wanted: Annotated[Wanted, Depends()],
) -> Response:
    """The evidence: its series with the limit and the moment it began."""
    alert = service.get(session, id)
    if not alert.evidence.get("series"):
        raise NotFoundError(NO_CHART)
    until = min(view.now, alert.closed_at + AFTERWARDS) if alert.closed_at else view.now
    span = wanted.span(until, EVIDENCE_RANGE)
    channel = Channel(alert.source, int(alert.evidence["series"]), 1)
    (chart,) = line_charts(services.timeseries, [[channel]], span, wanted.width)
    if alert.evidence.get("limit") is not None:
        chart["limits"] = [Limit(value=float(alert.evidence["limit"]))]
    began_ms = int(alert.began_at.timestamp() * 1000)
    chart["marks"] = [Mark(t=began_ms, severity=alert.severity_level.word)]
    return answer(view.request, span, {"evidence": chart})


@router.post("/alerts/{id}/acknowledge")
def acknowledge(session: WriteSession, services: Hub, id: UUID) -> Response:
    alert = service.acknowledge(session, id)
    announce_after_commit(session, services.live, alert, AlertEventKind.ACKNOWLEDGED)
    return RedirectResponse(f"/alerts/{id}", 303)


@router.post("/alerts/{id}/unacknowledge")
def unacknowledge(session: WriteSession, services: Hub, view: CurrentView, id: UUID) -> Response:
    """The undo of a moment after; the page is right already, so there is nothing to show."""
    alert = undo.unacknowledge(session, id, say(view.language, undo.TAKEN_BACK))
    announce_after_commit(session, services.live, alert, AlertEventKind.COMMENTED)
    return Response(status_code=204)


@router.post("/alerts/{id}/resolve")
def resolve(session: WriteSession, services: Hub, id: UUID, text: Text) -> Response:
    alert = service.resolve(session, id, text)
    announce_after_commit(session, services.live, alert, AlertEventKind.RESOLVED)
    return RedirectResponse(f"/alerts/{id}", 303)


@router.post("/alerts/{id}/comment")
def comment(session: WriteSession, services: Hub, id: UUID, note: Text) -> Response:
    alert = service.comment(session, id, note)
    announce_after_commit(session, services.live, alert, AlertEventKind.COMMENTED)
    return RedirectResponse(f"/alerts/{id}", 303)
