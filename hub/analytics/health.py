"""How well a store is: a score of five parts, each with its evidence, weight and trend (ANA-24).

A part without data is left out and its weight goes to the others; the trend is the same score a
week before. The score says where to look, so every part names what it was made of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import or_, select

from hub.alerts.models import Alert
from hub.alerts.notices.routing import BUSINESS
from hub.alerts.playbook import says
from hub.alerts.plays import Plays
from hub.analytics import footfall, sales
from hub.analytics.stores import StoreClock
from hub.archive.equipment.records import Equipment
from hub.detection.findings import Rule, Severity
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.maintenance.models import WorkOrder

WEEK = timedelta(days=7)
USUAL_WEEKS = 4
GOOD, FAIR = 85, 65
PENALTY = {Severity.CRITICAL: 40, Severity.HIGH: 20, Severity.MEDIUM: 8, Severity.LOW: 2}
LATE_ORDER = 5
EXCURSION_HOUR = 4
SILENT = (Rule.AGENT_OFFLINE, Rule.DEVICE_OFFLINE, Rule.COUNTER_DEAD, Rule.TILL_SILENT)
COLD = (Rule.TEMPERATURE_HIGH, Rule.TEMPERATURE_LOW)
TOP = 3


class Part(StrEnum):
    EQUIPMENT = "equipment"
    SALES = "sales"
    TRAFFIC = "traffic"
    DATA = "data"
    COMPLIANCE = "compliance"


NAMES = {
    Part.EQUIPMENT: T("设备", "Equipment"),
    Part.SALES: T("销售", "Sales"),
    Part.TRAFFIC: T("客流", "Footfall"),
    Part.DATA: T("数据覆盖", "Data coverage"),
    Part.COMPLIANCE: T("冷链合规", "Cold chain"),
}
WEIGHTS = {
    Part.EQUIPMENT: 30,
    Part.SALES: 25,
    Part.TRAFFIC: 15,
    Part.DATA: 15,
    Part.COMPLIANCE: 15,
}
_CALM = T("没有未关闭的设备预警，也没有超时工单。", "No open equipment alert, no late work order.")
_TROUBLE = T(
    "{alerts} 条未关闭的设备预警，{late} 张超时工单。",
    "{alerts} open equipment alerts, {late} late work orders.",
)
_AGAINST = T(
    "最近七天是前四周平均的 {share} %。",
    "The last seven days are {share} % of the four weeks before.",
)
_COVERED = T(
    "最近一天客流覆盖 {share} %，{silent} 个采集端或终端不应答。",
    "Counters covered {share} % of the last day; {silent} agents or devices are silent.",
)
_COLD_OK = T("七天内没有温度超限。", "No temperature excursion in seven days.")
_COLD_BAD = T(
    "七天内温度超限 {times} 次，共 {hours} 小时。",
    "{times} temperature excursions in seven days, {hours} h in all.",
)
_ACTIONS = {
    Part.SALES: T(
        "看成交率和缺货，再看收银是否正常。",
        "Look at conversion and empty shelves, then at the tills.",
    ),
    Part.TRAFFIC: T(
        "看入口、天气和附近活动。", "Look at the entrance, the weather and events nearby."
    ),
    Part.DATA: T(
        "先让不应答的采集端和计数器恢复。", "Bring back silent agents and counters first."
    ),
    Part.COMPLIANCE: T("补齐超限记录并签字。", "Complete the excursion log and sign it."),
    Part.EQUIPMENT: T("先处理超时的工单。", "Deal with the late work orders first."),
}


@dataclass(frozen=True, slots=True)
class PartScore:
    """`score` 0…100; None: there is nothing to judge by. `before` is a week earlier."""

    part: Part
    score: int | None
    before: int | None
    evidence: T | None

    @property
    def weight(self) -> int:
        return WEIGHTS[self.part]


@dataclass(frozen=True, slots=True)
class Problem:
    """What to look at first, and the next thing to do; an alert, or a whole part."""

    part: Part
    severity: Severity
    what: T
    action: T
    alert_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """`score` is None for a store that nothing is known of."""

    score: int | None
    before: int | None
    parts: tuple[PartScore, ...]
    problems: tuple[Problem, ...]

    @property
    def level(self) -> str:
        """`good`, `fair`, `poor`, or `unknown`."""
        if self.score is None:
            return "unknown"
        return "good" if self.score >= GOOD else "fair" if self.score >= FAIR else "poor"


def health(session: ScopedSession, clock: StoreClock, now: datetime) -> Health:
    """The health of one store now and a week before."""
    present, past = _scores(session, clock, now), _scores(session, clock, now - WEEK)
    parts = tuple(
        PartScore(part, present[part][0], past[part][0], present[part][1]) for part in Part
    )
    return Health(
        score=_together({one.part: one.score for one in parts}),
        before=_together({one.part: one.before for one in parts}),
        parts=parts,
        problems=tuple(_problems(session, clock, parts, now)),
    )


Score = tuple[int | None, T | None]


def _scores(session: ScopedSession, clock: StoreClock, at: datetime) -> dict[Part, Score]:
    open_ones = _open_at(session, clock, at)
    return {
        Part.EQUIPMENT: _equipment(session, clock, open_ones, at),
        Part.SALES: _sales(session, clock, at),
        Part.TRAFFIC: _traffic(session, clock, at),
        Part.DATA: _data(session, clock, open_ones, at),
        Part.COMPLIANCE: _compliance(session, clock, at),
    }


def _together(scores: dict[Part, int | None]) -> int | None:
    known = {part: score for part, score in scores.items() if score is not None}
    if not known:
        return None
    weight = sum(WEIGHTS[part] for part in known)
    return round(sum(WEIGHTS[part] * score for part, score in known.items()) / weight)


def _open_at(session: ScopedSession, clock: StoreClock, at: datetime) -> Sequence[Alert]:
    """Alerts that stood for themselves at an instant, the worst first."""
    found = select(Alert).where(
        Alert.store_id == clock.store_id,
        Alert.began_at <= at,
        or_(Alert.closed_at.is_(None), Alert.closed_at > at),
        Alert.parent_id.is_(None),
    )
    return session.scalars(found.order_by(Alert.severity.desc(), Alert.began_at)).all()


def _equipment(
    session: ScopedSession, clock: StoreClock, open_ones: Sequence[Alert], at: datetime
) -> Score:
    mine = [one for one in open_ones if one.rule_name not in (*BUSINESS, *SILENT)]
    late = len(_late_orders(session, clock, at))
    lost = sum(PENALTY[one.severity_level] for one in mine) + LATE_ORDER * late
    evidence = _TROUBLE.format(alerts=len(mine), late=late) if mine or late else _CALM
    return max(0, 100 - lost), evidence


def _late_orders(session: ScopedSession, clock: StoreClock, at: datetime) -> Sequence[UUID]:
    found = select(WorkOrder.id).where(
        WorkOrder.store_id == clock.store_id,
        WorkOrder.finish_by < at,
        or_(WorkOrder.done_at.is_(None), WorkOrder.done_at > at),
        or_(WorkOrder.closed_at.is_(None), WorkOrder.closed_at > at),
    )
    return session.scalars(found).all()


def _sales(session: ScopedSession, clock: StoreClock, at: datetime) -> Score:
    """Revenue of the last seven full days against the four weeks before."""
    last = clock.day_of(at) - timedelta(days=1)
    first = last - timedelta(days=7 * (USUAL_WEEKS + 1) - 1)
    days = sales.by_day(session, clock, first, last)
    week = sum(one.revenue_cents for day, one in days.items() if day > last - WEEK)
    older = {day: one.revenue_cents for day, one in days.items() if day <= last - WEEK}
    return _against(week, sum(older.values()), sum(value > 0 for value in older.values()))


def _traffic(session: ScopedSession, clock: StoreClock, at: datetime) -> Score:
    day = clock.day_of(at)
    edges = [clock.start_of(day - timedelta(days=n)) for n in range(7 * (USUAL_WEEKS + 1), -1, -1)]
    known = [one for one in footfall.flows(session, clock, edges) if one.coverage > 0.5]
    split = clock.start_of(day - WEEK)
    week = sum(one.entries or 0 for one in known if one.start_at >= split)
    older = [one.entries or 0 for one in known if one.start_at < split]
    return _against(week, sum(older), len(older)) if week else (None, None)


def _against(week: float, older: float, days: int) -> Score:
    """100 when a week is as good as those before it; None with less than a week to compare."""
    if days < 7 or not older:
        return None, None
    share = week / (older / days * 7)
    return min(100, round(100 * share)), _AGAINST.format(share=round(100 * share))


def _data(
    session: ScopedSession, clock: StoreClock, open_ones: Sequence[Alert], at: datetime
) -> Score:
    (flow,) = footfall.flows(session, clock, [at - timedelta(days=1), at])
    silent = len([one for one in open_ones if one.rule_name in SILENT])
    if not flow.coverage and not silent:
        return None, None
    share = min(1.0, flow.coverage)
    score = max(0, round(100 * share) - 20 * silent)
    return score, _COVERED.format(share=round(100 * share), silent=silent)


def _compliance(session: ScopedSession, clock: StoreClock, at: datetime) -> Score:
    found = select(Alert).where(
        Alert.store_id == clock.store_id,
        Alert.rule.in_(COLD),
        Alert.began_at < at,
        or_(Alert.closed_at.is_(None), Alert.closed_at > at - WEEK),
    )
    spans = [
        (max(one.began_at, at - WEEK), min(one.closed_at or at, at))
        for one in session.scalars(found)
    ]
    hours = sum((end - start).total_seconds() for start, end in spans) / 3600
    if not spans:
        return 100, _COLD_OK
    evidence = _COLD_BAD.format(times=len(spans), hours=f"{hours:.1f}")
    return max(0, round(100 - EXCURSION_HOUR * hours)), evidence


def _problems(
    session: ScopedSession, clock: StoreClock, parts: Sequence[PartScore], now: datetime
) -> list[Problem]:
    """The three that matter most: open alerts first, then parts that are poor without one."""
    plays, names = Plays.of(session), _names(session, clock)
    found = []
    for one in _open_at(session, clock, now):
        play = plays[one.rule_name]
        known = {"device": names[one.device]} if one.device in names else {}
        what = says(one.rule_name, one.evidence | known)
        told = T(f"{play.title.zh}：{what.zh}", f"{play.title.en}: {what.en}")
        found.append(Problem(_part_of(one), one.severity_level, told, play.measure[0], one.id))
    named = {one.part for one in found}
    for part in sorted(parts, key=lambda one: one.score if one.score is not None else 100):
        is_poor = part.score is not None and part.score < FAIR
        if is_poor and part.part not in named and part.evidence is not None:
            action = _ACTIONS[part.part]
            found.append(Problem(part.part, Severity.MEDIUM, part.evidence, action))
    return sorted(found, key=lambda one: -one.severity)[:TOP]


def _names(session: ScopedSession, clock: StoreClock) -> dict[str | None, str]:
    """What the store calls its devices."""
    found = select(Equipment).where(
        Equipment.store_id == clock.store_id, Equipment.archived_at.is_(None)
    )
    return {one.device_id: one.name for one in session.scalars(found) if one.device_id}


def _part_of(alert: Alert) -> Part:
    if alert.rule_name in (Rule.TRAFFIC_DROP, Rule.TRAFFIC_SPIKE, Rule.STORE_QUIET):
        return Part.TRAFFIC
    if alert.rule_name in (Rule.SALES_DROP, Rule.SALES_SPIKE):
        return Part.SALES
    return Part.DATA if alert.rule_name in SILENT else Part.EQUIPMENT
