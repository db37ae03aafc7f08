"""The page of one alert: why, since when, what to do, who has it, what was done, was it useful."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.alerts import cases, people, service
from hub.alerts.announce import announce_after_commit
from hub.alerts.models import Alert, AlertEvent, AlertEventKind
from hub.alerts.votes import my_vote, vote
from hub.analytics.drivers import Drivers, drivers
from hub.analytics.stores import StoreClock
from hub.archive.stores.records import Store
from hub.detection.findings import Rule, Severity
from hub.errors import NotFoundError, T
from hub.kit.db import ScopedSession
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.formats import Formats
from hub.web.language import Language, say
from hub.web.pages.alert_rows import AlertRow, Names, row_of, trends_of
from hub.web.pages.alerts import shelf_choices
from hub.web.pages.charts import RANGES, Channel, Limit, Mark, Wanted, answer, line_charts
from hub.web.pages.plots import Line, Plot
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require(service.READ)])

EVIDENCE_RANGE = "1d"
TRADE = (Rule.SALES_DROP, Rule.SALES_SPIKE, Rule.TRAFFIC_DROP, Rule.TRAFFIC_SPIKE)
LONGEST_TRADE = timedelta(hours=12)
AFTERWARDS = timedelta(hours=2)  # how much is shown after an alert is over
NO_CHART = T("这条预警没有曲线。", "This alert has no chart.")
WORSE, BETTER = T("级别升高", "Got worse"), T("级别降低", "Got better")
HAPPENED = {
    AlertEventKind.RAISED: T("触发", "Raised"),
    AlertEventKind.ALSO: T("同一原因的另一个现象", "Another sign of the same cause"),
    AlertEventKind.RETURNED: T("又出现了", "Came back"),
    AlertEventKind.GROUPED: T("并入同一原因的预警", "Put under the alert that explains it"),
    AlertEventKind.RELEASED: T("原因已消除，它还在", "Its cause is over, and it is still there"),
    AlertEventKind.ACKNOWLEDGED: T("已确认", "Acknowledged"),
    AlertEventKind.ASSIGNED: T("已指派", "Assigned"),
    AlertEventKind.SHELVED: T("已搁置", "Shelved"),
    AlertEventKind.UNSHELVED: T("取消搁置", "No longer shelved"),
    AlertEventKind.UNACKNOWLEDGED: T("撤回了确认", "Took the acknowledgement back"),
    AlertEventKind.UNDONE: T("撤回了上一步", "Took the last step back"),
    AlertEventKind.COMMENTED: T("备注", "Note"),
    AlertEventKind.NOTIFIED: T("已通知", "Told"),
    AlertEventKind.ORDERED: T("已开工单", "Work order made"),
    AlertEventKind.CLEARED: T("已恢复", "Cleared"),
    AlertEventKind.RESOLVED: T("已关闭", "Resolved"),
}
Text = Annotated[str, Form(min_length=1, max_length=service.NOTE_LENGTH)]


@dataclass(frozen=True)
class PastCase:
    """An earlier alert of the kind and what cured it."""

    row: AlertRow
    cure: str
    by: str


@dataclass(frozen=True)
class AlertPage:
    """One alert with its history; its chart is drawn from `/alerts/{id}/charts`."""

    range: str
    charts: list[Plot]
    history: list[tuple[datetime, str, str]]
    past: list[PastCase]
    children: list[AlertRow]
    parent: AlertRow | None
    people: list[tuple[UUID, str]]
    shelf: list[tuple[str, str]]
    my_vote: bool | None
    may_vote: bool
    drivers: Drivers | None


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
    past = cases.similar(session, alert)
    children = service.children_of(session, id)
    above = [service.get(session, alert.parent_id)] if alert.parent_id else []
    everything = [alert, *(one.alert for one in past), *children, *above]
    names = Names.of(session, everything)
    trend = trends_of(services, [alert], view.now).get(alert.id)

    def row(one: Alert) -> AlertRow:
        shown = trend if one is alert else None
        return row_of(one, names, shown, actor=actor, language=view.language)

    staff = people.able(session, alert.store_id)
    page = AlertPage(
        range=range if range in RANGES else EVIDENCE_RANGE,
        charts=[plot_of(alert, Formats(view.language))] if alert.evidence.get("series") else [],
        history=_history(session, view.language, id, {one.id: one.name for one in staff}),
        past=[PastCase(row(one.alert), one.cure, one.by) for one in past],
        children=[row(one) for one in children],
        parent=row(above[0]) if above else None,
        people=[(one.id, one.name) for one in staff],
        shelf=shelf_choices(view),
        my_vote=my_vote(session, id),
        may_vote=actor.may(service.UPDATE, alert.store_id),
        drivers=drivers_of(session, alert, view.now) if actor.may("sales.read") else None,
    )
    return view.page("alert.html", alert=row(alert), page=page)


def drivers_of(session: ScopedSession, alert: Alert, now: datetime) -> Drivers | None:
    """What drove an alert about visitors or sales, in the hours that it is about."""
    if alert.rule_name not in TRADE:
        return None
    store = session.get(Store, alert.store_id)
    if store is None:
        return None
    end = min(alert.closed_at or now, alert.began_at + LONGEST_TRADE)
    return drivers(session, StoreClock.of(store), alert.began_at, end)


def plot_of(alert: Alert, fmt: Formats) -> Plot:
    name = alert.metric or ""
    return Plot("evidence", fmt.label(name), fmt.unit(name), (Line(""),))


def _history(
    session: ScopedSession, language: Language, id: UUID, names: Mapping[UUID, str]
) -> list[tuple[datetime, str, str]]:
    events: Sequence[AlertEvent] = service.history(session, id)
    return [happened(language, one, names) for one in reversed(events)]


def happened(
    language: Language, event: AlertEvent, names: Mapping[UUID, str]
) -> tuple[datetime, str, str]:
    """One line of the history, in words."""
    kind = AlertEventKind(event.kind)
    if kind is AlertEventKind.STEPPED:
        text = say(language, BETTER if event.severity < event.detail.get("from", 0) else WORSE)
    else:
        text = say(language, HAPPENED[kind])
    more = _more(event, names)
    colon = ": " if language is Language.EN else "："
    return event.at, f"{text}{colon}{more}" if more else text, event.user_name


def _more(event: AlertEvent, names: Mapping[UUID, str]) -> str:
    """What stands behind the words: to whom, or what somebody wrote."""
    to = event.detail.get("user_id")
    person = names.get(UUID(to), "") if to else str(event.detail.get("to", ""))
    return " · ".join(part for part in (person, event.note) if part)


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
    chart["marks"] = [Mark(t=began_ms, severity=Severity(alert.severity).word)]
    return answer(view.request, span, {"evidence": chart})


@router.post("/alerts/{id}/acknowledge")
def acknowledge(session: WriteSession, services: Hub, id: UUID) -> Response:
    alert = service.acknowledge(session, id)
    announce_after_commit(session, services.live, alert, AlertEventKind.ACKNOWLEDGED)
    return RedirectResponse(f"/alerts/{id}", 303)


@router.post("/alerts/{id}/assign")
def assign(
    session: WriteSession, services: Hub, id: UUID, user_id: Annotated[UUID, Form()]
) -> Response:
    alert = service.assign(session, id, user_id)
    announce_after_commit(session, services.live, alert, AlertEventKind.ASSIGNED)
    return RedirectResponse(f"/alerts/{id}", 303)


@router.post("/alerts/{id}/unshelve")
def unshelve(session: WriteSession, services: Hub, id: UUID) -> Response:
    alert = service.unshelve(session, id)
    announce_after_commit(session, services.live, alert, AlertEventKind.UNSHELVED)
    return RedirectResponse(f"/alerts/{id}", 303)


@router.post("/alerts/{id}/vote")
def cast(session: WriteSession, id: UUID, useful: Annotated[bool, Form()]) -> Response:
    vote(session, id, is_useful=useful)
    return RedirectResponse(f"/alerts/{id}", 303)


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
