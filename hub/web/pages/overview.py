"""All stores at one look, the worst first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select
from starlette.responses import Response

from hub.alerts.models import Alert
from hub.alerts.service import AlertQuery, count_open, find, open_alerts
from hub.archive.stores.records import Store
from hub.detection.findings import Severity
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.kit.records import query as records
from hub.kit.records.access import readable
from hub.security.actor import Actor
from hub.web import home
from hub.web.deps import CurrentUser, Hub, ReadSession
from hub.web.formats import Formats
from hub.web.home import Tile
from hub.web.language import Language, say
from hub.web.pages.alert_rows import AlertRow, Names, alert_rows, row_of
from hub.web.pages.day import Day, DayFacts, add
from hub.web.pages.tiles import latest
from hub.web.pages.trade import (
    FIGURE_AGE_S,
    PEOPLE,
    TODAY_FOOTFALL,
    TODAY_SALES,
    Trade,
    compared,
    footfall_card,
    sales_card,
)
from hub.web.pages.vitals import Vital
from hub.web.services import Services
from hub.web.tasks.looking import Looking
from hub.web.tasks.waiting import Task, waiting
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)

SHOWN = 50
TRADE_UP_TO = 20
ALERTS_SHOWN = 6
CHANGES_SHOWN = 8
DAY = timedelta(hours=24)
HOME_AGE_S = 60.0
STORES = T("门店", "Stores")
LEAD = T("{n} 家门店，{m} 家有未关闭的预警", "Stores: {n} · with open alerts: {m}")
ALL_WELL = T("{n} 家门店，一切正常", "Stores: {n} · all is well")
NONE = T("没有", "none")
OPEN = T("未关闭预警", "Open alerts")
UNSEEN = T("{n} 条还没有人确认", "{n} not yet acknowledged")
SEEN = T("都已有人确认", "all acknowledged")
TROUBLED = T("要处理的门店", "Stores to look at")
OF_ALL = T("共 {n} 家", "of {n}")
RAISED, CLEARED = T("触发", "raised"), T("已恢复", "cleared")


@dataclass(frozen=True, slots=True)
class StoreRow:
    """One store in the list; `figures` are those of its trade that this visitor may see."""

    id: UUID
    name: str
    code: str
    city: str
    severity: str
    headline: str
    more: int
    at: datetime | None
    figures: list[Vital]


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of what changed."""

    at: datetime
    severity: str
    text: str
    what: str
    href: str


@dataclass(frozen=True)
class Overview:
    """What the page shows, each part worked out when the template asks for it."""

    session: ScopedSession
    services: Services
    actor: Actor
    language: Language
    now: datetime
    shown: int
    layout: Sequence[Tile]
    tasks: Sequence[Task]

    def say(self, text: T) -> str:
        return say(self.language, text)

    @cached_property
    def order(self) -> Sequence[UUID]:
        """Every store in sight, the worst first, then by code; a chain may have thousands."""
        wanted = select(Store.id, Store.code).where(
            Store.archived_at.is_(None), *readable(self.session, Store)
        )
        found = self.session.execute(wanted).all()
        return [one.id for one in sorted(found, key=lambda one: (-self.weight(one.id), one.code))]

    @cached_property
    def shown_stores(self) -> Sequence[Store]:
        ids = self.order[: self.shown]
        found = {
            one.id: one for one in self.session.scalars(select(Store).where(Store.id.in_(ids)))
        }
        return [found[one] for one in ids if one in found]

    @cached_property
    def store_count(self) -> int:
        return len(self.order)

    @cached_property
    def counts(self) -> Mapping[UUID, Mapping[Severity, int]]:
        return count_open(self.session)

    @cached_property
    def open_alerts(self) -> Sequence[Alert]:
        return open_alerts(self.session)

    @cached_property
    def lead(self) -> str:
        text = LEAD if self.counts else ALL_WELL
        return self.say(text.format(n=self.store_count, m=len(self.counts)))

    @cached_property
    def alerts(self) -> list[AlertRow]:
        return alert_rows(
            self.session,
            self.services,
            self.open_alerts[:ALERTS_SHOWN],
            actor=self.actor,
            language=self.language,
            now=self.now,
            with_trend=False,
        )

    @cached_property
    def stores(self) -> list[StoreRow]:
        return [self.row(store) for store in self.shown_stores]

    def weight(self, store_id: UUID) -> int:
        """The worst severity counts first, then how many there are of it."""
        counts = self.counts.get(store_id)
        if not counts:
            return 0
        worst = max(counts)
        return int(worst) * 1000 + counts[worst]

    def row(self, store: Store) -> StoreRow:
        counts = self.counts.get(store.id, {})
        worst = next((one for one in self.open_alerts if one.store_id == store.id), None)
        return StoreRow(
            id=store.id,
            name=store.name,
            code=store.code,
            city=store.address or "",
            severity=max(counts).word if counts else "ok",
            headline=self.title(worst) if worst else "",
            more=sum(counts.values()) - 1,
            at=self.newest(store.id),
            figures=self.trades[store.id].headline if store.id in self.trades else [],
        )

    @cached_property
    def names(self) -> Names:
        return Names.of(self.session, [*self.open_alerts, *self.recent])

    def title(self, alert: Alert) -> str:
        return row_of(alert, self.names, None, actor=self.actor, language=self.language).title

    def newest(self, store_id: UUID) -> datetime | None:
        """When the store last said anything."""
        readings = latest(self.services.registry.of_store(store_id), self.services.last)
        return max((one.at for one in readings if one.at), default=None)

    @cached_property
    def recent(self) -> Sequence[Alert]:
        found = find(self.session, AlertQuery(statuses=(), size=CHANGES_SHOWN))
        return [one for one in found if self.now - (one.closed_at or one.raised_at) < DAY]

    @cached_property
    def changes(self) -> list[Happened]:
        found = [
            Happened(
                at=one.closed_at or one.raised_at,
                severity="ok" if one.closed_at else one.severity_level.word,
                text=self.title(one),
                what=self.say(CLEARED if one.closed_at else RAISED),
                href=f"/alerts/{one.id}",
            )
            for one in self.recent
        ]
        return sorted(found, key=lambda one: one.at, reverse=True)

    @cached_property
    def vitals(self) -> list[Vital]:
        troubled, unseen = len(self.counts), sum(not a.acknowledged_at for a in self.open_alerts)
        worst = max((max(one) for one in self.counts.values()), default=None)
        total = sum(sum(one.values()) for one in self.counts.values())
        foot = UNSEEN.format(n=unseen) if unseen else SEEN if total else NONE
        return [
            Vital(
                self.say(TROUBLED),
                str(troubled),
                foot=self.say(OF_ALL.format(n=self.store_count)),
                severity=worst.word if worst else "",
                href="#stores",
            ),
            Vital(self.say(OPEN), str(total), foot=self.say(foot), href="/alerts"),
            *self.trade_vitals,
        ]

    @cached_property
    def trades(self) -> dict[UUID, Trade]:
        """Of the stores shown, as long as they are few enough to add up at once."""
        if self.store_count > TRADE_UP_TO:
            return {}
        return {
            store.id: Trade(
                store, self.session, self.services.recent, self.actor, self.fmt, self.now
            )
            for store in self.session.scalars(select(Store).where(Store.id.in_(self.order)))
        }

    @cached_property
    def fmt(self) -> Formats:
        return Formats(self.language)

    @cached_property
    def sales(self) -> DayFacts | None:
        return add([one.sales for one in self.trades.values() if one.sales])

    @cached_property
    def footfall(self) -> DayFacts | None:
        return add([one.footfall for one in self.trades.values() if one.footfall])

    @cached_property
    def days(self) -> list[tuple[str, Day]]:
        """Id and card of each: all stores together."""
        found = []
        if self.sales:
            found.append(("sales", sales_card(self.sales, self.fmt, self.currency)))
        if self.footfall:
            found.append(("footfall", footfall_card(self.footfall, self.fmt)))
        return found

    def day(self, id: str) -> Day | None:
        return dict(self.days).get(id)

    @cached_property
    def currency(self) -> str:
        return next((one.currency for one in self.shown_stores), "CNY")

    @property
    def trade_vitals(self) -> list[Vital]:
        found = []
        if self.sales:
            text = self.fmt.money(self.sales.total, self.currency)
            found.append(compared(self.sales, TODAY_SALES, text, self.fmt))
        if self.footfall:
            text = self.fmt.number(self.footfall.total)
            found.append(compared(self.footfall, TODAY_FOOTFALL, text, self.fmt, PEOPLE))
        return found

    @property
    def shown_next(self) -> int | None:
        """How many to show when more are asked for; None when that is all, or more than a page
        can bear: the archive has the rest."""
        more = min(self.shown + SHOWN, records.MAX_SIZE)
        return more if min(self.store_count, more) > self.shown else None


def overview_of(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    shown: Annotated[int, Query(ge=1, le=records.MAX_SIZE)] = SHOWN,
) -> Overview:
    tiles = services.recent.get(home_key(actor), HOME_AGE_S, lambda: home.layout(session, actor))
    tasks = waiting(Looking(session, services, actor, view.now))
    return Overview(session, services, actor, view.language, view.now, shown, tiles, tasks)


def home_key(actor: Actor) -> tuple[str, UUID]:
    """Under which it is kept what stands on somebody's own overview."""
    return ("home", actor.user_id)


@router.get("/")
def show(view: CurrentView, page: Annotated[Overview, Depends(overview_of)]) -> Response:
    variant = (tuple(page.layout), tuple(page.tasks))
    return view.kept_page("overview.html", FIGURE_AGE_S, variant=variant, page=page)
