"""What the hub does that people did by hand: how often, when last, and the hours it saves (UX-16).

The minutes are what one of it takes by hand, chosen low; they stand beside the hours on the page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from hub.alerts.models import Alert
from hub.alerts.notices.models import NoticeMessage
from hub.analytics.cold_chain import AIR
from hub.analytics.tables import FootfallSlot, TicketRow
from hub.archive.stores.records import Store
from hub.detection.findings import Rule
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.kit.exchange import importing
from hub.kit.jobs.models import Job
from hub.maintenance.models import WorkOrder
from hub.web.pages.tiles import latest
from hub.web.services import Services
from hub.webhooks.models import DeliveryState, WebhookDelivery

DAYS = 30
READINGS_A_DAY = 4  # how often a temperature is written down by hand
ARCHIVE_RULES = (Rule.EXPIRING.value, Rule.STOCK_LOW.value)


@dataclass(frozen=True, slots=True)
class Done:
    """How many in the last days, and when the last was."""

    count: int
    at: datetime | None


@dataclass(frozen=True)
class Period:
    """What is looked through: the asker's own stores, since `start`."""

    session: ScopedSession
    services: Services
    start: datetime
    now: datetime

    def rows(self, at: InstrumentedAttribute[datetime], *where: ColumnElement[bool]) -> Done:
        found = self.session.execute(
            select(func.count(at), func.max(at)).where(at >= self.start, *where)
        ).one()
        return Done(int(found[0]), found[1])


@dataclass(frozen=True, slots=True)
class Automation:
    """One kind of work; `by_hand_min` is what one of it takes a person."""

    name: T
    instead: T
    href: str
    by_hand_min: float
    done: Callable[[Period], Done]


@dataclass(frozen=True, slots=True)
class Saved:
    """A kind of work with what was done of it."""

    what: Automation
    done: Done

    @property
    def hours(self) -> float:
        return self.done.count * self.what.by_hand_min / 60


def _temperatures(period: Period) -> Done:
    """Machines that tell their temperature, as often as a list on the door would be filled in."""
    registry, count, newest = period.services.registry, 0, []
    for store in period.session.scalars(select(Store).where(Store.archived_at.is_(None))):
        air = [one for one in registry.of_store(store.id) if one.metric == AIR]
        heard = [one.at for one in latest(air, period.services.last) if one.at]
        fresh = [at for at in heard if at >= period.start]
        days = (period.now - max(store.created_at, period.start)).days + 1
        count += len(fresh) * READINGS_A_DAY * min(days, DAYS)
        newest += fresh
    return Done(count, max(newest, default=None))


def _footfall(period: Period) -> Done:
    return period.rows(FootfallSlot.start_at)


def _tickets(period: Period) -> Done:
    return period.rows(TicketRow.at)


def _watched(period: Period) -> Done:
    return period.rows(Alert.raised_at, Alert.rule.not_in(ARCHIVE_RULES))


def _told(period: Period) -> Done:
    return period.rows(NoticeMessage.started_at)


def _stock(period: Period) -> Done:
    return period.rows(Alert.raised_at, Alert.rule == Rule.STOCK_LOW.value)


def _dates(period: Period) -> Done:
    return period.rows(Alert.raised_at, Alert.rule == Rule.EXPIRING.value)


def _plans(period: Period) -> Done:
    return period.rows(WorkOrder.created_at, WorkOrder.plan_id.is_not(None))


def _imports(period: Period) -> Done:
    """Rows that a file brought in."""
    one = Job
    wanted = select(func.sum(one.position), func.max(one.ended_at)).where(
        one.kind == importing.IMPORT, one.ended_at >= period.start
    )
    rows, at = period.session.execute(wanted).one()
    return Done(int(rows or 0), at)


def _pushed(period: Period) -> Done:
    return period.rows(WebhookDelivery.created_at, WebhookDelivery.state == DeliveryState.DELIVERED)


AUTOMATIONS: tuple[Automation, ...] = (
    Automation(
        T("抄温度", "Temperatures written down"),
        T("每台冷柜一天抄 4 次", "each cold machine, 4 times a day"),
        "/",
        1.0,
        _temperatures,
    ),
    Automation(
        T("数客流", "Visitors counted"),
        T("每个门每刻钟报一次数", "each door, a figure every quarter of an hour"),
        "/",
        1.0,
        _footfall,
    ),
    Automation(
        T("小票入账、扣库存", "Tickets booked, stock moved"),
        T("每张小票录一次", "each ticket typed in once"),
        "/sales",
        0.5,
        _tickets,
    ),
    Automation(
        T("发现故障并说明原因", "Faults found and explained"),
        T("巡查一次、查一次原因", "one round, and one search for the cause"),
        "/alerts?status=all",
        10.0,
        _watched,
    ),
    Automation(
        T("通知该知道的人", "The right people told"),
        T("打一个电话", "one call"),
        "/admin/notices",
        2.0,
        _told,
    ),
    Automation(
        T("看着库存，提醒补货", "Stock watched, refills called for"),
        T("查一次货架", "one look along the shelves"),
        "/stock/watch",
        5.0,
        _stock,
    ),
    Automation(
        T("提醒合同和证照到期", "Contracts and licences watched"),
        T("翻一次台账", "one look through the files"),
        "/archive/contracts",
        10.0,
        _dates,
    ),
    Automation(
        T("按计划开保养工单", "Maintenance planned"),
        T("开一张工单", "one work order written"),
        "/work-orders/plan",
        5.0,
        _plans,
    ),
    Automation(
        T("导入表格", "Tables brought in"),
        T("录一行", "one row typed in"),
        "/archive",
        0.5,
        _imports,
    ),
    Automation(
        T("推送给别的系统", "Other systems told"),
        T("再录一次", "typed in once more"),
        "/admin/interfaces",
        0.5,
        _pushed,
    ),
)


def saved(session: ScopedSession, services: Services, now: datetime) -> Sequence[Saved]:
    """What was done by itself in the last 30 days, the most hours first."""
    period = Period(session, services, now - timedelta(days=DAYS), now)
    found = [Saved(one, one.done(period)) for one in AUTOMATIONS]
    return sorted(found, key=lambda one: -one.hours)
