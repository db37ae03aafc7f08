"""Footfall and sales of one store as the pages show them; whoever may not see them gets None."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TypeVar

import numpy as np

from hub.analytics import devices, footfall, sales
from hub.analytics.stores import StoreClock
from hub.analytics.tiles import Figure
from hub.analytics.tiles import Tile as FigureTile
from hub.analytics.tiles import tiles as figure_tiles
from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.security.actor import Actor
from hub.web.formats import SIGNS, Formats
from hub.web.language import say
from hub.web.pages.charts import Chart, Span, bar_chart, bars
from hub.web.pages.day import Day, DayFacts, Hour, day_of
from hub.web.pages.plots import Plot, named_plot
from hub.web.pages.tiles import Live
from hub.web.pages.vitals import Vital
from hub.web.recent import Recent

SALES, FOOTFALL = "sales.read", "footfall.read"
FIGURE_AGE_S, HEATMAP_AGE_S = 4.0, 120.0
V = TypeVar("V")
LEVELS = 7
HOURLY_UP_TO = timedelta(days=3, hours=12)
HOUR = timedelta(hours=1)
TODAY_SALES, TODAY_FOOTFALL = T("今日销售", "Sales today"), T("今日客流", "Footfall today")
TODAY_IN, TODAY_OUT = T("今日进店", "In today"), T("今日出店", "Out today")
TODAY_TICKETS, PIECES = T("今日小票", "Tickets today"), T("张", "")
PEOPLE = T("人次", "entries")
AGAINST = T("比平日此时", "against usual")
NO_USUAL = T("还没有可比的日子", "no day to compare with yet")
CONVERSION, AVERAGE = T("成交率", "Conversion"), T("客单价 {money}", "average ticket {money}")
TICKETS = T("{n} 张小票", "{n} tickets")
PRESENT = T("在店 {n} 人", "{n} in the store")
NOTHING = T("", "")
SPAN_NOTE = T("最近 {n} 天，数据覆盖 {share}", "last {n} days, coverage {share}")
ENTRIES, REVENUE, WHOLE = T("进店人次", "Entries"), T("销售额", "Sales"), T("全店", "Store")


@dataclass(frozen=True, slots=True)
class Cell:
    """`level` 0…7 is its shade; an unknown hour has none."""

    text: str
    level: int
    is_known: bool
    is_now: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    hour: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """Average entries by hour (rows) and weekday (seven cells)."""

    rows: tuple[HeatRow, ...]
    note: str


@dataclass(frozen=True)
class Trade:
    """The trade of one store at one moment."""

    store: Store
    session: ScopedSession
    recent: Recent
    actor: Actor
    fmt: Formats
    now: datetime

    def say(self, text: T) -> str:
        return say(self.fmt.language, text)

    @cached_property
    def clock(self) -> StoreClock:
        return StoreClock.of(self.store)

    @cached_property
    def has_sales(self) -> bool:
        return self.actor.may(SALES, self.store.id)

    @cached_property
    def has_footfall(self) -> bool:
        return self.actor.may(FOOTFALL, self.store.id)

    @cached_property
    def figures(self) -> dict[Figure, FigureTile]:
        found = self.shared("figures", lambda: figure_tiles(self.session, self.clock, self.now))
        return {one.figure: one for one in found}

    @cached_property
    def today(self) -> sales.DayAgainstUsual:
        return self.shared(
            "sales", lambda: sales.day_against_usual(self.session, self.clock, self.now)
        )

    @cached_property
    def heatmap(self) -> footfall.Heatmap:
        make = partial(footfall.heatmap, self.session, self.clock, self.now)
        return self.recent.get(("heatmap", self.store.id), HEATMAP_AGE_S, make)

    def shared(self, name: str, make: Callable[[], V]) -> V:
        """The same for everybody who may see this store, for some seconds."""
        return self.recent.get((name, self.store.id), FIGURE_AGE_S, make)

    @cached_property
    def weekday(self) -> int:
        return self.now.astimezone(self.clock.zone).weekday()

    @cached_property
    def sales(self) -> DayFacts | None:
        """Minor units by hour; None before the first ticket, and for whoever may not see it."""
        if not self.has_sales:
            return None
        day = self.today
        if day.newest_ticket_at is None and day.usual is None:
            return None
        hours = tuple(
            Hour(
                one.start_at.astimezone(self.clock.zone).hour,
                one.sales.revenue_cents if one.start_at <= self.now else None,
                one.usual.revenue_cents if one.usual else None,
            )
            for one in day.hours
        )
        usual = day.usual.revenue_cents if day.usual else None
        return DayFacts(hours, day.total.revenue_cents, usual, day.total.tickets)

    @cached_property
    def footfall(self) -> DayFacts | None:
        """Entries by hour; the usual of an hour is the mean of this weekday."""
        if not self.has_footfall or self.heat is None:
            return None
        start = self.clock.start_of(self.clock.day_of(self.now))
        edges = [start + n * HOUR for n in range(25)]
        flows = self.shared("flows", lambda: footfall.flows(self.session, self.clock, edges))
        local = [flow.start_at.astimezone(self.clock.zone) for flow in flows]
        hours = tuple(
            Hour(
                at.hour,
                flow.entries if flow.start_at <= self.now else None,
                self.heatmap.entries[at.weekday()][at.hour],
            )
            for flow, at in zip(flows, local, strict=True)
        )
        visitors, present = self.figures[Figure.VISITORS], self.figures[Figure.OCCUPANCY]
        return DayFacts(hours, visitors.value, visitors.usual, present.value)

    @property
    def sales_day(self) -> Day | None:
        return sales_card(self.sales, self.fmt, self.store.currency) if self.sales else None

    @cached_property
    def heat(self) -> Heat | None:
        found = self.heatmap
        top = max((v for day in found.entries for v in day if v is not None), default=0.0)
        if not self.has_footfall or not top:
            return None
        here = self.now.astimezone(self.clock.zone)
        busy = [h for h in range(24) if any((day[h] or 0) >= 1 for day in found.entries)]
        shown = range(busy[0], busy[-1] + 1) if busy else range(24)
        rows = tuple(
            HeatRow(
                hour,
                tuple(
                    self.cell(day[hour], top, is_now=(number, hour) == (here.weekday(), here.hour))
                    for number, day in enumerate(found.entries)
                ),
            )
            for hour in shown
        )
        covered = [day[hour] for day in found.coverage for hour in shown]
        share = self.fmt.percent(sum(covered) / len(covered))
        return Heat(rows, self.say(SPAN_NOTE.format(n=found.days, share=share)))

    def cell(self, value: float | None, top: float, *, is_now: bool) -> Cell:
        if value is None:
            return Cell(self.fmt.number(None), 0, is_known=False, is_now=is_now)
        level = min(LEVELS, round(value / top * LEVELS))
        return Cell(self.fmt.number(value), level, is_known=True, is_now=is_now)

    @property
    def vitals(self) -> list[Vital]:
        found = [*self.headline]
        if self.sales:
            average, share = self.figures[Figure.AVERAGE_TICKET], self.figures[Figure.CONVERSION]
            foot = AVERAGE.format(money=self.fmt.money(average.value, self.store.currency))
            text = self.fmt.number(share.value * 100 if share.value is not None else None)
            found.append(Vital(self.say(CONVERSION), text, "%", self.say(foot)))
        return found

    @property
    def headline(self) -> list[Vital]:
        """Footfall and sales of today: what a list of stores shows of each."""
        found: list[Vital] = []
        if self.footfall:
            text = self.fmt.number(self.footfall.total)
            found.append(compared(self.footfall, TODAY_FOOTFALL, text, self.fmt, PEOPLE))
        if self.sales:
            text = self.fmt.money(self.sales.total, self.store.currency)
            found.append(compared(self.sales, TODAY_SALES, text, self.fmt))
        return found

    def today_of(self, device: str) -> tuple[Live, ...]:
        """What a door or a till counted today, the telling figure first; of others nothing."""
        door, till = self.doors.get(device), self.tills.get(device)
        if door:
            counted = ((TODAY_IN, door.entries), (TODAY_OUT, door.exits))
            return tuple(
                Live("", self.say(label), self.fmt.number(n), self.say(PEOPLE))
                for label, n in counted
            )
        if till:
            revenue = self.fmt.money(till.revenue_cents, self.store.currency)
            tickets = self.fmt.number(till.tickets)
            return (
                Live("", self.say(TODAY_SALES), revenue),
                Live("", self.say(TODAY_TICKETS), tickets, self.say(PIECES)),
            )
        return ()

    @cached_property
    def doors(self) -> dict[str, devices.DoorDay]:
        if not self.has_footfall:
            return {}
        return self.shared("doors", lambda: devices.doors(self.session, self.clock, self.now))

    @cached_property
    def tills(self) -> dict[str, devices.TillDay]:
        if not self.has_sales:
            return {}
        return self.shared("tills", lambda: devices.tills(self.session, self.clock, self.now))

    @property
    def plots(self) -> list[Plot]:
        language, found = self.fmt.language, []
        if self.has_footfall:
            found.append(named_plot("footfall", ENTRIES, PEOPLE, [WHOLE], language))
        if self.has_sales:
            sign = SIGNS.get(self.store.currency, self.store.currency)
            found.append(named_plot("sales", REVENUE, T(sign, sign), [WHOLE], language))
        return found

    def charts(self, span: Span) -> dict[str, Chart]:
        """Bars by the hour, or by the day of the store where the range is longer."""
        edges = self.edges(span)
        charts: dict[str, Chart] = {}
        if self.has_footfall:
            make = partial(footfall.entries, self.session, self.clock, edges)
            key = f"entries {edges[0]} {len(edges)}"
            entries = np.array(self.shared(key, make))
            charts["footfall"] = bar_chart(edges[:-1], [bars("entries", entries)])
        if self.has_sales:
            revenue = np.array(self.revenue(edges)) / 100
            charts["sales"] = bar_chart(edges[:-1], [bars("revenue", revenue)])
        return charts

    def edges(self, span: Span) -> list[datetime]:
        if span.end - span.start <= HOURLY_UP_TO:
            first = self.clock.hour_of(span.start)
            count = int((span.end - first) / HOUR) + 1
            return [first + n * HOUR for n in range(count + 1)]
        first_day, last_day = self.clock.day_of(span.start), self.clock.day_of(span.end)
        days = range((last_day - first_day).days + 2)
        return [self.clock.start_of(first_day + timedelta(days=n)) for n in days]

    def revenue(self, edges: Sequence[datetime]) -> list[float]:
        """Minor units of each bucket; NaN where no ticket is known of."""
        first, last = self.clock.day_of(edges[0]), self.clock.day_of(edges[-2])
        known: dict[datetime, float] = {}
        if edges[1] - edges[0] > HOUR:
            found = sales.by_day(self.session, self.clock, first, last)
            known = {self.clock.start_of(day): one.revenue_cents for day, one in found.items()}
        else:
            for n in range((last - first).days + 1):
                day = sales.day_against_usual(
                    self.session, self.clock, self.now, first + timedelta(days=n)
                )
                known |= {
                    one.start_at: one.sales.revenue_cents
                    for one in day.hours
                    if one.start_at <= self.now
                }
        return [known.get(at, np.nan) for at in edges[:-1]]


def compared(facts: DayFacts, label: T, text: str, fmt: Formats, unit: T = NOTHING) -> Vital:
    """A figure of today beside the usual by now."""
    ratio = facts.ratio
    return Vital(
        label=say(fmt.language, label),
        text=text,
        unit=say(fmt.language, unit),
        foot=say(fmt.language, AGAINST if ratio is not None else NO_USUAL),
        change=fmt.change(ratio) if ratio is not None else "",
    )


def sales_card(facts: DayFacts, fmt: Formats, currency: str) -> Day:
    foot = TICKETS.format(n=fmt.number(facts.extra))
    return day_of(
        facts, TODAY_SALES, lambda minor: fmt.money(minor, currency), fmt, unit=NOTHING, foot=foot
    )


def footfall_card(facts: DayFacts, fmt: Formats) -> Day:
    foot = PRESENT.format(n=fmt.number(facts.extra))
    return day_of(facts, TODAY_FOOTFALL, fmt.number, fmt, unit=PEOPLE, foot=foot)
