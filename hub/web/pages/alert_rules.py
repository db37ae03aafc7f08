"""/alerts/rules: a chain's own rules, tried on past data and drawn before they are switched on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.alerts.notices.routing import LEVELS
from hub.alerts.trial import Machine, Trial, try_rule
from hub.archive.alert_rules.records import AlertRule, MaintenanceWindow
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.detection.conditions import leaves, parse, words
from hub.errors import ConflictError, NotFoundError, T
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.kit.records.access import load
from hub.kit.records.apply import Change, apply
from hub.maintenance import service as orders
from hub.maintenance.service import OrderQuery
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.formats import DIGITS, Formats
from hub.web.language import Language, say
from hub.web.pages.charts import RANGES, Channel, Limit, Mark, Span, Wanted, answer, line_charts
from hub.web.pages.plots import Line, Plot
from hub.web.services import Services
from hub.web.views import CurrentView
from protocols.metrics import METRICS

READ, UPDATE = "alert_rules.read", "alert_rules.update"
router = APIRouter(include_in_schema=False, dependencies=[require(READ)])

MOST = 20  # machines that one look tries
NO_MACHINE = T("没有符合这条规则的设备。", "No machine fits this rule.")
CHANGED = T(
    "规则在试过之后又改了，请再看一遍。", "The rule changed since it was tried: look again."
)


@dataclass(frozen=True)
class RuleRow:
    """One rule of the list."""

    rule: AlertRule
    says: str
    severity: str
    scope: str


@dataclass(frozen=True)
class TrialRow:
    """What a rule would have done at one machine."""

    machine: Machine
    store: str
    times: int
    minutes: int
    longest: int
    newest_at: datetime | None
    is_shown: bool


@dataclass(frozen=True)
class RulePage:
    """A rule with its trial; the chart is drawn from `/alerts/rules/{id}/charts`."""

    range: str
    charts: list[Plot]
    rows: list[TrialRow]
    spells: list[tuple[datetime, datetime | None, int]]
    zone: ZoneInfo
    machines: int
    times: int
    a_week: float
    days: int


@router.get("/alerts/rules")
def list_rules(view: CurrentView, session: ReadSession, actor: CurrentUser) -> Response:
    found = session.scalars(
        select(AlertRule).where(AlertRule.archived_at.is_(None)).order_by(AlertRule.name)
    ).all()
    stores = {one.id: one.name for one in session.scalars(select(Store))}
    rows = [_row(one, stores, view.language) for one in found]
    return view.page("alert-rules.html", rows=rows, may_edit=actor.may(UPDATE))


def _row(rule: AlertRule, stores: dict[UUID, str], language: Language) -> RuleRow:
    where = [stores.get(rule.for_store_id, "")] if rule.for_store_id else []
    if rule.for_type:
        where.insert(0, say(language, rule.for_type.label))
    if rule.for_equipment_id:
        where = [say(language, T("一台设备", "One machine"))]
    return RuleRow(
        rule,
        words(parse(rule.condition), is_chinese=language is not Language.EN),
        LEVELS[rule.level].word,
        " · ".join(where) or say(language, T("全部设备", "All equipment")),
    )


@router.get("/alerts/rules/{id}")
def show_rule(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    id: UUID,
    range: str = "14d",
    machine: UUID | None = None,
) -> Response:
    rule = load(session, AlertRule, id)
    stores = {one.id: one for one in session.scalars(select(Store))}
    machines = _machines(session, services, rule, stores)
    name = range if range in RANGES else "14d"
    trials = _tried(session, services, rule, machines[:MOST], _span(view.now, name))
    shown = _chosen(trials, machine)
    language = view.language
    page = RulePage(
        range=name,
        charts=[_plot(rule, Formats(language))] if shown else [],
        rows=[_trial_row(one, stores, is_shown=one is shown) for one in trials],
        spells=_spells(shown) if shown else [],
        zone=shown.machine.zone if shown else ZoneInfo("Asia/Shanghai"),
        machines=len(machines),
        times=sum(len(one.spells) for one in trials),
        a_week=_a_week(trials, RANGES[name]),
        days=RANGES[name].days,
    )
    row = _row(rule, {key: one.name for key, one in stores.items()}, language)
    return view.page("alert-rule.html", row=row, page=page, may_edit=actor.may(UPDATE))


@router.get("/alerts/rules/{id}/charts")
def chart_of(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    id: UUID,
    wanted: Annotated[Wanted, Depends()],
    machine: UUID | None = None,
) -> Response:
    """The first metric of the condition with its limit, and a mark where an alert had begun."""
    rule = load(session, AlertRule, id)
    stores = {one.id: one for one in session.scalars(select(Store))}
    machines = _machines(session, services, rule, stores)[:MOST]
    span = wanted.span(view.now, "14d")
    trials = _tried(session, services, rule, machines, span)
    shown = _chosen(trials, machine)
    if shown is None:
        raise NotFoundError(NO_MACHINE)
    leaf = next(leaves(parse(rule.condition)))
    digits = DIGITS.get(METRICS[leaf.metric].unit, 0)
    channel = Channel(rule.name, shown.machine.series[leaf.metric], digits)
    (chart,) = line_charts(services.timeseries, [[channel]], span, wanted.width)
    chart["limits"] = [
        Limit(value=one.limit) for one in leaves(parse(rule.condition)) if one.metric == leaf.metric
    ]
    severity = LEVELS[rule.level].word
    chart["marks"] = [Mark(t=shown.at_ms(one.start), severity=severity) for one in shown.spells]
    return answer(view.request, span, {"rule": chart})


@router.post("/alerts/rules/{id}/enable", dependencies=[require(UPDATE)])
def enable(session: WriteSession, id: UUID, version: int) -> Response:
    """On, as it was just tried; what was changed meanwhile must be looked at first."""
    rule = load(session, AlertRule, id)
    if rule.version != version:
        raise ConflictError(CHANGED)
    own = {"is_enabled": True, "tested": rule.content, "tested_at": utc_now()}
    apply(session, AlertRule, Change(rule.id, version=version, own=own))
    return RedirectResponse(f"/alerts/rules/{id}", 303)


@router.post("/alerts/rules/{id}/disable", dependencies=[require(UPDATE)])
def disable(session: WriteSession, id: UUID) -> Response:
    rule = load(session, AlertRule, id)
    apply(session, AlertRule, Change(id, version=rule.version, own={"is_enabled": False}))
    return RedirectResponse(f"/alerts/rules/{id}", 303)


def _machines(
    session: ScopedSession, services: Services, rule: AlertRule, stores: dict[UUID, Store]
) -> list[Machine]:
    """The machines that the rule is for, and that say what it asks."""
    wanted = select(Equipment).where(
        Equipment.device_id.is_not(None), Equipment.archived_at.is_(None)
    )
    if rule.for_equipment_id:
        wanted = wanted.where(Equipment.id == rule.for_equipment_id)
    if rule.for_store_id:
        wanted = wanted.where(Equipment.store_id == rule.for_store_id)
    found = []
    for one in session.scalars(wanted.order_by(Equipment.store_id, Equipment.code)):
        store = stores.get(one.store_id)
        if store is None or one.device_id is None:
            continue
        series = {
            known.metric: known.id
            for known in services.registry.of_store(store.id)
            if known.device == one.device_id
        }
        machine = Machine(
            one.id,
            one.chain_id,
            one.store_id,
            one.device_id,
            one.name,
            one.type,
            ZoneInfo(store.zone),
            store.opening_hours,
            series,
        )
        if machine.fits(rule):
            found.append(machine)
    return found


def _tried(
    session: ScopedSession,
    services: Services,
    rule: AlertRule,
    machines: Sequence[Machine],
    span: Span,
) -> list[Trial]:
    pairs = [(rule, one) for one in machines]
    windows = maintenance_of(session, [one.id for one in machines])
    for one in session.scalars(select(MaintenanceWindow)):
        for machine in machines:
            if one.covers(machine.store_id, machine.id):
                windows.setdefault(machine.id, []).append(one.span_ms)
    return try_rule(services.timeseries, pairs, (span.start_ms, span.end_ms), windows)


def maintenance_of(
    session: ScopedSession, machines: Sequence[UUID]
) -> dict[UUID, list[tuple[int, int]]]:
    """When somebody worked at each machine: from the start of an order's work to its end, in ms."""
    if not machines:
        return {}
    found: dict[UUID, list[tuple[int, int]]] = {}
    for order in orders.find(session, OrderQuery(equipment_ids=tuple(machines))):
        if order.started_at and order.equipment_id:
            end = order.done_at or utc_now()
            spell = int(order.started_at.timestamp() * 1000), int(end.timestamp() * 1000)
            found.setdefault(order.equipment_id, []).append(spell)
    return found


def _span(now: datetime, name: str) -> Span:
    return Span(name, now - RANGES[name], now)


def _chosen(trials: Sequence[Trial], machine: UUID | None) -> Trial | None:
    """The machine that was asked for, else the one with most to say."""
    asked = [one for one in trials if one.machine.id == machine]
    return asked[0] if asked else max(trials, key=lambda one: one.minutes, default=None)


def _trial_row(trial: Trial, stores: dict[UUID, Store], *, is_shown: bool) -> TrialRow:
    last = len(trial.edges_ms) - 1
    lengths = [(last if one.end is None else one.end) - one.start for one in trial.spells]
    newest = trial.spells[-1].start if trial.spells else None
    return TrialRow(
        trial.machine,
        stores[trial.machine.store_id].name,
        len(trial.spells),
        sum(lengths),
        max(lengths, default=0),
        None if newest is None else _instant(trial, newest),
        is_shown,
    )


def _spells(trial: Trial) -> list[tuple[datetime, datetime | None, int]]:
    """The newest twenty: raised, ended, minutes."""
    last = len(trial.edges_ms) - 1
    return [
        (
            _instant(trial, one.start),
            None if one.end is None else _instant(trial, one.end),
            (last if one.end is None else one.end) - one.start,
        )
        for one in reversed(trial.spells[-20:])
    ]


def _instant(trial: Trial, minute: int) -> datetime:
    return datetime.fromtimestamp(trial.at_ms(minute) / 1000, utc_now().tzinfo)


def _a_week(trials: Sequence[Trial], length: timedelta) -> float:
    """Alerts a week and machine."""
    weeks = len(trials) * length / timedelta(weeks=1)
    return sum(len(one.spells) for one in trials) / weeks if weeks else 0.0


def _plot(rule: AlertRule, fmt: Formats) -> Plot:
    metric = next(leaves(parse(rule.condition))).metric
    return Plot("rule", fmt.label(metric), fmt.unit(metric), (Line(""),))
