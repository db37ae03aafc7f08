"""Alerts as people read them: what, where, since when, why, what to do, and the trend beside it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import select

from hub.alerts.models import Alert, AlertStatus
from hub.alerts.playbook import says
from hub.alerts.plays import Plays
from hub.alerts.service import UPDATE, count_children
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.detection.findings import Rule
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.security.actor import Actor
from hub.security.records import User
from hub.timeseries.port import Buckets
from hub.web.formats import MINUS, Formats
from hub.web.language import Language, say
from hub.web.services import Services
from hub.web.sparkline import Spark, spark
from protocols.metrics import METRICS

AGENT, STORE = T("采集端", "Agent"), T("全店", "Whole store")
SPARK_SPAN = timedelta(hours=6)
SPARK_POINTS = 48
SPARK_AGE_S = 20.0
PLACE = "\ue000"  # holds a name's place while the sentence is converted to other characters
NEGATIVE = re.compile(r"(?<![\w.])-(?=\d)")


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert in a list; `says` is the sentence with its numbers."""

    id: UUID
    title: str
    says: str
    severity: str
    state: str
    store_id: UUID
    store: str
    zone: ZoneInfo
    source: str
    cause: str
    measures: tuple[str, ...]
    began_at: datetime
    raised_at: datetime
    cleared_at: datetime | None
    owner: str
    value_text: str
    limit_text: str
    spark: Spark | None
    may_change: bool
    children: int
    returns: int
    shelved_until: datetime | None
    record_href: str = ""  # what of the archive it is about

    @property
    def measure(self) -> str:
        return self.measures[0]


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called: stores, equipment by store and device, users."""

    stores: Mapping[UUID, Store]
    equipment: Mapping[tuple[UUID, str], Equipment]
    users: Mapping[UUID, str]
    plays: Plays
    children: Mapping[UUID, int]

    @staticmethod
    def of(session: ScopedSession, alerts: Sequence[Alert]) -> "Names":
        store_ids = {one.store_id for one in alerts}
        devices = {one.device for one in alerts if one.device}
        user_ids = {one.assigned_to or one.acknowledged_by for one in alerts} - {None}
        machines = select(Equipment).where(
            Equipment.store_id.in_(store_ids),
            Equipment.device_id.in_(devices),
            Equipment.archived_at.is_(None),
        )
        stores = session.scalars(select(Store).where(Store.id.in_(store_ids)))
        equipment = session.scalars(machines) if devices else ()
        users = select(User.id, User.name).where(User.id.in_(user_ids))
        return Names(
            {one.id: one for one in stores},
            {(one.store_id, one.device_id or ""): one for one in equipment},
            {one.id: one.name for one in session.execute(users)} if user_ids else {},
            Plays.of(session),
            count_children(session, [one.id for one in alerts]),
        )

    def zone(self, store_id: UUID) -> ZoneInfo:
        store = self.stores.get(store_id)
        return ZoneInfo(store.zone if store else "Asia/Shanghai")

    def thing(self, alert: Alert, language: Language) -> str:
        """The equipment, or the part of the store, that an alert is about."""
        known = self.equipment.get((alert.store_id, alert.device or ""))
        if known is not None:
            return known.name
        return alert.device or say(language, AGENT if alert.source == "agent" else STORE)


def alert_rows(
    session: ScopedSession,
    services: Services,
    alerts: Sequence[Alert],
    *,
    actor: Actor,
    language: Language,
    now: datetime,
    with_trend: bool = True,
) -> list[AlertRow]:
    """Rows in the order of `alerts`; the trend costs one query for all of them."""
    names = Names.of(session, alerts)
    trends = trends_of(services, alerts, now) if with_trend else {}
    return [
        row_of(alert, names, trends.get(alert.id), actor=actor, language=language)
        for alert in alerts
    ]


def row_of(
    alert: Alert, names: Names, trend: Spark | None, *, actor: Actor, language: Language
) -> AlertRow:
    play = names.plays[alert.rule_name]
    store = names.stores.get(alert.store_id)
    thing = names.thing(alert, language)
    owner = alert.assigned_to or alert.acknowledged_by
    fmt = Formats(language)
    return AlertRow(
        id=alert.id,
        title=title_of(thing, play.title, language),
        says=sentence_of(alert, thing, language),
        severity=alert.severity_level.word,
        state=alert.status,
        store_id=alert.store_id,
        store=store.name if store else "",
        zone=names.zone(alert.store_id),
        source=source_text(alert, thing, fmt),
        cause=say(language, play.cause),
        measures=tuple(say(language, one) for one in play.measure),
        began_at=alert.began_at,
        raised_at=alert.raised_at,
        cleared_at=alert.closed_at,
        owner=names.users.get(owner, "") if owner else "",
        value_text=number_text(alert, "value", fmt),
        limit_text=number_text(alert, "limit", fmt),
        spark=trend,
        may_change=alert.status != AlertStatus.RESOLVED and actor.may(UPDATE, alert.store_id),
        children=names.children.get(alert.id, 0),
        returns=alert.returns,
        shelved_until=alert.shelved_until,
        record_href=_record_href(alert),
    )


def _record_href(alert: Alert) -> str:
    if alert.rule_name is Rule.STOCK_LOW:
        return f"/stock/{alert.store_id}/{alert.source.rpartition('/')[2]}"
    if alert.rule_name is not Rule.EXPIRING:
        return ""
    return "/archive/" + alert.source.rpartition("/")[0]


def title_of(thing: str, what: T, language: Language) -> str:
    """`冷冻柜：温度偏高`, `Freezer: too warm`; names stay as people wrote them."""
    if language is Language.EN:
        return f"{thing}: {what.en[:1].lower()}{what.en[1:]}"
    return f"{thing}：{say(language, what)}"


def sentence_of(alert: Alert, thing: str, language: Language) -> str:
    """The sentence with its numbers, and the equipment by its name."""
    evidence = {**alert.evidence, "device": PLACE} if alert.device else alert.evidence
    said = say(language, says(alert.rule_name, evidence))
    return with_minus(said).replace(PLACE, thing)


def with_minus(text: str) -> str:
    """Negative numbers of a sentence with a true minus sign."""
    return NEGATIVE.sub(MINUS, text)


def source_text(alert: Alert, thing: str, fmt: Formats) -> str:
    return f"{thing} · {fmt.label(alert.metric)}" if alert.metric else thing


def number_text(alert: Alert, key: str, fmt: Formats) -> str:
    """A number of the evidence with its unit, or nothing."""
    value = alert.evidence.get(key)
    if value is None or alert.metric not in METRICS:
        return ""
    unit = fmt.unit(alert.metric)
    return f"{fmt.metric(alert.metric, float(value))} {unit}".strip()


def trends_of(services: Services, alerts: Iterable[Alert], now: datetime) -> dict[UUID, Spark]:
    """The last six hours of what each open alert is about, its limit as a line."""
    series = {
        one.id: int(one.evidence["series"])
        for one in alerts
        if one.is_open and one.evidence.get("series")
    }
    if not series:
        return {}
    found = last_hours(services, tuple(sorted(set(series.values()))), now)
    row_of_series = {int(number): row for row, number in enumerate(found.series)}
    limits = {one.id: one.evidence.get("limit") for one in alerts}
    lines = {
        alert_id: spark(found.mean[row_of_series[number]].tolist(), limits[alert_id])
        for alert_id, number in series.items()
    }
    return {alert_id: line for alert_id, line in lines.items() if line is not None}


def last_hours(services: Services, series: tuple[int, ...], now: datetime) -> Buckets:
    """For all who look within the age of a trend: nobody sees on a spark what came since."""

    def make() -> Buckets:
        start, end = (int(at.timestamp() * 1000) for at in (now - SPARK_SPAN, now))
        edges = np.linspace(start, end, SPARK_POINTS + 1).astype(np.int64)
        return services.timeseries.buckets(series, edges)

    return services.recent.get(("trends", series), SPARK_AGE_S, make)
